"""Perceptual weighting, the impulse response h and the target x against scipy."""

import inputs
import naive
import numpy as np
import pytest
from hypothesis import given
from inputs import seeds
from scipy.signal import lfilter

from celpvq.codec.common import filters
from celpvq.codec.encoder import weighting
from celpvq.codec.encoder.survivors import Survivor
from celpvq.codec.format.modes import LPC_ORDER as P
from celpvq.codec.format.modes import SUBFRAME_LEN as N


def weighting_filter(a):
    """Numerator and denominator of W(z) with their leading 1."""
    powers = np.arange(1, P + 1)
    top = naive.polynomial(a * weighting.GAMMA1**powers)
    return top, naive.polynomial(a * weighting.GAMMA2**powers)


@given(seeds)
def test_weighting_agrees_with_scipy(seed):
    rng = np.random.default_rng(seed)
    a, a_q, num, den = inputs.stable_lpc(rng), inputs.stable_lpc(rng), np.empty(P), np.empty(P)
    weighting.coefficients(a, num, den)
    top, bottom = weighting_filter(a)

    x = rng.normal(size=3 * N)
    error, out = np.zeros(P + N), np.zeros(P + N)
    parts = []
    for part in x.reshape(3, -1):
        filters.keep_past(error, P)
        filters.keep_past(out, P)
        error[P:] = part
        weighting.weight(error, num, den, out)
        parts.append(out[P:].copy())
    expected = lfilter(top, bottom, x)
    np.testing.assert_allclose(np.concatenate(parts), expected, rtol=1e-6, atol=1e-9)

    response = np.empty(N)
    weighting.impulse_response(num, den, a_q, response)
    impulse = np.eye(1, N)[0]
    expected = lfilter(top, bottom, lfilter([1], naive.polynomial(a_q), impulse))
    np.testing.assert_allclose(response, expected, rtol=1e-6, atol=1e-9 * np.abs(expected).max())


@given(seeds)
def test_the_target_is_the_weighted_error_of_a_silent_excitation(seed):
    """An excitation changes the weighted error by its convolution with h, and by nothing else."""
    rng = np.random.default_rng(seed)
    a, a_q = inputs.stable_lpc(rng), inputs.stable_lpc(rng)
    num, den, h, x = np.empty(P), np.empty(P), np.empty(N), np.empty(N)
    weighting.coefficients(a, num, den)
    weighting.impulse_response(num, den, a_q, h)
    survivor = Survivor.new()
    survivor.synthesis.speech[:] = rng.normal(size=P + N)
    survivor.error[:] = rng.normal(size=P + N)
    survivor.weighted[:] = rng.normal(size=P + N)
    speech, exc = rng.normal(size=N), rng.normal(size=N)
    weighting.target(speech, a_q, num, den, survivor, x)

    filters.keep_past(survivor.synthesis.speech[:], P)
    filters.synthesis(exc, a_q, survivor.synthesis.speech[:])
    weighting.add_error(speech, num, den, survivor)
    expected = x - naive.convolution_matrix(h) @ exc
    scale = np.abs(expected).max()
    np.testing.assert_allclose(survivor.weighted[P:], expected, rtol=1e-6, atol=1e-9 * scale)
    assert survivor.cost == pytest.approx(expected @ expected, rel=1e-6)
