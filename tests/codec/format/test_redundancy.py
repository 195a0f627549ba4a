"""Redundant frames: 3 bytes, whose fields hold what they can."""

import inputs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from inputs import seeds

from celpvq.codec.format import redundancy
from celpvq.codec.format.modes import MAX_LAG, MIN_LAG, SID_LSF_BITS
from celpvq.errors import FormatError


def lsf_book(seed=0):
    rng = np.random.default_rng(seed)
    return np.array([inputs.rising_lsf(rng) for _ in range(1 << SID_LSF_BITS)])


BOOK = lsf_book()


@given(st.binary(min_size=3, max_size=3))
def test_any_bytes_are_a_redundant_frame(data):
    row, lag, level, gain = redundancy.unpack(data)
    back = redundancy.pack(
        BOOK[row], lag, 10 ** (redundancy.level_db(level) / 20), redundancy.pitch_gain(gain), BOOK
    )
    same = min(lag, MAX_LAG)  # lags beyond the greatest have a value, but are never sent
    np.testing.assert_array_equal(redundancy.unpack(back), [row, same, level, gain])
    assert lag > MAX_LAG or back == data


@given(seeds, st.floats(0, 200), st.floats(0, 10), st.floats(-1, 2))
def test_each_field_holds_the_nearest_value(seed, lag, rms, gain):
    lsf = inputs.rising_lsf(np.random.default_rng(seed))
    data = redundancy.pack(lsf, lag, rms, gain, BOOK)
    assert len(data) == redundancy.REDUNDANCY_BYTES
    row, lag_q, level, gain_index = redundancy.unpack(data)
    assert row == ((BOOK - lsf) ** 2).sum(axis=1).argmin()
    assert abs(lag_q - np.clip(lag, MIN_LAG, MAX_LAG)) <= 0.5
    wanted = np.clip(20 * np.log10(max(rms, 1e-9)), -80, -18)
    assert abs(redundancy.level_db(level) - wanted) <= 1.001
    assert abs(redundancy.pitch_gain(gain_index) - np.clip(gain, 0, 0.9)) <= 0.1501


@pytest.mark.parametrize("data", [b"", b"12", b"1234"])
def test_another_length_is_refused(data):
    with pytest.raises(FormatError, match=f"expected 3 bytes, got {len(data)}"):
        redundancy.unpack(data)
