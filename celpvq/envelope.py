"""The transport envelope: what may travel around a packet, and is never in it.

An envelope is a byte of flags, the packet, then what the flags name:

==== =======================================================================
flag content
==== =======================================================================
1    a coarse copy of the frame before, 3 bytes (`Encoder.last_copy` of then)
2    a CRC of 16 bits, high byte first, over all but the end of the packet
==== =======================================================================

The CRC covers the byte of flags, the first `COVERED` bytes of the packet, which hold its most
sensitive bits, and the copy: a wrong bit in the rest does less harm than a lost frame. It is that
of CCITT, x^16 + x^12 + x^5 + 1, from 0xFFFF.

>>> from celpvq import envelope
>>> data = envelope.pack(bytes(16), crc=True)
>>> envelope.unpack(data).packet == bytes(16)
True
"""

import binascii
from dataclasses import dataclass

from .codec.format.modes import BY_LENGTH, SID_BYTES
from .codec.format.redundancy import REDUNDANCY_BYTES
from .errors import ArgumentError, ArgumentTypeError, ChecksumError, FormatError

HAS_COPY, HAS_CRC = 1, 2  # flags
COVERED = 8
CRC_BYTES = 2
_LENGTHS = (0, SID_BYTES, *BY_LENGTH)


@dataclass(frozen=True, slots=True)
class Envelope:
    """What came in an envelope."""

    packet: bytes
    copy: bytes = b""  # of the frame before; empty if there is none


def _crc(flags: int, packet: bytes, copy: bytes) -> bytes:
    covered = bytes([flags]) + packet[:COVERED] + copy
    return binascii.crc_hqx(covered, 0xFFFF).to_bytes(CRC_BYTES, "big")


def pack(packet: bytes, *, copy: bytes = b"", crc: bool = False) -> bytes:
    """Return a packet in its envelope.

    Parameters
    ----------
    packet : bytes
        Any that `Encoder` makes; an empty one as well.
    copy : bytes
        Of the frame before, if it is to be sent.
    crc : bool
        Whether to protect the most sensitive bits.

    Raises
    ------
    ArgumentError
        If a length is none of a packet, or of a copy.
    """
    if len(packet) not in _LENGTHS:
        lengths = ", ".join(map(str, _LENGTHS))
        raise ArgumentError(f"packet: expected {lengths} bytes, got {len(packet)}")
    if len(copy) not in (0, REDUNDANCY_BYTES):
        raise ArgumentError(f"copy: expected none or {REDUNDANCY_BYTES} bytes, got {len(copy)}")
    flags = HAS_COPY * bool(copy) | HAS_CRC * crc
    data = bytes([flags]) + packet + copy
    return data + _crc(flags, packet, copy) if crc else data


def unpack(data: bytes) -> Envelope:
    """Return what is in an envelope: the inverse of `pack`.

    Raises
    ------
    ChecksumError
        If the CRC does not agree.
    FormatError
        If the data are no envelope.
    """
    if not isinstance(data, bytes | bytearray | memoryview):
        raise ArgumentTypeError(f"data: expected bytes, got {type(data).__name__}")
    data = bytes(data)
    if not data or data[0] & ~(HAS_COPY | HAS_CRC):
        raise FormatError(f"envelope: expected a byte of flags below 4, got {data[:1].hex()!r}")
    flags = data[0]
    n_copy = REDUNDANCY_BYTES if flags & HAS_COPY else 0
    end = len(data) - (CRC_BYTES if flags & HAS_CRC else 0)
    packet, copy = data[1 : max(end - n_copy, 1)], data[max(end - n_copy, 1) : max(end, 1)]
    if end - n_copy < 1 or len(packet) not in _LENGTHS:
        raise FormatError(f"envelope: no packet makes one of {len(data)} bytes, flags {flags}")
    if flags & HAS_CRC and data[end:] != _crc(flags, packet, copy):
        raise ChecksumError(f"envelope: the CRC does not agree, got {data[end:].hex()}")
    return Envelope(packet, copy)
