"""Any bits decode to finite, bounded speech; what the codec is made of stays stable."""

import os
from itertools import pairwise

import numpy as np
import pytest

import celpvq
from celpvq import Decoder, Encoder
from celpvq.codec.common import lsf, lsf_dequantizer, synthesis
from celpvq.codec.format import bitstream
from celpvq.codec.common import table_set as table_sets
from celpvq.codec.common.lsf import MIN_GAP
from celpvq.codec.format.modes import FRAME_LEN, LPC_ORDER, N_INDICES, N_SUBFRAMES, fcb_stages
from celpvq.codec.common.synthesis import CLAMP, SynthesisState

MODES = celpvq.modes()
every_mode = pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name)

N_FRAMES = 100_000  # of random payload in all, and as many random sets of LSF words


@pytest.fixture
def rng():
    """A generator of numbers; its seed is shown when a test fails, and CELPVQ_SEED sets it."""
    seed = int(os.environ.get("CELPVQ_SEED", np.random.SeedSequence().entropy % 2**32))
    print(f"CELPVQ_SEED={seed}")
    return np.random.default_rng(seed)


def assert_sane(decoder):
    """All that the decoder remembers is finite, and its signals are within their limits."""
    state = decoder._state
    for part in (state.synthesis, state.restoration, state.postfilter, [state.lsf_q]):
        for values in part:
            assert np.isfinite(values).all()
    assert np.abs(state.synthesis.exc).max() <= CLAMP
    assert np.abs(state.synthesis.speech).max() <= CLAMP
    assert np.abs(state.postfilter.formant).max() <= 100 * CLAMP
    assert (state.restoration.gain >= 1).all()
    assert (state.restoration.gain <= 4).all()
    assert 0 <= state.postfilter.gain < 10
    assert_rising(state.lsf_q)


def assert_rising(lsfs):
    gaps = np.diff(lsfs, axis=-1, prepend=0.0, append=np.pi)
    assert gaps.min() > MIN_GAP - 1e-9


