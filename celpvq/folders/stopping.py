"""Stop between blocks of sound, where the file in hand can be left with nothing lost or hidden.

An exception that a signal raises anywhere else may be lost: libsndfile calls back into Python, and
drops exceptions that are raised there. Then a file would look damaged, and the run would go on.
"""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_asked = threading.Event()
Handler = Callable[[int, FrameType | None], object]


def ask() -> None:
    """Make `check` in this process raise `KeyboardInterrupt` from now on."""
    _asked.set()


def check() -> None:
    """Raise `KeyboardInterrupt` if this process has to stop; called between blocks of sound."""
    if _asked.is_set():
        raise KeyboardInterrupt


@contextlib.contextmanager
def signals_wait() -> Iterator[None]:
    """Let a first Ctrl-C or SIGTERM wait for the next `check`; a second one acts at once."""
    if threading.current_thread() is not threading.main_thread():  # which alone gets signals
        yield
        return
    handlers: dict[int, Handler] = {}
    came: list[tuple[Handler, int, FrameType | None]] = []

    def note(number: int, frame: FrameType | None) -> None:
        came.append((handlers[number], number, frame))
        ask()
        if len(came) > 1:
            handlers[number](number, frame)

    for which in _SIGNALS:
        old = signal.getsignal(which)
        if callable(old):
            handlers[which] = old
            signal.signal(which, note)
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        if came:
            _asked.clear()
            handler, number, frame = came[0]
            handler(number, frame)
