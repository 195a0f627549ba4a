"""Threads over compiled functions that release the GIL, with results in a fixed order."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from .. import _threads
from . import _check

T = TypeVar("T")
R = TypeVar("R")


def spans(n: int, size: int) -> list[slice]:
    """Return slices of `size` that cover ``range(n)``; they do not depend on the threads."""
    return [slice(start, min(start + size, n)) for start in range(0, n, size)]


def in_order(work: Callable[[T], R], items: Iterable[T], n_threads: int | None) -> Iterator[R]:
    """Yield ``work(item)`` in the order of `items`, at most two results per thread in waiting."""
    if n_threads is not None:
        _check.count(n_threads, "n_threads", least=1)
    items = list(items)
    n_threads = min(n_threads or _threads.n_threads(), len(items))
    if n_threads <= 1:
        yield from map(work, items)
        return
    with ThreadPoolExecutor(n_threads) as pool:
        waiting: deque[Future[R]] = deque()
        for item in items:
            if len(waiting) == 2 * n_threads:
                yield waiting.popleft().result()
            waiting.append(pool.submit(work, item))
        while waiting:
            yield waiting.popleft().result()