def decode(decoder, payload, mode):
    out = decoder.decode_frames(payload, mode)
    assert (out.dtype, len(out)) == (np.int16, len(payload) // mode.frame_bytes * FRAME_LEN)
    assert_sane(decoder)
    return out


# payloads -----------------------------------------------------------------------------------------


def test_random_payloads_of_mixed_modes_decode(rng):
    decoders = [Decoder(), Decoder(postfilter=False)]
    n_frames, loudest = 0, 0
    while n_frames < N_FRAMES // 2:
        mode = MODES[rng.integers(len(MODES))]
        n = int(rng.integers(1, 100))
        payload = rng.bytes(n * mode.frame_bytes)
        for decoder in decoders:
            loudest = max(loudest, np.abs(decode(decoder, payload, mode).astype(int)).max())
        n_frames += n
    assert loudest == 32768  # noise does reach full scale, so that the limits above are at work


@every_mode
def test_a_payload_of_one_value_decodes(mode):
    for value in (0x00, 0xFF, 0x55, 0xAA, 0x01, 0x80):
        decoder = Decoder()
        decode(decoder, bytes([value]) * mode.frame_bytes * 500, mode)


@every_mode
@pytest.mark.parametrize("rate", [1 / 1024, 1 / 16])
def test_payloads_with_wrong_bits_decode(rng, clips, mode, rate):
    speech = np.concatenate(list(clips.values()))
    speech = speech[: len(speech) // FRAME_LEN * FRAME_LEN]
    payload = np.frombuffer(Encoder(mode, "fast").encode_frames(speech), np.uint8)
    decoder = Decoder()
    for _ in range(N_FRAMES // 20 // (len(speech) // FRAME_LEN) + 1):
        wrong = np.packbits(rng.random(8 * len(payload)) < rate)
        decode(decoder, (payload ^ wrong).tobytes(), mode)


def values_of(mode, column, rng):
    """All values of each index within a codeword, the rest of it random."""
    bits = [n for field in mode.fields for n in field.bits][column]
    if column < synthesis.FCB_WORDS:
        return np.arange(1 << bits)
    stages = fcb_stages(bits)
    n_signs = len(stages)
    found = []
    shift = bits
    for width in (*stages, n_signs):
        shift -= width
        value = np.arange(1 << width)
        other = rng.integers(0, 1 << bits, len(value)) & ~(((1 << width) - 1) << shift)
        found.append(other | value << shift)
    assert shift == 0
    return np.concatenate(found)


@every_mode
def test_every_value_of_every_index_decodes(rng, mode):
    limits = bitstream.limits(mode)
    decoder = Decoder()
    for column in range(N_INDICES):
        values = values_of(mode, column, rng)
        words = rng.integers(0, limits, (len(values), N_INDICES))
        words[:, column] = values
        decode(decoder, bitstream.pack(mode, words), mode)


def test_any_bits_may_follow_a_lost_packet(rng):
    decoder = Decoder()
    sizes = [0, 2, 7, *(mode.frame_bytes for mode in MODES)]
    for _ in range(N_FRAMES // 100):
        payload = rng.bytes(MODES[rng.integers(len(MODES))].frame_bytes)
        after = rng.bytes(rng.choice(sizes, p=[0.1, 0.1, 0.1, *[0.14] * 5]))
        frames = [decoder.decode_frame(payload)]
        for next_packet in [None] * rng.integers(0, 3) + [after]:
            frames.append(decoder.decode_frame(None, next_packet=next_packet))
            assert_sane(decoder)
        frames.append(decoder.write([after]))
        assert np.abs(np.concatenate(frames)).max() <= 1
        assert_sane(decoder)


# spectra ------------------------------------------------------------------------------------------


def reflection(a):
    """Reflection coefficients (n, p) of predictors (n, p), by the step-down recursion."""
    a = a.copy()
    found = np.empty_like(a)
    for order in range(a.shape[1], 0, -1):
        k = a[:, order - 1 : order].copy()
        found[:, order - 1 : order] = k
        a = (a[:, : order - 1] - k * a[:, order - 2 :: -1]) / (1 - k * k) if order > 1 else a
    return found


@every_mode
def test_any_lsf_words_are_rising_and_stable(rng, mode):
    tables = table_sets.default().mode(mode).lsf
    n = N_FRAMES // len(MODES)
    words = rng.integers(0, bitstream.limits(mode)[:4], (n, 4))
    track = np.empty((n + 1, LPC_ORDER))
    track[0] = lsf.flat()
    for f in range(n):
        lsf_dequantizer.dequantize(words[f], tables, track[f], track[f + 1])
    assert_rising(track)
    part, a = np.empty(LPC_ORDER), np.empty((n, LPC_ORDER))
    for f in range(n):
        lsf.interpolate(track[f], track[f + 1], f % N_SUBFRAMES, part)
        lsf.to_lpc(part, a[f])
    assert np.abs(reflection(a)).max() < 1
    assert_response_fades(a[:: n // 500])


def assert_response_fades(a):
    """The response of 1/A(z) dies away: its last part is less than its first."""
    response = np.zeros((len(a), 4000))
    response[:, 0] = 1
    for n in range(1, response.shape[1]):
        p = min(n, LPC_ORDER)
        response[:, n] = -(a[:, :p] * response[:, n - 1 :: -1][:, :p]).sum(axis=1)
    assert np.isfinite(response).all()
    energy = (response.reshape(len(a), 4, -1) ** 2).sum(axis=2)
    assert (energy[:, 3] < 1e-3 * energy[:, 0]).all()


# the clamp ----------------------------------------------------------------------------------------


def test_clean_speech_never_comes_near_the_clamp(clips):
    tables = table_sets.default()
    part, a = np.empty(LPC_ORDER), np.empty(LPC_ORDER)
    highest = 0.0
    for mode, (_, x) in zip([*MODES, *MODES], clips.items(), strict=False):
        loud = x / np.abs(x).max()
        words = Encoder(mode, "fast").encode_words(loud[: len(x) // FRAME_LEN * FRAME_LEN])
        state, own = SynthesisState.new(), tables.mode(mode)
        track = [lsf.flat()]
        for row in words:
            track.append(np.empty(LPC_ORDER))
            lsf_dequantizer.dequantize(row[:4], own.lsf, track[-2], track[-1])
        for row, (before, after) in zip(words, pairwise(track), strict=True):
            for s in range(N_SUBFRAMES):
                lsf.interpolate(before, after, s, part)
                lsf.to_lpc(part, a)
                synthesis.subframe(row, s, a, own, state)
                highest = max(highest, np.abs(state.exc).max(), np.abs(state.speech).max())
    assert 0.9 < highest < CLAMP / 2


def test_the_clamp_is_at_work():
    x = np.array([0.0, 5.0, -5.0, 3.9, np.inf, -np.inf])
    synthesis.clamp(x)
    np.testing.assert_array_equal(x, [0, CLAMP, -CLAMP, 3.9, CLAMP, -CLAMP])
