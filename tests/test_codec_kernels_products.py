"""Products in single precision and rankings against numpy."""

import naive
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from celpvq.codec.encoder import adaptive_search, products, ranking
from celpvq.codec.format.modes import SUBFRAME_LEN as N
from celpvq.codec.encoder.presets import MAX_PITCH_GAIN
from celpvq.training import filtering

seeds = st.integers(0, 2**32 - 1)


@given(seeds)
def test_convolution_and_correlation_are_products_with_a_matrix_and_its_transpose(seed):
    x, h = np.random.default_rng(seed).normal(size=(2, N))
    H = naive.convolution_matrix(h)
    response, out, exact = np.full((2, 2 * N), np.nan, np.float32), np.empty(N, "f4"), np.empty(N)
    products.respond(h, response)
    products.convolve(x.astype(np.float32), response, out)
    filtering.convolve(x, h, exact)
    np.testing.assert_allclose(out, H @ x, atol=1e-4)
    np.testing.assert_allclose(exact, H @ x, atol=1e-12)
    products.correlate(x.astype(np.float32), response, out)
    filtering.correlate(x, h, exact)
    np.testing.assert_allclose(out, H.T @ x, atol=1e-4)
    np.testing.assert_allclose(exact, H.T @ x, atol=1e-12)


@pytest.mark.parametrize("n_rows", [1, 3, 4, 6])
@pytest.mark.parametrize("n", [products.UNROLLED, N])
def test_products_are_those_of_matrices(n_rows, n):
    rng = np.random.default_rng(1)
    matrix = rng.normal(size=(n, 70)).astype(np.float32)
    x = rng.normal(size=(n_rows, n)).astype(np.float32)
    out = np.full((n_rows, 37), np.nan, np.float32)
    products.multiply_all(x, matrix, 11, out)
    np.testing.assert_allclose(out, x @ matrix[:, 11:48], atol=1e-4)


@given(seeds)
def test_inner_products_are_those_of_numpy(seed):
    x, y = np.random.default_rng(seed).normal(size=(2, N)).astype(np.float32)
    assert products.inner(x, y) == pytest.approx(float(x @ y), abs=1e-4)


@given(seeds, st.integers(1, 200), st.integers(1, 12))
def test_the_best_are_taken_in_their_order(seed, n, n_best):
    rng = np.random.default_rng(seed)
    value = rng.permutation(n).astype(np.float32)
    items, values = np.full(n_best, -1), np.full(n_best, -1.0)
    ranking.take(value, 5, 3, items, values)
    n_found = min(n, n_best)
    expected = np.argsort(-value)[:n_found]
    np.testing.assert_array_equal(items[:n_found], 5 + 3 * expected)
    np.testing.assert_array_equal(values[:n_found], value[expected])


@given(seeds, st.sampled_from([16, 32, 128, 1024]), st.integers(1, 12))
def test_the_largest_are_found_in_their_order(seed, n, n_best):
    value = np.random.default_rng(seed).permutation(n).astype(np.float32)
    items, expected = np.full(n_best, -1), np.argsort(-value)[:n_best]
    ranking.largest(value, items)
    np.testing.assert_array_equal(items, expected)


@given(seeds)
def test_what_is_left_of_a_target_is_at_a_right_angle(seed):
    target, y = np.random.default_rng(seed).normal(size=(2, N)).astype(np.float32)
    y += 0.1 * target
    rest = np.empty(N, np.float32)
    energy = adaptive_search.subtract(target, y, rest)
    gain = min(max(target @ y / (y @ y), 0.0), MAX_PITCH_GAIN)
    np.testing.assert_allclose(rest, target - gain * y, atol=1e-4)
    assert energy == pytest.approx(float(rest @ rest), rel=1e-4)


@given(seeds)
def test_three_inner_products_are_those_of_numpy(seed):
    x, y, z = np.random.default_rng(seed).normal(size=(3, N)).astype(np.float32)
    assert products.products_with(z, x, y) == pytest.approx([x @ z, z @ z, y @ z], abs=1e-4)


@given(st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=70))
def test_the_least_is_the_minimum(values):
    assert ranking.least(np.array(values, np.float32)) == np.float32(min(values))
