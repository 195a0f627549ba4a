"""Pairs of a survivor and a lag: the candidates of the adaptive codebook.

The best pairs of all survivors go on through the fixed codebook. Pairs whose code vectors are
sharpened alike share one filter, and so they are searched together.
"""

from typing import NamedTuple

import numpy as np

from ..._numba import inlined, stack_array
from ..._types import F32, F64, I64
from ..format.modes import SUBFRAME_LEN
from . import ranking
from .presets import MAX_LAGS, MAX_PAIRS, MAX_SURVIVORS

_MAX_LAG_PAIRS = MAX_SURVIVORS * MAX_LAGS


class Pairs(NamedTuple):
    """All pairs of a subframe, `Preset.lags` rows per survivor, and values of the survivors."""

    target: F32  # (survivors, n) x
    beta: F64  # (survivors,) factor of the pitch sharpening
    predicted_gain: F64  # (survivors,) of the fixed codebook, linear
    lag_index: I64  # (pairs,)
    lag: I64  # (pairs,) in whole samples, at most SUBFRAME_LEN
    filtered: F32  # (pairs, n) y, the adaptive codebook vector after W(z) / A_q(z)
    updated_target: F32  # (pairs, n) x - g_p y with the best g_p
    cost: F64  # (pairs,) cost of the survivor plus the energy of the updated target


@inlined
def new_pairs() -> Pairs:
    """Return room for the pairs of all survivors."""
    return Pairs(
        stack_array((MAX_SURVIVORS, SUBFRAME_LEN), np.float32), stack_array(MAX_SURVIVORS),
        stack_array(MAX_SURVIVORS), stack_array(_MAX_LAG_PAIRS, np.int64),
        stack_array(_MAX_LAG_PAIRS, np.int64),
        stack_array((_MAX_LAG_PAIRS, SUBFRAME_LEN), np.float32),
        stack_array((_MAX_LAG_PAIRS, SUBFRAME_LEN), np.float32), stack_array(_MAX_LAG_PAIRS),
    )  # fmt: skip


@inlined
def choose(n: int, pairs: Pairs, chosen: I64) -> int:
    """Put the rows of the best pairs among the first n into chosen (K,); return their number."""
    n_chosen, last = min(n, chosen.shape[0]), chosen.shape[0] - 1
    values = stack_array(MAX_PAIRS)[: chosen.shape[0]]
    chosen[:], values[:] = 0, -np.inf
    for row in range(n):
        if -pairs.cost[row] > values[last]:
            ranking.insert(row, -pairs.cost[row], chosen, values)
    return n_chosen


@inlined
def find_groups(chosen: I64, n_lags: int, pairs: Pairs, group: I64, member: I64) -> int:
    """Group the chosen pairs that are sharpened alike; return the number of groups.

    group (K,): receives the group of each chosen pair.      member: a row of each group.
    """
    n_groups = 0
    for k in range(chosen.shape[0]):
        row, group[k] = chosen[k], n_groups
        for g in range(n_groups):
            other = member[g]
            # a lag of a subframe or more sharpens nothing
            same_beta = pairs.beta[row // n_lags] == pairs.beta[other // n_lags]
            if pairs.lag[row] == pairs.lag[other] and (same_beta or pairs.lag[row] == SUBFRAME_LEN):
                group[k] = g
                break
        if group[k] == n_groups:
            member[n_groups] = row
            n_groups += 1
    return n_groups
