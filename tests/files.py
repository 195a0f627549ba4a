"""Sound and files as the world has them: chunks, pipes, short reads, full disks."""

import errno
import io
import itertools


def in_chunks(x, sizes):
    """`x` in chunks of the given sizes, over and over."""
    start = 0
    for size in itertools.cycle([*sizes, 1000]):
        yield x[start : start + size]
        start += size
        if start >= len(x):
            return


class Pipe(io.BytesIO):
    """A file that cannot seek, and reads and writes at most `step` bytes at a time."""

    def __init__(self, data=b"", step=1 << 20):
        super().__init__(data)
        self.step = step

    def seekable(self):
        return False

    def seek(self, *_):
        raise io.UnsupportedOperation("seek")

    tell = seek

    def read(self, size=-1):
        return super().read(self.step if size < 0 else min(size, self.step))

    def write(self, data):
        return super().write(bytes(data[: self.step]))


class Counting(io.BytesIO):
    """A file that counts the bytes that are read from it."""

    n_read = 0

    def read(self, size=-1):
        data = super().read(size)
        self.n_read += len(data)
        return data


class FullDisk(io.BytesIO):
    """A file on a disk with room for `room` bytes."""

    def __init__(self, room):
        super().__init__()
        self.room = room

    def write(self, data):
        if self.tell() + len(data) > self.room:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(data)
