"""Packets, restoration and postfilter against their definitions."""

import dataclasses
import itertools

import naive
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import solve_toeplitz
from scipy.signal import freqz, lfilter

from celpvq.codec.decoder import enhancement, formant_postfilter, pitch_postfilter
from celpvq.codec.format import bitstream, modes
from celpvq.codec.format.modes import Field, LPC_ORDER, MAX_LAG, N_INDICES
from celpvq.codec.format.modes import SUBFRAME_LEN as N
from celpvq.codec.format.modes import modes as all_modes
from celpvq.codec.decoder.pitch_postfilter import PitchPostfilterState
from celpvq.errors import ArgumentError, FormatError

seeds = st.integers(0, 2**32 - 1)
every_mode = pytest.mark.parametrize("mode", all_modes(), ids=lambda mode: mode.name)


def entry_bits(mode):
    return [n for field in mode.fields for n in field.bits]


# packets ------------------------------------------------------------------------------------------


@every_mode
@given(st.data())
def test_unpack_inverts_pack(mode, data):
    frame = st.tuples(*(st.integers(0, (1 << n) - 1) for n in entry_bits(mode)))
    words = np.array(data.draw(st.lists(frame, max_size=5)), np.int64).reshape(-1, N_INDICES)
    packets = bitstream.pack(mode, words)
    assert len(packets) == len(words) * mode.frame_bytes
    np.testing.assert_array_equal(bitstream.unpack(mode, packets), words)


@every_mode
@given(st.data())
def test_pack_inverts_unpack_of_any_bytes(mode, data):
    n_frames = data.draw(st.integers(0, 5))
    size = n_frames * mode.frame_bytes
    packets = data.draw(st.binary(min_size=size, max_size=size))
    words = bitstream.unpack(mode, packets)
    assert (words < 1 << np.array(entry_bits(mode))).all()
    assert bitstream.pack(mode, words) == packets


def reordered(mode):
    """The mode with its bits in an order from lowest to highest places, last entries first."""
    bits = sorted(mode.allocation, key=lambda bit: (bit.place, -bit.entry, bit.field))
    return dataclasses.replace(mode, order=" ".join(f"{b.field}{b.entry}:{b.place}" for b in bits))


@every_mode
@pytest.mark.parametrize("order", [lambda mode: mode, reordered], ids=["own", "reordered"])
def test_packets_hold_each_bit_of_each_word_once_in_the_modes_order(mode, order):
    mode = order(mode)
    entries = [(field.name, i) for field in mode.fields for i in range(len(field.bits))]
    words = np.random.default_rng(1).integers(0, bitstream.limits(mode), (3, N_INDICES))
    assert len(set(mode.transmission)) == mode.bits_per_frame == 8 * mode.frame_bytes
    text = "".join(
        str(row[entries.index((field, entry))] >> place & 1)
        for row in words.tolist()
        for field, entry, place in mode.transmission
    )
    packets = bitstream.pack(mode, words)
    assert packets == naive.octets(text)
    np.testing.assert_array_equal(bitstream.unpack(mode, packets), words)


def test_an_order_is_written_in_runs():
    plain = modes.Mode(400, (Field("lsf", (1, 2)), Field("lag", (5,))))
    assert plain.transmission == plain.allocation
    assert plain.allocation[:4] == (("lsf", 0, 0), ("lsf", 1, 1), ("lsf", 1, 0), ("lag", 0, 4))
    mode = dataclasses.replace(plain, order="lag0:4-3 lsf0:0 lag0:2-0 lsf1:1-0")
    assert "".join(str(bit.place) for bit in mode.transmission) == "43021010"
    assert [bit.field for bit in mode.transmission[1:4]] == ["lag", "lsf", "lag"]
    for bad in ("lsf0:0", "lag0:4-0 lsf0:0 lsf1:1 lsf1:1", "lag0:4-0 lsf0:0 lsf1"):
        with pytest.raises(AssertionError):
            dataclasses.replace(plain, order=bad)


@every_mode
def test_a_word_that_does_not_fit_is_named(mode):
    for column, n in enumerate(entry_bits(mode)):
        for bad in (-1, 1 << n):
            words = np.zeros((2, N_INDICES), np.int64)
            words[1, column] = bad
            with pytest.raises(ArgumentError, match=rf"{mode.name}\.\w+: {bad} does not fit"):
                bitstream.pack(mode, words)
    with pytest.raises(ArgumentError, match="words: expected shape"):
        bitstream.pack(mode, np.zeros(N_INDICES, np.int64))
    with pytest.raises(FormatError, match=f"multiple of {mode.frame_bytes} bytes, got 1"):
        bitstream.unpack(mode, b"x")


