"""Locks between the processes that share a cache: one compiles a kernel, the others wait for it.

A lock is one byte of a file. The system releases it when its holder ends, however it ends. On POSIX
systems a lock belongs to a process: a forked child neither holds nor releases those of its parent,
as it would with ``flock``. Where a file cannot be locked, each process compiles for itself.
"""

import contextlib
import errno
import functools
import hashlib
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

PATIENCE_S = 120.0  # without any new file in the cache: the holder has stopped, or cannot write
_POLL_S = 0.05
_HELD = {errno.EACCES, errno.EAGAIN, errno.EDEADLK}  # errors that say: somebody has the lock

if sys.platform == "win32":
    import msvcrt

    def _lock(file: int, byte: int) -> None:
        os.lseek(file, byte, os.SEEK_SET)
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)

    def _unlock(file: int, byte: int) -> None:
        os.lseek(file, byte, os.SEEK_SET)
        msvcrt.locking(file, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _lock(file: int, byte: int) -> None:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, byte)

    def _unlock(file: int, byte: int) -> None:
        fcntl.lockf(file, fcntl.LOCK_UN, 1, byte)


class Locks:
    """The locks of a cache folder. The caller sees to it that one thread at a time uses them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: int | None = None  # never closed: that would release all locks of the process
        self._held: list[str] = []

    def acquire(self, name: str) -> bool:
        """Wait for the lock called `name`; return whether this process has waited or locked now.

        It gives up where locks do not work, and if the cache does not change for `PATIENCE_S`.
        """
        if name in self._held:
            return False
        has_waited, changed, since = False, self._last_change(), time.monotonic()
        while not self.try_to_acquire(name):
            has_waited = True
            time.sleep(_POLL_S)
            if time.monotonic() - since > PATIENCE_S:
                if self._last_change() == changed:
                    break
                changed, since = self._last_change(), time.monotonic()
        return has_waited or name in self._held

    def try_to_acquire(self, name: str) -> bool:
        """Acquire the lock called `name`; return False if another process has it."""
        if name in self._held:
            return True
        try:
            if self._file is None:
                self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._file = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
            _lock(self._file, _byte(name))
        except OSError as error:  # without locks, nobody waits
            return self._file is None or error.errno not in _HELD
        self._held.append(name)
        return True

    def _last_change(self) -> int:
        """Return the time at which a file was last added to the cache [ns]."""
        with contextlib.suppress(OSError):
            folders = [self._folder, *(path for path in self._folder.iterdir() if path.is_dir())]
            return max(folder.stat().st_mtime_ns for folder in folders)
        return 0

    @contextlib.contextmanager
    def released_at_the_end(self) -> Iterator[None]:
        """Release all locks that are acquired within the context."""
        before = len(self._held)
        try:
            yield
        finally:
            while len(self._held) > before:
                with contextlib.suppress(OSError):
                    _unlock(self._file or 0, _byte(self._held.pop()))


def _byte(name: str) -> int:
    """Return the byte that stands for a name, below the 2^31 that all systems can lock."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4]) >> 2


@functools.cache
def locks_of(folder: Path) -> Locks:
    """Return the locks of a folder, the same object within a process."""
    return Locks(folder)
