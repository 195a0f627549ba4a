"""Ranking: the best few of many values."""

import numpy as np

from ..._numba import fast, stack_array
from ..._types import F32, F64, I64

_LANES = 16
_BLOCK = 64  # values that are looked at together: most blocks hold no candidate


@fast
def insert(item: int, value: float, items: I64, values: F64) -> int:
    """Insert item among the best (M,), values falling; it must beat the last. Return its place."""
    at = items.shape[0] - 1
    while at > 0 and values[at - 1] < value:
        values[at] = values[at - 1]
        items[at] = items[at - 1]
        at -= 1
    values[at] = value
    items[at] = item
    return at


@fast
def take(value: F32, base: int, step: int, items: I64, values: F64) -> None:
    """Insert each item base + step j, with value[j], that is among the best into items."""
    last = values.shape[0] - 1
    for start in range(0, value.shape[0], _BLOCK):
        block = value[start : start + _BLOCK]
        least, some = value.dtype.type(values[last]), False
        for j in range(block.shape[0]):
            some |= block[j] > least
        if some:
            for j in range(block.shape[0]):
                if block[j] > values[last]:
                    insert(base + step * (start + j), block[j], items, values)


@fast
def largest(value: F32, items: I64) -> None:
    """Put the places of the largest of value (n,) > 0 into items (K,); value is lost.

    n is a multiple of `_LANES`: the largest of each lane, every `_LANES`th value, are compared.
    """
    n = value.shape[0]
    top = stack_array(_LANES, np.float32)
    top[:] = 0.0
    for start in range(0, n, _LANES):
        block = value[start : start + _LANES]
        for i in range(_LANES):
            top[i] = max(top[i], block[i])
    for k in range(items.shape[0]):
        lane = 0
        for i in range(1, _LANES):
            if top[i] > top[lane]:
                lane = i
        best, at, second = top[lane], lane, np.float32(0.0)
        for j in range(lane, n, _LANES):
            if value[j] == best:
                at = j
            else:
                second = max(second, value[j])
        items[k] = at
        value[at] = 0.0
        top[lane] = second


@fast
def least(value: F32) -> np.float32:
    """Return the least of value (n,), by halves; value is lost."""
    n = value.shape[0]
    while n > 1:
        half = (n + 1) // 2
        upper = value[half:n]
        for j in range(upper.shape[0]):
            value[j] = min(value[j], upper[j])
        n = half
    return value[0]
