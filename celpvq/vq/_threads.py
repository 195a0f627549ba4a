"""Pieces of data for threads: the same whatever the number of threads."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from .. import _threads
from . import _check

T = TypeVar("T")
R = TypeVar("R")


def spans(n: int, size: int) -> list[slice]:
    """Return slices of `size` that cover ``range(n)``; they do not depend on the threads."""
    return [slice(start, min(start + size, n)) for start in range(0, n, size)]


def in_order(work: Callable[[T], R], items: Iterable[T], n_threads: int | None) -> Iterator[R]:
    """Yield ``work(item)`` in the order of `items`; None stands for all processors."""
    if n_threads is not None:
        _check.count(n_threads, "n_threads", least=1)
    return _threads.in_order(work, items, n_threads or _threads.n_threads())
