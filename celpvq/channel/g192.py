"""Files of the ITU-T's tools: packets as softbits [1]_, and patterns of losses and wrong bits [2]_.

A frame is a sync word, the number of its bits, and a word for each bit, all of 16 bits. Words of
either byte order are read, little-endian ones written. A frame with the sync word of an erasure is
lost, whatever bits follow. Patterns have a word for each frame or each bit; the low byte of it (the
byte-oriented form); or a bit, 1 for what is lost, the first one lowest in the first byte (compact).

.. [1] ITU-T Recommendation G.192, "A common digital parallel interface for speech standardization
   activities", 1996, annex B.
.. [2] ITU-T Recommendation G.191, "Software tools for speech and audio coding standardization",
   2019: the error insertion device.
"""

from collections.abc import Iterable, Iterator
from typing import IO, Literal, NamedTuple

import numpy as np

from ..errors import ArgumentError, FormatError, TruncatedStream
from ..output import Sink, write_all
from .losses import Mask, Packet

GOOD, ERASED = 0x6B21, 0x6B20
ZERO, ONE = 0x007F, 0x0081
MAX_BITS = 8 * 255  # of a frame: no packet is longer
Form = Literal["g192", "byte", "compact"]
Kind = Literal["frames", "bits"]
_CODES = {"frames": (GOOD, ERASED), "bits": (ZERO, ONE)}


class Pattern(NamedTuple):
    """What an error pattern says: which frames are lost, or which bits are wrong."""

    kind: Kind
    mask: Mask  # (n,)


def write_g192(file: Sink, packets: Iterable[Packet]) -> int:
    """Write packets; what is lost as an erased frame without bits. Return how many."""
    n = 0
    for packet in packets:
        bits = np.unpackbits(np.frombuffer(packet or b"", np.uint8))
        sync = ERASED if packet is None else GOOD
        words = np.concatenate([[sync, len(bits)], np.where(bits, ONE, ZERO)])
        write_all(file, words.astype("<u2").tobytes())
        n += 1
    return n


def read_g192(file: IO[bytes]) -> Iterator[Packet]:
    """Yield packets: None for erased frames.

    Raises
    ------
    FormatError
        If a word is none of those expected, or the bits of a frame are not whole bytes.
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
        if n > MAX_BITS or n % 8:
            raise FormatError(
                f"frame {frame}: expected whole bytes, at most {MAX_BITS} bits, got {n}"
            )
        data = _read(file, 2 * n, frame)
        if len(data) < 2 * n:
            raise TruncatedStream(f"frame {frame}: expected {n} bits, got the end")
        words = np.frombuffer(data, f"{order}u2")
        if sync == ERASED:
            yield None
        else:
            yield _packet(words, frame)
        frame += 1


def _packet(words: np.ndarray[tuple[int], np.dtype[np.uint16]], frame: int) -> bytes:
    odd = words[(words != ZERO) & (words != ONE)]
    if len(odd):
        raise FormatError(f"frame {frame}: expected softbits 0x007F or 0x0081, got {odd[0]:#06x}")
    return np.packbits(words == ONE).tobytes()


def _read(file: IO[bytes], size: int, frame: int) -> bytes:
    """Return the next `size` bytes, or none at the end of the file."""
    data = b""
    while len(data) < size and (part := file.read(size - len(data))):
        data += part
    if 0 < len(data) < size:
        raise TruncatedStream(f"frame {frame}: expected {size} more bytes, got {len(data)}")
    return data


def write_pattern(file: Sink, pattern: Pattern, form: Form = "g192") -> None:
    """Write an error pattern."""
    mask = np.asarray(pattern.mask, dtype=bool)
    if form == "compact":
        write_all(file, np.packbits(mask, bitorder="little").tobytes())
        return
    good, bad = _CODES[pattern.kind]
    words = np.where(mask, bad, good)
    write_all(file, (words & 255).astype("u1").tobytes() if form == "byte"
              else words.astype("<u2").tobytes())  # fmt: skip


def read_pattern(data: bytes, compact: Kind | None = None) -> Pattern:
    """Return what the bytes of an error pattern say.

    Parameters
    ----------
    data : bytes
        The whole file.
    compact : {"frames", "bits"}, optional
        The form is compact, which data cannot tell, and its bits stand for these.

    Raises
    ------
    ArgumentError
        If there is no such kind.
    FormatError
        If the data are empty, or none of the other forms.
    """
    if not data:
        raise FormatError("error pattern: expected at least one frame or bit, got no data")
    if compact is not None:
        if compact not in _CODES:
            raise ArgumentError(f"compact: expected frames or bits, got {compact!r}")
        return Pattern(compact, np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little") > 0)
    readings = [np.frombuffer(data, np.uint8)]
    if len(data) % 2 == 0:
        readings += [np.frombuffer(data, "<u2"), np.frombuffer(data, ">u2")]
    for values in readings:
        for kind, codes in _CODES.items():
            good, bad = (code & (255 if values.itemsize == 1 else 0xFFFF) for code in codes)
            if ((values == good) | (values == bad)).all():
                return Pattern(kind, values == bad)  # type: ignore[arg-type]
    raise FormatError(
        "error pattern: expected only 0x6B21 and 0x6B20, or 0x007F and 0x0081, or their low bytes"
    )
