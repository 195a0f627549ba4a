"""Pairs of a survivor and a lag: the best ones, and those that are sharpened alike."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from inputs import seeds

from celpvq.codec.encoder import pairs
from celpvq.codec.encoder.pairs import Pairs
from celpvq.codec.encoder.presets import MAX_LAGS, MAX_SURVIVORS
from celpvq.codec.format.modes import SUBFRAME_LEN as N


def random_pairs(rng, n_lags):
    """Pairs of a few lags and sharpening factors, so that many are alike."""
    n = MAX_SURVIVORS * MAX_LAGS
    return Pairs(
        target=np.zeros((MAX_SURVIVORS, N), np.float32),
        beta=rng.choice([0.2, 0.5, 0.8], MAX_SURVIVORS),
        predicted_gain=np.ones(MAX_SURVIVORS),
        lag_index=np.arange(n),
        lag=rng.choice([20, 30, N], n),
        filtered=np.zeros((n, N), np.float32),
        updated_target=np.zeros((n, N), np.float32),
        cost=rng.permutation(n).astype(np.float64),
    )


@given(seeds, st.integers(1, MAX_SURVIVORS * MAX_LAGS), st.integers(1, 16))
def test_the_pairs_of_least_cost_are_chosen(seed, n, n_chosen):
    lag_pairs = random_pairs(np.random.default_rng(seed), MAX_LAGS)
    chosen = np.full(n_chosen, 99)
    best = np.argsort(lag_pairs.cost[:n])[:n_chosen]
    assert pairs.choose(n, lag_pairs, chosen) == len(best)
    np.testing.assert_array_equal(chosen[: len(best)], best)


@given(seeds, st.integers(1, 4), st.integers(1, 16))
def test_groups_of_pairs_alike_hold_each_chosen_pair_once(seed, n_lags, n_chosen):
    rng = np.random.default_rng(seed)
    lag_pairs = random_pairs(rng, n_lags)
    chosen = rng.permutation(MAX_SURVIVORS * n_lags)[:n_chosen]
    group, member = np.full(len(chosen), -1), np.empty(16, np.int64)
    n_groups = pairs.find_groups(chosen, n_lags, lag_pairs, group, member)
    groups = [chosen[group == g].tolist() for g in range(n_groups)]
    assert all(row in rows for row, rows in zip(member, groups, strict=False))
    assert sorted(row for rows in groups for row in rows) == sorted(chosen)

    def filter_of(row):  # a lag of a subframe or more sharpens nothing
        lag = lag_pairs.lag[row]
        return lag, None if lag == N else lag_pairs.beta[row // n_lags]

    kinds = [{filter_of(row) for row in rows} for rows in groups]
    assert all(len(kind) == 1 for kind in kinds)
    assert len(set().union(*kinds)) == len(kinds)
