"""Code vectors and pitch sharpening against their definitions."""

import inputs
import naive
import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from inputs import seeds

from celpvq.codec.common import fixed_codebook
from celpvq.codec.format.modes import MAX_LAG, MIN_LAG
from celpvq.codec.format.modes import SUBFRAME_LEN as N


@given(data=st.data())
def test_code_vectors_agree_with_the_naive_twin(fcb_bits, data):
    index = data.draw(st.integers(0, (1 << fcb_bits) - 1))
    layout, stages, book = inputs.fixed_codebook(np.random.default_rng(1), fcb_bits)
    out = np.empty(N)
    fixed_codebook.vector(index, layout, book, out)
    np.testing.assert_allclose(out, naive.code_vector(index, stages, book), atol=1e-15)


@given(seeds, st.integers(MIN_LAG, MAX_LAG), st.floats(0, 1))
def test_sharpening_is_a_recursive_comb_filter(seed, lag, beta):
    x = np.random.default_rng(seed).normal(size=N)
    expected = naive.sharpened(x, lag, beta)
    fixed_codebook.sharpen(x, lag, beta)
    np.testing.assert_allclose(x, expected, rtol=1e-12, atol=1e-15)
