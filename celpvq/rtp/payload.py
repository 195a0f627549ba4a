"""The payload format: a packet with a redundant frame and a CRC, both optional.

A payload is a byte of flags, the packet, and then whatever the flags announce:

==== =======================================================================
flag content
==== =======================================================================
1    the redundant frame of the previous packet, 3 bytes (`Encoder.redundancy`)
2    a CRC of 16 bits, high byte first
==== =======================================================================

The CRC is CRC-16-CCITT, x^16 + x^12 + x^5 + 1, from 0xFFFF. It covers the flags, the first
`CRC_COVERS` bytes of the packet and the redundant frame. The other bits of the packet are the less
sensitive ones: a bit error there does less harm than a lost frame.

>>> from celpvq.rtp import payload
>>> data = payload.pack(bytes(16), crc=True)
>>> payload.unpack(data).packet == bytes(16)
True
"""

import binascii
from dataclasses import dataclass

from ..codec.format.modes import PACKET_LENGTHS
from ..codec.format.redundancy import REDUNDANCY_BYTES
from ..errors import ArgumentError, ArgumentTypeError, ChecksumError, FormatError

HAS_REDUNDANCY, HAS_CRC = 1, 2  # flags
CRC_BYTES = 2
CRC_COVERS = 8  # bytes of the packet


@dataclass(frozen=True, slots=True)
class Payload:
    """The content of a payload."""

    packet: bytes
    redundancy: bytes = b""  # redundant frame of the previous packet; empty if not sent


def _crc(flags: int, packet: bytes, redundancy: bytes) -> bytes:
    covered = bytes([flags]) + packet[:CRC_COVERS] + redundancy
    return binascii.crc_hqx(covered, 0xFFFF).to_bytes(CRC_BYTES, "big")


def pack(packet: bytes, *, redundancy: bytes = b"", crc: bool = False) -> bytes:
    """Return the payload that carries a packet.

    Parameters
    ----------
    packet : bytes
        A packet of `Encoder`: speech, SID or NO_DATA.
    redundancy : bytes
        Redundant frame of the previous packet; by default the payload has none.
    crc : bool
        Whether to add a CRC over the most sensitive bits.

    Raises
    ------
    ArgumentError
        If `packet` or `redundancy` has a wrong length.
    """
    if len(packet) not in PACKET_LENGTHS:
        lengths = ", ".join(map(str, PACKET_LENGTHS))
        raise ArgumentError(f"packet: expected {lengths} bytes, got {len(packet)}")
    if len(redundancy) not in (0, REDUNDANCY_BYTES):
        raise ArgumentError(
            f"redundancy: expected 0 or {REDUNDANCY_BYTES} bytes, got {len(redundancy)}"
        )
    flags = HAS_REDUNDANCY * bool(redundancy) | HAS_CRC * crc
    data = bytes([flags]) + packet + redundancy
    return data + _crc(flags, packet, redundancy) if crc else data


def unpack(data: bytes) -> Payload:
    """Return the content of a payload; the inverse of `pack`.

    Raises
    ------
    ChecksumError
        If the CRC does not match.
    FormatError
        If the flags or the length do not fit the payload format.
    """
    if not isinstance(data, bytes | bytearray | memoryview):
        raise ArgumentTypeError(f"data: expected bytes, got {type(data).__name__}")
    data = bytes(data)
    if not data or data[0] & ~(HAS_REDUNDANCY | HAS_CRC):
        raise FormatError(f"payload: expected a byte of flags below 4, got {data[:1].hex()!r}")
    flags = data[0]
    end = len(data) - (CRC_BYTES if flags & HAS_CRC else 0)
    middle = end - (REDUNDANCY_BYTES if flags & HAS_REDUNDANCY else 0)
    if middle - 1 not in PACKET_LENGTHS:
        raise FormatError(f"payload: no packet fits {len(data)} bytes with flags {flags}")
    packet, redundancy = data[1:middle], data[middle:end]
    if flags & HAS_CRC and data[end:] != _crc(flags, packet, redundancy):
        raise ChecksumError(f"payload: the CRC does not match, got {data[end:].hex()}")
    return Payload(packet, redundancy)
