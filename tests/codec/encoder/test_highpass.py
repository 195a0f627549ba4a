"""The high-pass at the input against scipy."""

import numpy as np
from scipy.signal import butter, lfilter

from celpvq.codec.encoder import highpass


def test_biquad_agrees_with_scipy_in_place_and_in_parts():
    rng = np.random.default_rng(1)
    x, coef, mem = rng.normal(size=300), np.array([0.9, -1.8, 0.9, -1.7, 0.8]), np.zeros(2)
    y = x.copy()
    for a, b in [(0, 1), (1, 161), (161, 300)]:
        highpass.biquad(y[a:b], coef, mem, y[a:b])
    np.testing.assert_allclose(y, lfilter(coef[:3], np.r_[1, coef[3:]], x), rtol=1e-9, atol=1e-12)


def test_its_memory_fades_to_zero_exactly():
    mem, out = np.full(2, 1e-31), np.empty(1)
    highpass.biquad(np.zeros(1), np.array([1.0, 0, 0, 0, 0.5]), mem, out)
    assert not mem.any()


def test_it_is_a_butterworth_high_pass_of_100_hz():
    b, a = butter(2, 100, "high", fs=8000)
    np.testing.assert_allclose(highpass.COEFFICIENTS, [*b, *a[1:]], rtol=1e-12)
