"""Exclusive access: an encoder or a decoder holds one stream, so it serves one thread at a time."""

import copy
import threading
from types import TracebackType
from typing import Any, Self

from ...errors import ConcurrentUseError


class ExclusiveAccess:
    """A context that one thread at a time may enter; a copy or a pickle of it is free.

    Raises
    ------
    ConcurrentUseError
        On entering while another thread is inside. Waiting would garble the order of the frames.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        if not self._lock.acquire(blocking=False):
            raise ConcurrentUseError("another thread is using this encoder or decoder right now")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:  # fmt: skip
        self._lock.release()

    def __reduce__(self) -> tuple[Any, ...]:
        return ExclusiveAccess, ()


class Stateful:
    """An object with the state of one stream; a copy continues the stream on its own."""

    state: Any  # a record, which changes in place

    def __init__(self) -> None:
        self._access = ExclusiveAccess()

    def copy(self) -> Self:
        """Return an independent object that continues from here."""
        return copy.deepcopy(self)

    def __setstate__(self, attributes: dict[str, Any]) -> None:
        self.__dict__.update(attributes)
        self._access = ExclusiveAccess()
        self.state = self.state.copy()  # the fields of an unpickled record would be copies

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return copy.copy(self)  # `__setstate__` gives it a state and an access of its own
