"""Products in single precision against numpy."""

import naive
import numpy as np
import pytest
from hypothesis import given
from inputs import response_of, seeds

from celpvq.codec.encoder import products
from celpvq.codec.format.modes import SUBFRAME_LEN as N


@given(seeds)
def test_convolution_and_correlation_are_products_with_a_matrix_and_its_transpose(seed):
    x, h = np.random.default_rng(seed).normal(size=(2, N))
    H = naive.convolution_matrix(h)
    response, out = response_of(h), np.empty(N, "f4")
    products.convolve(x.astype(np.float32), response, out)
    np.testing.assert_allclose(out, H @ x, atol=1e-4)
    products.correlate(x.astype(np.float32), response, out)
    np.testing.assert_allclose(out, H.T @ x, atol=1e-4)


@pytest.mark.parametrize("n_rows", [1, 3, 4, 6])
@pytest.mark.parametrize("n", [products.UNROLLED, N])
def test_products_agree_with_matrices(n_rows, n):
    rng = np.random.default_rng(1)
    matrix = rng.normal(size=(n, 70)).astype(np.float32)
    x = rng.normal(size=(n_rows, n)).astype(np.float32)
    out = np.full((n_rows, 37), np.nan, np.float32)
    products.multiply_all(x, matrix, 11, out)
    np.testing.assert_allclose(out, x @ matrix[:, 11:48], atol=1e-4)


@given(seeds)
def test_inner_products_agree_with_numpy(seed):
    x, y = np.random.default_rng(seed).normal(size=(2, N)).astype(np.float32)
    assert products.inner(x, y) == pytest.approx(float(x @ y), abs=1e-4)


@given(seeds)
def test_three_inner_products_agree_with_numpy(seed):
    x, y, z = np.random.default_rng(seed).normal(size=(3, N)).astype(np.float32)
    assert products.products_with(z, x, y) == pytest.approx([x @ z, z @ z, y @ z], abs=1e-4)
