"""A worker process leaves the file in hand when it has to stop, and no unfinished file behind."""

import threading

_asked = threading.Event()


def ask() -> None:
    """Make `check` in this process raise `KeyboardInterrupt` from now on."""
    _asked.set()


def check() -> None:
    """Raise `KeyboardInterrupt` if this process has to stop; called between blocks of sound."""
    if _asked.is_set():
        raise KeyboardInterrupt
