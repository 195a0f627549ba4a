"""Spectral enhancement of the upper bands against its definition."""

import itertools

import naive
import numpy as np
from scipy.linalg import solve_toeplitz
from scipy.signal import freqz, lfilter

from celpvq.codec.decoder import enhancement
from celpvq.codec.decoder.enhancement import EnhancementSettings, EnhancementState
from celpvq.codec.format.modes import MAX_LAG
from celpvq.codec.format.modes import SUBFRAME_LEN as N

STRENGTH = EnhancementSettings(0.5, 4.0)


def enhanced(exc, speech):
    """Speech (n_subframes, N), enhanced by the excitation exc (MAX_LAG + n,), and the state."""
    state, out = EnhancementState.new(), speech.copy()
    for part in out:
        enhancement.apply(exc, STRENGTH, state, part)
    return out, state


def test_enhancement_agrees_with_its_definition():
    rng = np.random.default_rng(2)
    exc = lfilter([1], [1, -0.8], rng.normal(size=MAX_LAG + N))
    speech = rng.normal(size=(4, N))
    r = np.correlate(exc, exc, "full")[len(exc) - 1 :]
    power = np.maximum(enhancement._MEANS @ r[: enhancement._MEANS.shape[1]], 1e-12)
    aim = np.r_[1.0, np.clip(0.5 * power[0] / power[1:], 1.0, 4.0)]
    gain, line, expected = np.ones(len(aim)), np.zeros(enhancement.ORDER), []
    for part in speech:
        gain = (gain + aim) / 2
        wanted = (enhancement._COSINES / gain[:, None]).sum(axis=0)
        taps = solve_toeplitz(wanted[:-1], -wanted[1:])
        scale = 1 / np.sqrt(wanted @ naive.polynomial(taps))
        whole = np.r_[line, part]
        expected.append(scale * lfilter(naive.polynomial(taps), [1], whole)[len(line) :])
        line = whole[-enhancement.ORDER :]
    out, state = enhanced(exc, speech)
    np.testing.assert_allclose(out, expected, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(state.gain, gain)
    assert (gain[1:] > 1.3).all(), "nothing was lifted"


def test_bands_hold_the_power_between_their_edges():
    """The mean power of a tone stands out in its band, and the lift of a band peaks there."""
    edges = np.array(enhancement._EDGES_HZ)
    for b, (low, high) in enumerate(itertools.pairwise(edges)):
        tone = np.cos(2 * np.pi * (low + high) / 2 / 8000 * np.arange(MAX_LAG + N))
        r = np.correlate(tone, tone, "full")[len(tone) - 1 :][: enhancement._MEANS.shape[1]]
        assert (enhancement._MEANS @ r).argmax() == b
        spectrum = enhancement._COSINES[b] * np.r_[1, np.full(enhancement.ORDER, 2)]
        w = np.linspace(0, np.pi, 400)
        lift = np.cos(np.outer(w, np.arange(len(spectrum)))) @ spectrum
        peak = w[lift.argmax()] * 4000 / np.pi
        assert (0 if b == 0 else low) - 150 < peak < high + 150


def test_a_falling_spectrum_is_lifted_in_its_upper_bands_only():
    exc = lfilter([1], [1, -0.9], np.random.default_rng(3).normal(size=MAX_LAG + N))
    impulse = np.zeros((8, N))
    impulse[7, 0] = 1.0  # when the gains have settled
    out, _ = enhanced(exc, impulse)
    w, response = freqz(out[7], worN=512, fs=8000)
    db = 20 * np.log10(np.abs(response))
    assert np.abs(db[w < 600]).max() < 2
    assert 3 < db[w > 2500].mean() < 6.5


def test_a_flat_spectrum_stays_flat():
    exc = np.zeros(MAX_LAG + N)
    exc[50] = 1.0
    speech = np.random.default_rng(4).normal(size=(3, N))
    out, state = enhanced(exc, speech)
    np.testing.assert_array_equal(state.gain, 1.0)
    np.testing.assert_allclose(out, speech, atol=0.02)


def test_silence_stays_silent():
    out, state = enhanced(np.zeros(MAX_LAG + N), np.zeros((3, N)))
    assert not out.any()
    assert np.isfinite(state.gain).all()


def test_every_mode_has_a_strength(mode):
    share, limit = enhancement.settings(mode)
    assert 0 < share < 1 < limit
