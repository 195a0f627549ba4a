"""Headerless sound: 16-bit samples, or the A-law and mu-law bytes of telephony [1]_.

.. [1] ITU-T Recommendation G.711, "Pulse code modulation (PCM) of voice frequencies", 1988.
"""

from collections.abc import Iterator
from functools import cache
from typing import IO

import numpy as np

from .._types import I16
from ..errors import ArgumentError, SoundFileError, TruncatedStream

RAW_SUBTYPES = ("PCM_16", "ALAW", "ULAW")  # names of soundfile
_BLOCK_LEN = 1 << 15


def check_subtype(subtype: str) -> str:
    """Return the name of a headerless format in capitals; raise `ArgumentError` if unknown."""
    if not isinstance(subtype, str) or subtype.upper() not in RAW_SUBTYPES:
        raise ArgumentError(f"subtype: expected {', '.join(RAW_SUBTYPES)}, got {subtype!r}")
    return subtype.upper()


@cache
def expansion(subtype: str) -> I16:
    """Return the samples (256,) of the bytes of ``"ALAW"`` or ``"ULAW"``."""
    byte = np.arange(256)
    if subtype == "ULAW":
        byte = ~byte & 0xFF
        magnitude = (((byte & 15) << 3) + 132 << (byte >> 4 & 7)) - 132
        negative = (byte & 0x80) > 0
    else:
        byte = byte ^ 0x55
        segment = byte >> 4 & 7
        magnitude = ((byte & 15) << 4) + 8 + 256 * (segment > 0) << np.maximum(segment - 1, 0)
        negative = (byte & 0x80) == 0
    return np.where(negative, -magnitude, magnitude).astype(np.int16)


def compress(samples: I16, subtype: str) -> bytes:
    """Return the bytes of ``"ALAW"`` or ``"ULAW"`` whose samples are nearest."""
    table = expansion(subtype)
    order = np.argsort(table, kind="stable")
    edges = (table[order][1:].astype(np.int32) + table[order][:-1]) / 2
    return bytes(order[np.searchsorted(edges, samples)].astype(np.uint8))


def raw_blocks(file: IO[bytes], subtype: str, name: str, *, strict: bool) -> Iterator[I16]:
    """Yield the samples (n, 1) of headerless sound."""
    odd = b""
    while data := file.read(_BLOCK_LEN):
        if not isinstance(data, (bytes, bytearray)):
            raise SoundFileError(f"{name}: expected bytes, got {type(data).__name__}")
        if subtype != "PCM_16":
            yield expansion(subtype)[np.frombuffer(data, np.uint8)][:, None]
            continue
        data = odd + data
        whole = len(data) & ~1
        odd = data[whole:]
        yield np.frombuffer(data[:whole], "<i2").astype(np.int16)[:, None]
    if data is None:
        raise SoundFileError(f"{name}: expected a file that waits for data, got a non-blocking one")
    if odd and strict:
        raise TruncatedStream(
            f"{name}: expected samples of 2 bytes, got one byte at the end; --partial leaves it out"
        )
