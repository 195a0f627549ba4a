"""Gains from their entry and the prediction, without the C library."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from inputs import seeds

from celpvq.codec.common import gains
from celpvq.codec.format.modes import SUBFRAME_LEN as N


@given(st.floats(-200, 200))
def test_decibels_are_linear_to_ten_digits(level_db):
    assert gains.decibel_to_linear(level_db) == pytest.approx(10 ** (level_db / 20), rel=1e-10)


def test_decibels_beyond_the_limits_count_as_the_limits():
    assert gains.decibel_to_linear(1e9) == gains.decibel_to_linear(200.0)
    assert gains.decibel_to_linear(-1e9) == gains.decibel_to_linear(-200.0) > 0


@given(seeds)
def test_the_codebook_gain_is_the_predicted_gain_and_a_correction(seed):
    rng = np.random.default_rng(seed)
    predictor, memory = rng.normal(size=1 + gains.N_TAPS), rng.normal(scale=20, size=gains.N_TAPS)
    entry, code, gain = rng.normal(size=2), rng.normal(size=N), np.empty(2)
    change = np.clip(predictor[1:] @ memory, -gains.MAX_CORRECTION_DB, gains.MAX_CORRECTION_DB)
    level = predictor[0] + change + entry[1]
    expected = [entry[0], 10 ** (level / 20) / np.sqrt(np.mean(code**2))]
    advanced = np.r_[entry[1], memory[:-1]]
    gains.dequantize(entry, predictor, code, memory, gain)
    np.testing.assert_allclose(gain, expected, rtol=1e-9)
    np.testing.assert_array_equal(memory, advanced)


def test_a_silent_code_vector_has_a_finite_gain():
    gain = np.empty(2)
    gains.dequantize(np.zeros(2), np.zeros(5), np.zeros(N), np.zeros(4), gain)
    assert np.isfinite(gain).all()
