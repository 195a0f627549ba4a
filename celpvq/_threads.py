"""Work in threads over compiled functions that release the GIL, with results in a fixed order."""

import itertools
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def n_threads() -> int:
    """Return the number of processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_order(work: Callable[[T], R], items: Iterable[T], threads: int | None = None) -> Iterator[R]:
    """Yield ``work(item)`` in the order of `items`; None stands for all processors.

    At most two results per thread wait to be fetched.
    """
    items = list(items)
    threads = min(n_threads() if threads is None else threads, len(items))
    if threads <= 1:
        yield from map(work, items)
        return
    with ThreadPoolExecutor(threads) as pool:
        waiting: deque[Future[R]] = deque()
        for item in items:
            if len(waiting) == 2 * threads:
                yield waiting.popleft().result()
            waiting.append(pool.submit(work, item))
        while waiting:
            yield waiting.popleft().result()


def spans(n: int, size: int) -> list[slice]:
    """Return slices of `size` that cover ``range(n)``; the last one may be shorter."""
    return [slice(start, min(start + size, n)) for start in range(0, n, size)]


def slices(n: int, n_pieces: int) -> list[slice]:
    """Return `n_pieces` slices of nearly equal length that cover ``range(n)``."""
    edges = [n * i // n_pieces for i in range(n_pieces + 1)]
    return [slice(a, b) for a, b in itertools.pairwise(edges)]
