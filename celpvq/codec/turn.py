"""What encoder and decoder are: objects of one stream, and so of one thread at a time."""

import copy
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


class OneStream:
    """An object with the state of a stream: copies go on from there on their own."""

    _state: Any  # a record, which changes in place

    def __init__(self) -> None:
        self._turn = Turn()

    def copy(self) -> Self:
        """Return an object that goes on from here on its own."""
        return copy.deepcopy(self)

    def __setstate__(self, attributes: dict[str, Any]) -> None:
        self.__dict__.update(attributes)
        self._state = self._state.copy()  # what numpy unpickles gives its parts away as copies

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        twin = copy.copy(self)  # whose state is its own, by `__setstate__`
        twin._turn = Turn()
        return twin
