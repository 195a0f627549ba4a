"""Workers that are processes of this machine."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import Connection

from .. import api
from . import stopping
from .flow import Workers
from .worker import Item, Job, Result, convert_all

_GRACE_S = 5.0  # for the file in hand, after the parent has died


class Processes(Workers):
    """Fresh processes, each of which is given the job once.

    They end when the parent does, however it ends. They leave no unfinished file behind, unless
    they are killed themselves.
    """

    n_files, n_bytes = 8, 1 << 20
    crashes = (BrokenProcessPool,)

    def __init__(self, job: Job, n: int) -> None:
        self._job, self._n = job, n
        api.warmup(
            variable_rate=job.work.variable_rate
        )  # once here, so that the processes find compiled code
        self._start()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")  # a fork would share the locks of threads
        alive, self._alive = context.Pipe(duplex=False)  # its end tells the processes to stop
        self._pool = ProcessPoolExecutor(
            self._n, mp_context=context, initializer=_begin, initargs=(self._job, alive)
        )
        self._their_end = alive  # open until all have been started

    def count(self) -> int:
        """Return the number of processes."""
        return self._n

    def submit(self, items: Sequence[Item]) -> "Future[list[Result]]":
        """Begin a task."""
        return self._pool.submit(_convert, items)

    def revive(self) -> None:
        """Start other processes if one has died."""
        try:
            self._pool.submit(os.getpid).result()
        except BrokenProcessPool:
            self.close()
            self._start()

    def close(self) -> None:
        """End the processes."""
        self._alive.close()
        self._pool.shutdown(cancel_futures=True)
        self._their_end.close()


_job: Job  # of a worker process
_working = threading.Lock()


def _begin(job: Job, alive: Connection) -> None:
    """Prepare a worker process."""
    global _job
    _job = job
    for number in (signal.SIGINT, signal.SIGTERM):  # they are for the parent, which ends this one
        signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, args=(alive,), daemon=True).start()


def _convert(items: Sequence[Item]) -> list[Result]:
    with _working:
        try:
            return convert_all(_job, items)
        finally:
            if _orphaned():  # nobody takes the results
                os._exit(1)


def _orphaned() -> bool:
    parent = multiprocessing.parent_process()
    return parent is not None and not parent.is_alive()


def _end_with_parent(alive: Connection) -> None:
    """Wait for the parent's word, or its death; leave the file in hand, and end this process."""
    try:
        alive.recv()
    except EOFError:
        stopping.ask()
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        _working.acquire(timeout=_GRACE_S)
        os._exit(1)
