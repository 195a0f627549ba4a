"""The log of a long computation."""

import sys
import time
from collections.abc import Callable

Log = Callable[[str], None]


def stderr_log() -> Log:
    """Return a function that writes lines to standard error, with the time since this call."""
    start = time.monotonic()

    def log(text: str) -> None:
        minutes, seconds = divmod(int(time.monotonic() - start), 60)
        print(f"[{minutes:3d}:{seconds:02d}] {text}", file=sys.stderr, flush=True)

    return log