# postfilter ---------------------------------------------------------------------------------------


def resonant_lpc(rng):
    """A predictor with two resonances."""
    zeros = rng.uniform(0.7, 0.95, 5) * np.exp(1j * rng.uniform(0.1, 3.0, 5))
    return np.poly(np.r_[zeros, zeros.conj()]).real[1:]


@given(seeds)
def test_postfilter_agrees_with_its_transfer_function(seed):
    rng = np.random.default_rng(seed)
    a, x = resonant_lpc(rng), rng.normal(size=6 * N)
    powers = np.arange(1, LPC_ORDER + 1)
    num, den = naive.whole(a * 0.65**powers), naive.whole(a * 0.75**powers)
    response = lfilter(num, den, np.eye(1, 20)[0])
    tilt = 0.5 * max(response[1:] @ response[:-1] / (response @ response), 0.0)
    shaped = lfilter(np.convolve(num, [1, -tilt]), den, x)
    gain, expected = 1.0, np.empty_like(x)
    for start in range(0, len(x), N):
        part = slice(start, start + N)
        wanted = np.sqrt(x[part] @ x[part] / (shaped[part] @ shaped[part]))
        for n in range(start, start + N):
            gain = 0.9 * gain + 0.1 * wanted
            expected[n] = gain * shaped[n]

    state = formant_postfilter.FormantPostfilterState.new()
    strength = formant_postfilter.FormantPostfilterSettings(0.65, 0.75, 0.5)
    for part in x.reshape(-1, N):
        formant_postfilter.apply(a, strength, state, part)
    np.testing.assert_allclose(x, expected, rtol=1e-6, atol=1e-9)


def test_a_postfilter_without_strength_leaves_speech_alone():
    rng = np.random.default_rng(1)
    a, x, state = resonant_lpc(rng), rng.normal(size=N), formant_postfilter.FormantPostfilterState.new()
    y = x.copy()
    formant_postfilter.apply(a, formant_postfilter.FormantPostfilterSettings(0.7, 0.7, 0.0), state, y)
    np.testing.assert_allclose(y, x, rtol=1e-9, atol=1e-12)


def test_silence_stays_silent_behind_the_postfilter():
    state, y = formant_postfilter.FormantPostfilterState.new(), np.zeros(N)
    formant_postfilter.apply(np.zeros(LPC_ORDER), formant_postfilter.SETTINGS, state, y)
    assert not y.any()


# restoration of the upper bands -------------------------------------------------------------------


def restored(exc, speech, strength):
    """Speech (n_subframes, N) restored by the excitation exc (MAX_LAG + n,), and the state."""
    state, out = enhancement.EnhancementState.new(), speech.copy()
    for part in out:
        enhancement.apply(exc, strength, state, part)
    return out, state


