"""Packets as softbits, in the file format of ITU-T G.192 [1]_.

A frame is a sync word, the number of its bits, and a word for each bit, all of 16 bits. Both byte
orders can be read; files are written little-endian. A frame is lost if its sync word says "erased",
whatever bits follow.

.. [1] ITU-T Recommendation G.192, "A common digital parallel interface for speech standardization
   activities", 1996, annex B.
"""

from collections.abc import Iterable, Iterator
from typing import IO

import numpy as np
from numpy.typing import NDArray

from ..errors import FormatError, TruncatedStream
from ..output import Sink, write_all
from .losses import Packet

GOOD, ERASED = 0x6B21, 0x6B20  # sync words
ZERO, ONE = 0x007F, 0x0081  # softbits
_MAX_BITS = 8 * 255  # of a frame; no packet is longer


def write_g192(file: Sink, packets: Iterable[Packet]) -> int:
    """Write packets, lost ones as erased frames without bits; return their number."""
    n = 0
    for packet in packets:
        bits = np.unpackbits(np.frombuffer(packet or b"", np.uint8))
        sync = ERASED if packet is None else GOOD
        words = np.concatenate([[sync, len(bits)], np.where(bits, ONE, ZERO)])
        write_all(file, words.astype("<u2").tobytes())
        n += 1
    return n


def read_g192(file: IO[bytes]) -> Iterator[Packet]:
    """Yield packets, and None for erased frames.

    Raises
    ------
    FormatError
        If a sync word or a softbit has another value, or a frame is not a number of whole bytes.
    TruncatedStream
        If the data end within a frame.
    """
    order = ""
    frame = 0
    while head := _read(file, 4, frame):
        if not order:
            order = ">" if head[0] == GOOD >> 8 else "<"
        sync, n = np.frombuffer(head, f"{order}u2").tolist()
        if sync not in (GOOD, ERASED):
            raise FormatError(
                f"frame {frame}: expected a sync word 0x6B21 or 0x6B20, got {sync:#06x}"
            )
        if n > _MAX_BITS or n % 8:
            raise FormatError(
                f"frame {frame}: expected whole bytes, at most {_MAX_BITS} bits, got {n}"
            )
        data = _read(file, 2 * n, frame)
        if len(data) < 2 * n:
            raise TruncatedStream(f"frame {frame}: expected {n} bits, got the end of the file")
        yield None if sync == ERASED else _packet(np.frombuffer(data, f"{order}u2"), frame)
        frame += 1


def _packet(softbits: NDArray[np.uint16], frame: int) -> bytes:
    other = softbits[(softbits != ZERO) & (softbits != ONE)]
    if len(other):
        raise FormatError(f"frame {frame}: expected softbits 0x007F or 0x0081, got {other[0]:#06x}")
    return np.packbits(softbits == ONE).tobytes()


def _read(file: IO[bytes], size: int, frame: int) -> bytes:
    """Return the next `size` bytes, or no bytes at the end of the file."""
    data = b""
    while len(data) < size and (part := file.read(size - len(data))):
        data += part
    if 0 < len(data) < size:
        raise TruncatedStream(f"frame {frame}: expected {size} more bytes, got {len(data)}")
    return data
