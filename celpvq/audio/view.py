"""Stretches of a file, read as if they were a file of their own."""

import io
import os
from collections.abc import Sequence
from itertools import accumulate
from typing import IO, Any

Stretch = (
    bytes | int | tuple[int, int]
)  # own bytes, a number of zeros, or start and end in the file


class View(io.RawIOBase):
    """Read stretches of a file one after another.

    libsndfile trusts some numbers in headers that are wrong. It gets a view with the right numbers;
    the file itself stays as it is.

    Parameters
    ----------
    file : binary file
        It can seek. Views of one file are read in turns, by one thread.
    stretches : sequence of bytes, int, or (int, int)
        The content of the view.

    Attributes
    ----------
    error : OSError or None
        An error of the file. libsndfile calls `readinto` and does not pass errors on.
    """

    def __init__(self, file: IO[bytes], stretches: Sequence[Stretch]) -> None:
        self._file = file
        self._stretches = list(stretches)
        self._ends = list(accumulate(_length(s) for s in stretches))
        self._position = 0
        self.error: OSError | None = None

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return the position."""
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move to a position; return it."""
        origin = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: len(self)}[whence]
        self._position = max(origin + offset, 0)
        return self._position

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer; return how many bytes it got, fewer than it takes only at the end."""
        out = memoryview(buffer)
        n = 0
        try:
            for stretch, end in zip(self._stretches, self._ends, strict=True):
                while n < len(out) and self._position < end:
                    data = self._from(stretch, end, len(out) - n)
                    if not data:  # the file has become shorter
                        return n
                    out[n : n + len(data)] = data
                    n += len(data)
                    self._position += len(data)
        except OSError as error:
            self.error = error
        return n

    def _from(self, stretch: Stretch, end: int, size: int) -> bytes:
        """Return at most `size` bytes of a stretch from the position on."""
        done = _length(stretch) - (end - self._position)
        if isinstance(stretch, bytes):
            return stretch[done : done + size]
        size = min(size, end - self._position)
        if isinstance(stretch, int):
            return bytes(size)
        self._file.seek(stretch[0] + done)
        return self._file.read(size)


def _length(stretch: Stretch) -> int:
    if isinstance(stretch, int):
        return stretch
    return len(stretch) if isinstance(stretch, bytes) else stretch[1] - stretch[0]


def read_at(file: IO[bytes], start: int, size: int) -> bytes:
    """Return `size` bytes of a file from `start` on, fewer at its end."""
    file.seek(start)
    data = b""
    while len(data) < size and (more := file.read(size - len(data))):
        data += more
    return data
