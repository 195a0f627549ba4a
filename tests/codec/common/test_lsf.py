"""Line spectral frequencies against the zeros of P(z) and Q(z)."""

import inputs
import naive
import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st
from inputs import seeds

from celpvq.codec.common import lsf
from celpvq.codec.format.modes import LPC_ORDER as P
from celpvq.codec.format.modes import N_SUBFRAMES


@given(st.floats(0, np.pi))
def test_cosine_agrees_with_the_c_library(x):
    assert abs(lsf.cosine(x) - np.cos(x)) < 1e-11


@given(seeds)
def test_lsf_to_lpc_multiplies_out_the_zeros(seed):
    w, a = inputs.rising_lsf(np.random.default_rng(seed)), np.empty(P)
    lsf.to_lpc(w, a)
    np.testing.assert_allclose(a, naive.lpc_of(w), atol=1e-8)
    assert naive.is_stable(a)


@given(seeds)
def test_lsf_and_lpc_are_inverse(seed):
    w, a, back = inputs.rising_lsf(np.random.default_rng(seed)), np.empty(P), np.full(P, -1.0)
    lsf.to_lpc(w, a)
    assert lsf.from_lpc(a, back)
    np.testing.assert_allclose(back, w, atol=1e-5)


@given(seeds)
def test_lsf_are_the_zeros_of_p_and_q(seed):
    a = inputs.stable_lpc(np.random.default_rng(seed)) * 0.9 ** np.arange(1, P + 1)
    expected, w = naive.lsf_of(a), np.full(P, -1.0)
    assert len(expected) == P
    assume((expected[2:] - expected[:-2]).min() > np.pi / 120)  # else the grid may miss two
    assert lsf.from_lpc(a, w)
    np.testing.assert_allclose(w, expected, atol=1e-5)


def test_lsf_of_a_flat_spectrum_are_even():
    w = np.empty(P)
    assert lsf.from_lpc(np.zeros(P), w)
    np.testing.assert_allclose(w, lsf.flat(), atol=1e-6)


def test_an_unstable_predictor_has_no_lsf():
    a, w = np.zeros(P), np.full(P, 7.0)
    a[1] = 1.5
    assert not lsf.from_lpc(a, w)
    assert (w == 7).all(), "the output changed"


@given(st.lists(st.floats(-9, 9), min_size=P, max_size=P))
def test_any_values_are_stable_lsf_after_stabilization(values):
    w, a = np.array(values), np.empty(P)
    tidy = (np.diff(np.r_[0, w, np.pi]) >= lsf.MIN_GAP).all()
    before = w.copy()
    lsf.stabilize(w)
    assert (np.diff(np.r_[0, w, np.pi]) >= lsf.MIN_GAP - 1e-12).all()
    if tidy:
        np.testing.assert_array_equal(w, before)
    lsf.to_lpc(w, a)
    assert naive.is_stable(a)


def test_interpolation_ends_at_the_new_frame():
    prev, now, out = np.zeros(P), np.ones(P), np.empty(P)
    for subframe, weight in enumerate([0.25, 0.5, 0.75, 1.0]):
        lsf.interpolate(prev, now, subframe, out)
        np.testing.assert_array_equal(out, weight)


@given(seeds)
def test_the_predictor_of_a_subframe_belongs_to_the_interpolated_lsf(seed):
    rng = np.random.default_rng(seed)
    prev, now, a = inputs.rising_lsf(rng), inputs.rising_lsf(rng), np.empty(P)
    for subframe in range(N_SUBFRAMES):
        lsf.predictor(prev, now, subframe, a)
        share = (subframe + 1) / N_SUBFRAMES
        np.testing.assert_allclose(a, naive.lpc_of((1 - share) * prev + share * now), atol=1e-8)
