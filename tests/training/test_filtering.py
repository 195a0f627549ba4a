"""Filtering of subframes in double precision against the convolution matrix."""

import naive
import numpy as np
from hypothesis import given
from inputs import seeds

from celpvq.codec.format.modes import SUBFRAME_LEN as N
from celpvq.training import filtering


@given(seeds)
def test_convolution_and_correlation_are_products_with_a_matrix_and_its_transpose(seed):
    x, h = np.random.default_rng(seed).normal(size=(2, N))
    H, exact = naive.convolution_matrix(h), np.empty(N)
    filtering.convolve(x, h, exact)
    np.testing.assert_allclose(exact, H @ x, atol=1e-12)
    filtering.correlate(x, h, exact)
    np.testing.assert_allclose(exact, H.T @ x, atol=1e-12)