def test_restoration_agrees_with_its_definition():
    rng = np.random.default_rng(2)
    exc = lfilter([1], [1, -0.8], rng.normal(size=MAX_LAG + N))
    speech = rng.normal(size=(4, N))
    strength = enhancement.EnhancementSettings(0.5, 4.0)
    r = np.correlate(exc, exc, "full")[len(exc) - 1 :]
    power = np.maximum(enhancement._MEANS @ r[: enhancement._MEANS.shape[1]], 1e-12)
    aim = np.r_[1.0, np.clip(0.5 * power[0] / power[1:], 1.0, 4.0)]
    gain, line, expected = np.ones(len(aim)), np.zeros(enhancement.ORDER), []
    for part in speech:
        gain = (gain + aim) / 2
        wanted = (enhancement._COSINES / gain[:, None]).sum(axis=0)
        taps = solve_toeplitz(wanted[:-1], -wanted[1:])
        scale = 1 / np.sqrt(wanted @ naive.whole(taps))
        whole = np.r_[line, part]
        expected.append(scale * lfilter(naive.whole(taps), [1], whole)[len(line) :])
        line = whole[-enhancement.ORDER :]
    out, state = restored(exc, speech, strength)
    np.testing.assert_allclose(out, expected, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(state.gain, gain)
    assert (gain[1:] > 1.3).all(), "nothing was lifted"


def test_bands_hold_the_power_between_their_edges():
    """Of a tone in a band, the band's mean power stands out; its gain is lifted where it says."""
    edges = np.array(enhancement._EDGES_HZ)
    for b, (low, high) in enumerate(itertools.pairwise(edges)):
        tone = np.cos(2 * np.pi * (low + high) / 2 / 8000 * np.arange(MAX_LAG + N))
        r = np.correlate(tone, tone, "full")[len(tone) - 1 :][: enhancement._MEANS.shape[1]]
        assert (enhancement._MEANS @ r).argmax() == b
        spectrum = enhancement._COSINES[b] * np.r_[1, np.full(enhancement.ORDER, 2)]
        w = np.linspace(0, np.pi, 400)
        shape = np.cos(np.outer(w, np.arange(len(spectrum)))) @ spectrum
        peak = w[shape.argmax()] * 4000 / np.pi
        assert (0 if b == 0 else low) - 150 < peak < high + 150


def test_restoration_lifts_a_falling_spectrum_and_only_its_upper_bands():
    exc = lfilter([1], [1, -0.9], np.random.default_rng(3).normal(size=MAX_LAG + N))
    impulse = np.zeros((8, N))
    impulse[7, 0] = 1.0  # when the gains have settled
    out, _ = restored(exc, impulse, enhancement.EnhancementSettings(0.5, 4.0))
    w, response = freqz(out[7], worN=512, fs=8000)
    db = 20 * np.log10(np.abs(response))
    assert np.abs(db[w < 600]).max() < 2
    assert 3 < db[w > 2500].mean() < 6.5


def test_restoration_leaves_a_flat_spectrum_alone():
    exc = np.zeros(MAX_LAG + N)
    exc[50] = 1.0
    speech = np.random.default_rng(4).normal(size=(3, N))
    out, state = restored(exc, speech, enhancement.EnhancementSettings(0.5, 4.0))
    np.testing.assert_array_equal(state.gain, 1.0)
    np.testing.assert_allclose(out, speech, atol=0.02)


def test_silence_stays_silent_behind_the_restoration():
    out, state = restored(
        np.zeros(MAX_LAG + N), np.zeros((3, N)), enhancement.EnhancementSettings(0.5, 4.0)
    )
    assert not out.any()
    assert np.isfinite(state.gain).all()


# pitch postfilter ---------------------------------------------------------------------------------


def pitch_postfiltered(x, lag):
    state, out = PitchPostfilterState.new(), x.copy()
    for start in range(0, len(x), N):
        pitch_postfilter.apply(3 * lag, state, out[start : start + N])
    return out


@given(seeds, st.integers(20, MAX_LAG))
def test_pitch_postfilter_agrees_with_its_difference_equation(seed, lag):
    rng = np.random.default_rng(seed)
    x = np.tile(rng.normal(size=lag), 480 // lag + 1)[:480] + rng.normal(scale=0.3, size=480)
    past = np.r_[np.zeros(MAX_LAG + N), x]  # sample n of x stands at n + MAX_LAG + N
    expected, correction = np.empty(480), 0.0
    for start in range(0, 480, N):
        now = past[start + MAX_LAG : start + MAX_LAG + 2 * N]
        before = past[start + MAX_LAG - lag :][: 2 * N]
        xy, yy = now @ before, before @ before + 1e-12
        strength = 0.3 * min(xy / yy, 1) if xy > 0 and xy**2 >= 0.5 * yy * (now @ now) else 0
        for n in range(N):
            step = strength / (1 + strength) * (before[N + n] - now[N + n])
            correction = 0.65 * correction + 0.35 * step
            expected[start + n] = now[N + n] + correction
    np.testing.assert_allclose(pitch_postfiltered(x, lag), expected, rtol=1e-9, atol=1e-12)


def test_pitch_postfilter_takes_from_between_the_low_harmonics_alone():
    lag = 80  # harmonics of 100 Hz
    t = np.arange(1600) / 8000
    voice = sum(np.cos(2 * np.pi * 100 * k * t) for k in range(1, 30))

    def kept(frequency):
        tone = 0.3 * np.cos(2 * np.pi * frequency * t)
        left = pitch_postfiltered(voice + tone, lag) - voice
        return np.std(left[800:]) / np.std(tone[800:])

    np.testing.assert_allclose(pitch_postfiltered(voice, lag)[160:], voice[160:], atol=1e-12)
    assert kept(250) < 0.75
    assert kept(3050) > 0.88


def test_pitch_postfilter_leaves_noise_alone():
    noise = np.random.default_rng(2).normal(size=1600)
    np.testing.assert_array_equal(pitch_postfiltered(noise, 50), noise)
