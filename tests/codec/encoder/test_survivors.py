"""Survivors and candidates of the search."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from celpvq.codec.encoder import survivors
from celpvq.codec.encoder.presets import MAX_SURVIVORS


@given(st.lists(st.integers(0, 30), max_size=40), st.integers(1, MAX_SURVIVORS))
def test_the_candidates_of_least_cost_are_kept_in_their_order(costs, n_kept):
    candidates = survivors.new_candidates()
    survivors.clear(n_kept, candidates)
    for i, cost in enumerate(costs):
        survivors.insert(float(cost), i, i + 1, i + 2, i + 3, n_kept, candidates)
    best = sorted(range(len(costs)), key=lambda i: costs[i])[:n_kept]  # the first wins a tie
    found = [c for c in candidates[:n_kept] if c.cost < np.inf]
    assert [(c.cost, c.parent, c.lag, c.gain, c.fcb) for c in found] == [
        (costs[i], i, i + 1, i + 2, i + 3) for i in best
    ]


@given(st.lists(st.integers(0, 5), min_size=1, max_size=MAX_SURVIVORS), st.integers(0, 8))
def test_the_best_survivor_is_the_first_of_least_cost(costs, first):
    rows = survivors.new_survivors()
    for row in rows:
        row.cost = -1.0  # rows of the other generation do not count
    for i, cost in enumerate(costs):
        rows[first + i].cost = cost
    assert survivors.best(first, len(costs), rows) == first + int(np.argmin(costs))
