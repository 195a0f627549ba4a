"""The flow of files through workers: few at a time, and a worker that dies takes one file along."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ALL_COMPLETED, FIRST_COMPLETED, CancelledError, Future, wait
from typing import ClassVar, Self

from ..errors import NetworkError
from . import stopping
from .worker import Item, Job, Result, convert_all

_AHEAD = 2  # tasks in hand for each worker: one in work, one that waits


class Workers(ABC):
    """Workers that take tasks of several files; a context."""

    n_files: ClassVar[int] = 1  # most files of a task
    n_bytes: ClassVar[int] = 0  # a task with more bytes of input takes no further file
    crashes: ClassVar[tuple[type[Exception], ...]] = ()  # errors of a task whose worker has died

    @abstractmethod
    def count(self) -> int:
        """Return how many tasks can be in work at the same time."""

    @abstractmethod
    def submit(self, items: Sequence[Item]) -> "Future[list[Result]]":
        """Begin a task."""

    @abstractmethod
    def revive(self) -> None:
        """Replace workers that died."""

    @abstractmethod
    def close(self) -> None:
        """Let the workers go; a file in hand is given up, and leaves nothing behind."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class ThisProcess(Workers):
    """The calling process itself as the only worker."""

    def __init__(self, job: Job) -> None:
        self._job = job

    def count(self) -> int:
        """Return how many tasks can be in work at the same time."""
        return 1

    def submit(self, items: Sequence[Item]) -> "Future[list[Result]]":
        """Do a task."""
        done: Future[list[Result]] = Future()
        with stopping.signals_wait():
            done.set_result(convert_all(self._job, items))
        return done

    def revive(self) -> None:
        """Do nothing: this process is alive."""

    def close(self) -> None:
        """Do nothing: there is no file in hand."""


def convert_with(
    workers: Workers, items: Iterable[Item], n_items: int
) -> Iterator[tuple[Item, Result]]:
    """Yield the result of each item as soon as it is there, in any order.

    Parameters
    ----------
    workers : Workers
        Who does the work.
    items : iterable of Item
        The files; no more are taken than the workers can have in hand.
    n_items : int
        About how many there are: with few, tasks are small, so that all workers have some.
    """
    n_files = max(min(workers.n_files, n_items // (4 * workers.count())), 1)
    tasks = _tasks(items, n_files, workers.n_bytes)
    in_hand: dict[Future[list[Result]], list[Item]] = {}
    while True:
        suspects: list[Item] = []  # files whose worker has died
        while len(in_hand) < _AHEAD * workers.count() and (task := next(tasks, None)):
            try:
                future = workers.submit(task)
            except workers.crashes:
                suspects += task
                break
            in_hand[future] = task
            if future.done():
                break
        if not in_hand and not suspects:
            return
        yield from _collect(in_hand, workers, suspects, FIRST_COMPLETED)
        if suspects:
            yield from _collect(in_hand, workers, suspects, ALL_COMPLETED)
            yield from _one_by_one(suspects, workers)


def _tasks(items: Iterable[Item], n_files: int, n_bytes: int) -> Iterator[list[Item]]:
    """Yield the items in tasks of a few."""
    task: list[Item] = []
    size = 0
    for item in items:
        task.append(item)
        size += item.size
        if len(task) == n_files or size > n_bytes:
            yield task
            task, size = [], 0
    if task:
        yield task


def _collect(
    in_hand: dict["Future[list[Result]]", list[Item]], workers: Workers, suspects: list[Item],
    until: str,
) -> Iterator[tuple[Item, Result]]:  # fmt: skip
    """Yield finished files, and add the files whose worker has died to the suspects."""
    for future in wait(in_hand, return_when=until).done:
        task = in_hand.pop(future)
        try:
            results = future.result()
        except workers.crashes:
            suspects += task
        except CancelledError:
            raise NetworkError(
                "dask: the cluster has dropped the tasks in hand; --resume continues"
            ) from None
        else:
            yield from zip(task, results, strict=True)


def _one_by_one(items: Iterable[Item], workers: Workers) -> Iterator[tuple[Item, Result]]:
    """Do files alone: the one whose worker dies again is the one to blame."""
    workers.revive()
    for item in items:
        try:
            [result] = workers.submit([item]).result()
        except workers.crashes:
            result = Result({}, 0.0, "the process that converted it died")
            workers.revive()
        yield item, result
