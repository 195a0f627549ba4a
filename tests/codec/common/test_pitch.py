"""Indices of lags against the documented list."""

import naive
from hypothesis import given
from hypothesis import strategies as st
from inputs import lag_thirds

from celpvq.codec.common import pitch
from celpvq.codec.format.modes import MAX_LAG, MIN_LAG


@given(lag_thirds)
def test_lags_are_as_documented(lag3_prev):
    for bits in (8, 5):
        lags = [pitch.dequantize(index, bits, lag3_prev) for index in range(1 << bits)]
        assert lags == naive.lags_of_indices(bits, lag3_prev)
        assert 3 * MIN_LAG <= min(lags) <= max(lags) <= 3 * MAX_LAG
        assert all(pitch.rounded(lag) == round(lag / 3) for lag in lags)


@given(st.integers(0, 3 * MAX_LAG + 60), lag_thirds)
def test_lag_quantization_inverts_dequantization(lag3, lag3_prev):
    for bits in (8, 5):
        index, lags = pitch.quantize(lag3, bits, lag3_prev), naive.lags_of_indices(bits, lag3_prev)
        assert index == (lags.index(lag3) if lag3 in lags else -1)


@given(lag_thirds)
def test_ranges_of_lags_cover_exactly_the_lags_with_an_index(lag3_prev):
    for bits in (8, 5):
        lags = naive.lags_of_indices(bits, lag3_prev)
        low, high = pitch.whole_lags(bits, lag3_prev)
        low3, high3 = pitch.fine_lags(bits, lag3_prev)
        whole = [3 * lag for lag in range(low, high + 1)]
        thirds = [3 * lag - third for lag in range(low3, high3 + 1) for third in (1, 2)]
        assert sorted(whole + thirds) == sorted(set(lags))
