"""Work on pieces in threads, in their order: the number of threads changes no result."""

import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from .. import _threads
from .._threads import n_threads

T = TypeVar("T")
R = TypeVar("R")


def in_order(work: Callable[[T], R], pieces: Iterable[T]) -> Iterator[R]:
    """Yield ``work(piece)`` for each piece, in order, computed in threads."""
    return _threads.in_order(work, pieces, n_threads())


def slices(n: int, n_pieces: int) -> list[slice]:
    """Cut range(n) into pieces of nearly equal length."""
    edges = [n * i // n_pieces for i in range(n_pieces + 1)]
    return [slice(a, b) for a, b in itertools.pairwise(edges)]
