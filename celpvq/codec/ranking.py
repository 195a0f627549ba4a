"""The best few of many."""

from .._jit import search
from .._types import F64, I64


@search
def insert(item: int, value: float, items: I64, values: F64) -> int:
    """Put item among the best (M,), values falling; it must beat the last; return its place."""
    at = items.shape[0] - 1
    while at > 0 and values[at - 1] < value:
        values[at] = values[at - 1]
        items[at] = items[at - 1]
        at -= 1
    values[at] = value
    items[at] = item
    return at
