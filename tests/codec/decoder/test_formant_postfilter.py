"""The formant postfilter against its transfer function."""

import naive
import numpy as np
from hypothesis import given
from inputs import seeds
from scipy.signal import lfilter

from celpvq.codec.decoder import formant_postfilter
from celpvq.codec.decoder.formant_postfilter import (
    FormantPostfilterSettings,
    FormantPostfilterState,
)
from celpvq.codec.format.modes import LPC_ORDER
from celpvq.codec.format.modes import SUBFRAME_LEN as N


def resonant_lpc(rng):
    """A predictor with resonances."""
    zeros = rng.uniform(0.7, 0.95, 5) * np.exp(1j * rng.uniform(0.1, 3.0, 5))
    return np.poly(np.r_[zeros, zeros.conj()]).real[1:]


@given(seeds)
def test_it_agrees_with_its_transfer_function(seed):
    rng = np.random.default_rng(seed)
    a, x = resonant_lpc(rng), rng.normal(size=6 * N)
    powers = np.arange(1, LPC_ORDER + 1)
    num, den = naive.polynomial(a * 0.65**powers), naive.polynomial(a * 0.75**powers)
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

    state = FormantPostfilterState.new()
    strength = FormantPostfilterSettings(0.65, 0.75, 0.5)
    for part in x.reshape(-1, N):
        formant_postfilter.apply(a, strength, state, part)
    np.testing.assert_allclose(x, expected, rtol=1e-6, atol=1e-9)


def test_without_strength_it_leaves_speech_alone():
    rng = np.random.default_rng(1)
    a, x, state = resonant_lpc(rng), rng.normal(size=N), FormantPostfilterState.new()
    y = x.copy()
    formant_postfilter.apply(a, FormantPostfilterSettings(0.7, 0.7, 0.0), state, y)
    np.testing.assert_allclose(y, x, rtol=1e-9, atol=1e-12)


def test_silence_stays_silent():
    state, y = FormantPostfilterState.new(), np.zeros(N)
    formant_postfilter.apply(np.zeros(LPC_ORDER), formant_postfilter.SETTINGS, state, y)
    assert not y.any()
