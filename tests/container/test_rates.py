"""The rate of packets over time."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from celpvq.codec.format.modes import PACKET_LENGTHS
from celpvq.container.rates import Rates, measure


@given(st.lists(st.sampled_from(PACKET_LENGTHS), max_size=180))
def test_rates_are_those_of_all_seconds(lengths):
    found = measure(iter(lengths))
    windows = [sum(lengths[i : i + 50]) for i in range(max(len(lengths) - 49, 1))]
    assert found.worst_second == 8 * max(windows)
    assert found.mean == pytest.approx(400 * np.mean(lengths) if lengths else 0.0)
    assert sum(found.packets.values()) == len(lengths)
    assert sum(found.seconds) == 8 * sum(lengths)
    assert len(found.seconds) == -(-len(lengths) // 50)


def test_packets_are_named_by_rate_or_frame_type():
    found = measure([0, 2, 12, 12, 14, 16, 18, 20])
    assert found.packets == {
        "no_data": 1, "sid": 1, "4800": 2, "5600": 1, "6400": 1, "7200": 1, "8000": 1,
    }  # fmt: skip
    assert measure([]) == Rates(0.0, 0, {}, ())
