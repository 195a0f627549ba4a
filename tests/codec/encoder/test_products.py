"""Products in single precision against numpy."""

import naive
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from inputs import response_of, seeds

from celpvq.codec.encoder import products
from celpvq.codec.format.modes import SUBFRAME_LEN as N


@given(seeds)
def test_the_correlation_is_a_product_with_the_transpose_of_a_matrix(seed):
    x, h = np.random.default_rng(seed).normal(size=(2, N))
    H = naive.convolution_matrix(h)
    response, out = response_of(h), np.empty(N, "f4")
    products.correlate(x.astype(np.float32), response, out)
    np.testing.assert_allclose(out, H.T @ x, atol=1e-4)


@pytest.mark.parametrize("n_rows", [1, 3, 4, 6])
@pytest.mark.parametrize("n", [products.UNROLLED, N])
def test_products_agree_with_matrices(n_rows, n):
    rng = np.random.default_rng(1)
    matrix = rng.normal(size=(n, 37)).astype(np.float32)
    x = rng.normal(size=(n_rows, n)).astype(np.float32)
    out = np.full((n_rows, 37), np.nan, np.float32)
    products.multiply_all(x, matrix, out)
    np.testing.assert_allclose(out, x @ matrix, atol=1e-4)


@given(seeds, st.integers(1, 5))
def test_many_are_filtered_as_one(seed, n_rows):
    rng = np.random.default_rng(seed)
    x, h = rng.normal(size=(n_rows, N)).astype(np.float32), rng.normal(size=N)
    H, response, out = naive.convolution_matrix(h), response_of(h), np.empty((n_rows, N), "f4")
    products.convolve_all(x, response, out)
    np.testing.assert_allclose(out, x @ H.T, atol=1e-4)
    products.correlate_all(x, response, out)
    np.testing.assert_allclose(out, x @ H, atol=1e-4)


@pytest.mark.parametrize("n_rows", [1, 2, 5])
@pytest.mark.parametrize("n_terms", [1, 12, N])
def test_products_with_panels_agree_with_the_matrix(n_rows, n_terms):
    rng = np.random.default_rng(2)
    matrix, x = rng.normal(size=(N, 230)), rng.normal(size=(n_rows, N)).astype(np.float32)
    out, start = np.full((n_rows, 128), np.nan, np.float32), products.PANEL
    products.multiply_panels(x, n_terms, products.panels(matrix), start, out)
    expected = x[:, :n_terms] @ matrix[:n_terms, start : start + 128]
    np.testing.assert_allclose(out, expected, atol=1e-4)


@given(seeds)
def test_inner_products_agree_with_numpy(seed):
    x, y = np.random.default_rng(seed).normal(size=(2, N)).astype(np.float32)
    assert products.inner(x, y) == pytest.approx(float(x @ y), abs=1e-4)


@given(seeds)
def test_three_inner_products_agree_with_numpy(seed):
    x, y, z = np.random.default_rng(seed).normal(size=(3, N)).astype(np.float32)
    assert products.products_with(z, x, y) == pytest.approx([x @ z, z @ z, y @ z], abs=1e-4)
