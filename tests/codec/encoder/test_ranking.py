"""The best few of many against sorting."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from inputs import seeds

from celpvq.codec.encoder import ranking


@given(seeds, st.integers(1, 200), st.integers(1, 12))
def test_the_best_are_taken_in_their_order(seed, n, n_best):
    rng = np.random.default_rng(seed)
    value = rng.permutation(n).astype(np.float32)
    items, values = np.full(n_best, -1), np.full(n_best, -1.0)
    ranking.take(value, items, values)
    n_found = min(n, n_best)
    expected = np.argsort(-value)[:n_found]
    np.testing.assert_array_equal(items[:n_found], expected)
    np.testing.assert_array_equal(values[:n_found], value[expected])


@given(seeds, st.sampled_from([12, 32, 100, 1024]), st.integers(1, 12))
def test_the_largest_are_found_in_their_order(seed, n, n_best):
    value = np.random.default_rng(seed).permutation(n).astype(np.float32)
    items, expected = np.full(n_best, -1), []
    for at in np.argsort(-value):  # no more than three of a lane
        if sum(at % 32 == other % 32 for other in expected) < 3:
            expected.append(at)
    ranking.largest(value, items)
    np.testing.assert_array_equal(items, expected[:n_best])


def test_places_are_in_range_where_all_values_are_zero():
    items = np.full(8, -1)
    ranking.largest(np.zeros(100, np.float32), items)
    assert (items >= 0).all()
    assert (items < 100).all()


@given(st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=70))
def test_the_least_is_the_minimum(values):
    assert ranking.least(np.array(values, np.float32)) == np.float32(min(values))
