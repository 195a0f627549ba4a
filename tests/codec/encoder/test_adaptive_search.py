"""The search of the adaptive codebook against an exhaustive naive twin."""

import inputs
import naive
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from inputs import lag_thirds, seeds

from celpvq.codec.common import adaptive_codebook, pitch
from celpvq.codec.encoder import adaptive_search
from celpvq.codec.encoder.presets import MAX_PITCH_GAIN
from celpvq.codec.format.modes import MAX_LAG, MIN_LAG
from celpvq.codec.format.modes import SUBFRAME_LEN as N

TAPS = adaptive_codebook.interpolator(adaptive_codebook.REACH)


def naive_scores(target, impulse, past, lags):
    """Scores and filtered vectors of lags [thirds]: correlation^2 / energy where positive."""
    H = naive.convolution_matrix(impulse)
    filtered = np.array([H @ naive.adaptive_vector(lag3, past, N, TAPS) for lag3 in lags])
    corr = filtered @ target
    return np.where(corr > 0, corr**2 / (1e-12 + (filtered**2).sum(axis=1)), 0.0), filtered


def found_lags(target, impulse, exc, bits, lag3_prev, n_best):
    """Indices and filtered vectors of the best lags among twice as many preselected ones."""
    indices, filtered = np.zeros(n_best, np.int64), np.zeros((n_best, N), np.float32)
    lags = np.zeros(2 * n_best, np.int64)
    target, response = target.astype(np.float32), inputs.response_of(impulse)
    adaptive_search.preselect(target, response, exc, bits, lag3_prev, lags)
    past = exc[:MAX_LAG]
    adaptive_search.search(lags, target, response, past, bits, lag3_prev, indices, filtered)
    return indices, filtered


@settings(max_examples=30)
@given(seeds, lag_thirds)
def test_a_search_that_tries_all_lags_is_exhaustive(seed, lag3_prev):
    rng = np.random.default_rng(seed)
    exc, target = inputs.past_excitation(rng), rng.normal(size=N)
    impulse, lags = inputs.impulse_response(rng), naive.lags_of_indices(5, lag3_prev)
    scores, vectors = naive_scores(target, impulse, exc[:MAX_LAG], lags)
    indices, filtered = found_lags(target, impulse, exc, 5, lag3_prev, 16)
    best = np.sort(scores)[::-1][:16]
    found = best > 0
    assume(found.any())
    np.testing.assert_allclose(scores[indices[found]], best[found], rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(filtered[found], vectors[indices[found]], rtol=1e-4, atol=1e-4)


@settings(max_examples=20)
@given(seeds, st.sampled_from([8, 5]), lag_thirds)
def test_the_search_finds_the_lag_that_made_the_target(seed, bits, lag3_prev):
    rng = np.random.default_rng(seed)
    exc, impulse = inputs.past_excitation(rng), inputs.impulse_response(rng)
    index = int(rng.integers(1 << bits))
    lag3 = pitch.dequantize(index, bits, lag3_prev)
    vector = naive.adaptive_vector(lag3, exc[:MAX_LAG], N, TAPS)
    target = 0.7 * naive.convolution_matrix(impulse) @ vector
    indices, filtered = found_lags(target, impulse, exc, bits, lag3_prev, 8)
    assert pitch.dequantize(indices[0], bits, lag3_prev) == lag3
    np.testing.assert_allclose(0.7 * filtered[0], target, rtol=1e-4, atol=1e-4)


@given(seeds, lag_thirds)
def test_vectors_in_single_precision_agree_with_the_codebook(seed, lag3):
    assume(lag3 % 3 == 0 or lag3 < 3 * 85)  # above, only whole lags have an index
    exc = inputs.past_excitation(np.random.default_rng(seed))
    single = exc.astype(np.float32)
    adaptive_search._vector(lag3, single)
    adaptive_codebook.vector(lag3, exc)
    np.testing.assert_allclose(single, exc, atol=1e-4)


@given(seeds, st.integers(MIN_LAG, MAX_LAG), st.integers(MIN_LAG, MAX_LAG))
def test_the_first_pass_is_exact_at_whole_samples(seed, one, other):
    rng = np.random.default_rng(seed)
    low, high = min(one, other), max(one, other)
    exc, target = inputs.past_excitation(rng), rng.normal(size=N)
    impulse = inputs.impulse_response(rng)
    corr, energy = np.full((2, MAX_LAG + 1), np.nan, np.float32)
    adaptive_search._match(
        target.astype(np.float32), impulse.astype(np.float32), exc, low, high, corr, energy
    )
    H = naive.convolution_matrix(impulse)
    for lag in range(low, high + 1):
        y = H @ naive.adaptive_vector(3 * lag, exc[:MAX_LAG], N, None)
        expected = [target @ y, y @ y]
        np.testing.assert_allclose([corr[lag], energy[lag]], expected, rtol=1e-4, atol=1e-3)


@given(seeds)
def test_the_updated_target_is_at_a_right_angle_to_the_vector(seed):
    target, y = np.random.default_rng(seed).normal(size=(2, N)).astype(np.float32)
    y += 0.1 * target
    updated = np.empty(N, np.float32)
    energy = adaptive_search.update_target(target, y, updated)
    gain = min(max(target @ y / (y @ y), 0.0), MAX_PITCH_GAIN)
    np.testing.assert_allclose(updated, target - gain * y, atol=1e-4)
    assert energy == pytest.approx(float(updated @ updated), rel=1e-4)
