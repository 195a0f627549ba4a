"""Whether a sound file has all that its headers declare; libsndfile does not say.

Lengths that stand for "written to a pipe" (0xFFFFFFFF, 0x7FFFF000 to 0x7FFFFFFF) declare nothing.
"""

import os
import struct
from typing import IO

from ..errors import TruncatedStream

_ALL_ONES = 0xFFFFFFFF
_OPEN_ENDED = range(0x7FFFF000, 0x80000000)
_MAX_OGG_PAGE = 27 + 255 + 255 * 255
_OGG_LAST = 4  # flag of a page


def check_whole(file: IO[bytes], name: str) -> None:
    """Raise `TruncatedStream` if a WAV, RF64, AIFF, AU or Ogg file is shorter than it declares."""
    size = file.seek(0, os.SEEK_END)
    if not _ogg_ends(file, size):
        raise TruncatedStream(f"{name}: the Ogg file ends before its last page")
    declared, start = _declared_data(file, size)
    if declared is not None and start + declared > size:
        raise TruncatedStream(
            f"{name}: expected {declared} bytes of sound, as its header says, got {size - start}"
        )


def _declared_data(file: IO[bytes], size: int) -> tuple[int | None, int]:
    """Return the declared bytes of sound, if any, and where they start."""
    file.seek(0)
    head = file.read(12)
    if len(head) == 12 and head[:4] == b".snd":
        start, declared = struct.unpack(">II", head[4:])
        return (None if declared == _ALL_ONES else declared), start
    if head[:4] in (b"RIFF", b"RF64") and head[8:] == b"WAVE":
        layout, data_id = "<4sI", b"data"
    elif head[:4] == b"FORM" and head[8:] in (b"AIFF", b"AIFC"):
        layout, data_id = ">4sI", b"SSND"
    else:
        return None, 0
    declared_64 = None
    while len(chunk := file.read(8)) == 8:
        chunk_id, length = struct.unpack(layout, chunk)
        start = file.tell()
        if chunk_id == b"ds64" and len(ds64 := file.read(16)) == 16:
            declared_64 = int.from_bytes(ds64[8:], "little")
        if chunk_id == data_id:
            if length == _ALL_ONES:
                return declared_64, start
            return (None if length in _OPEN_ENDED else length), start
        if start + length > size:
            break
        file.seek(start + length + length % 2)
    return None, 0


def _ogg_ends(file: IO[bytes], size: int) -> bool:
    """Return whether an Ogg file ends with a page that says so and is whole; True for others."""
    file.seek(0)
    if file.read(4) != b"OggS":
        return True
    file.seek(max(size - 2 * _MAX_OGG_PAGE, 0))
    tail = file.read()
    page = tail[tail.rfind(b"OggS") :]
    if len(page) < 27 or not page[5] & _OGG_LAST:
        return False
    lengths = page[27 : 27 + page[26]]
    return len(lengths) == page[26] and len(page) >= 27 + len(lengths) + sum(lengths)
