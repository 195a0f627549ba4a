"""Vectors of the adaptive codebook against sample-by-sample interpolation."""

import inputs
import naive
import numpy as np
import pytest
from hypothesis import given
from inputs import lag_thirds, seeds

from celpvq.codec.common import adaptive_codebook
from celpvq.codec.format.modes import MAX_LAG
from celpvq.codec.format.modes import SUBFRAME_LEN as N

TAPS = adaptive_codebook.interpolator(adaptive_codebook.REACH)


@given(lag_thirds, seeds)
def test_adaptive_vector_agrees_with_the_naive_twin(lag3, seed):
    exc = inputs.past_excitation(np.random.default_rng(seed))
    lags = [*naive.lags_of_indices(8, 60), *naive.lags_of_indices(5, lag3)]
    lag3 = min(lags, key=lambda lag: abs(lag - lag3))
    expected = naive.adaptive_vector(lag3, exc[:MAX_LAG], N, TAPS)
    adaptive_codebook.vector(lag3, exc)
    np.testing.assert_allclose(exc[MAX_LAG:], expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("lag3", [60, 61, 62, 100, 200, 254])
def test_adaptive_vector_delays_a_tone_by_thirds_of_a_sample(lag3):
    n = np.arange(-MAX_LAG, 0)
    exc = np.r_[np.sin(0.7 * n), np.zeros(N)]
    adaptive_codebook.vector(lag3, exc)
    known = np.arange(min(N, lag3 // 3 - adaptive_codebook.REACH))  # before it repeats itself
    np.testing.assert_allclose(exc[MAX_LAG + known], np.sin(0.7 * (known - lag3 / 3)), atol=2e-3)
