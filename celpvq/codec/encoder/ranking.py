"""Ranking: the best few of many values."""

import numpy as np

from ..._numba import fast, stack_array
from ..._types import F32, F64, I64

MAX_PLACES = 1 << 10  # of `largest`
_PLACE = MAX_PLACES - 1  # the bits of a place
_LANES = 32
_BLOCK = 64  # values that are looked at together: most blocks hold no candidate


@fast
def insert(item: int, value: float, items: I64, values: F64) -> None:
    """Insert item among the best (M,), values falling; it must beat the last."""
    at = items.shape[0] - 1
    while at > 0 and values[at - 1] < value:
        values[at] = values[at - 1]
        items[at] = items[at - 1]
        at -= 1
    values[at] = value
    items[at] = item


@fast
def take(value: F32, items: I64, values: F64) -> None:
    """Insert each place j whose value[j] is among the best into items."""
    last = values.shape[0] - 1
    for start in range(0, value.shape[0], _BLOCK):
        block = value[start : start + _BLOCK]
        least, some = value.dtype.type(values[last]), False
        for j in range(block.shape[0]):
            some |= block[j] > least
        if some:
            for j in range(block.shape[0]):
                if block[j] > values[last]:
                    insert(start + j, np.float64(block[j]), items, values)


@fast
def largest(value: F32, items: I64) -> None:
    """Put the places of the largest of value (n,) >= 0 into items (K,); n at most `MAX_PLACES`.

    Positive floats and their bits, as integers, have the same order. So the lowest bits of a value,
    which hardly matter, may hold its place. One pass keeps the three largest of each lane, every
    `_LANES`th value; if more of the largest lie in one lane, smaller ones take their places.
    """
    n, bits = value.shape[0], value.view(np.int32)
    first, second = stack_array(_LANES, np.int32), stack_array(_LANES, np.int32)
    third = stack_array(_LANES, np.int32)
    first[:], second[:], third[:] = 0, 0, 0
    n_whole = n - n % _LANES
    for start in range(0, n_whole, _LANES):
        block = bits[start : start + _LANES]
        for i in range(_LANES):
            key = np.int32(block[i] & ~_PLACE | start + i)
            a, b = first[i], second[i]
            first[i], key = max(a, key), min(a, key)
            second[i], third[i] = max(b, key), max(third[i], min(b, key))
    for j in range(n_whole, n):
        key = np.int32(bits[j] & ~_PLACE | j)
        i = j % _LANES
        a, b = first[i], second[i]
        first[i], key = max(a, key), min(a, key)
        second[i], third[i] = max(b, key), max(third[i], min(b, key))
    for k in range(items.shape[0]):
        best = first[0]
        for i in range(1, _LANES):
            best = max(best, first[i])
        at = best & _PLACE
        items[k] = at
        lane = at % _LANES
        first[lane], second[lane], third[lane] = second[lane], third[lane], 0


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
