"""A guard for objects that serve one stream, and so one thread at a time."""

import threading
from types import TracebackType
from typing import Any, Self

from ..errors import ConcurrentUseError


class Turn:
    """A context that one thread at a time may be in; a copy or a pickle of it is a free one.

    Raises
    ------
    ConcurrentUseError
        On entering, if another thread is inside: waiting would garble the order of the frames.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        if not self._lock.acquire(blocking=False):
            raise ConcurrentUseError("one stream's object is in use by another thread")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:  # fmt: skip
        self._lock.release()

    def __reduce__(self) -> tuple[Any, ...]:
        return Turn, ()
