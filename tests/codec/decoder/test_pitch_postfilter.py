"""The pitch postfilter against its difference equation."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from inputs import seeds

from celpvq.codec.decoder import pitch_postfilter
from celpvq.codec.decoder.pitch_postfilter import PitchPostfilterState
from celpvq.codec.format.modes import MAX_LAG
from celpvq.codec.format.modes import SUBFRAME_LEN as N


def postfiltered(x, lag):
    """x (n,) of a lag in whole samples, subframe by subframe."""
    state, out = PitchPostfilterState.new(), x.copy()
    for start in range(0, len(x), N):
        pitch_postfilter.apply(3 * lag, state, out[start : start + N])
    return out


@given(seeds, st.integers(20, MAX_LAG))
def test_it_agrees_with_its_difference_equation(seed, lag):
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
    np.testing.assert_allclose(postfiltered(x, lag), expected, rtol=1e-9, atol=1e-12)


def test_it_attenuates_only_between_the_low_harmonics():
    lag = 80  # harmonics of 100 Hz
    t = np.arange(1600) / 8000
    voice = sum(np.cos(2 * np.pi * 100 * k * t) for k in range(1, 30))

    def kept(frequency):
        tone = 0.3 * np.cos(2 * np.pi * frequency * t)
        left = postfiltered(voice + tone, lag) - voice
        return np.std(left[800:]) / np.std(tone[800:])

    np.testing.assert_allclose(postfiltered(voice, lag)[160:], voice[160:], atol=1e-12)
    assert kept(250) < 0.75
    assert kept(3050) > 0.88


def test_it_leaves_noise_alone():
    noise = np.random.default_rng(2).normal(size=1600)
    np.testing.assert_array_equal(postfiltered(noise, 50), noise)
