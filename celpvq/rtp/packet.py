"""Datagrams: RTP packets [1]_, and the RTCP packet BYE, which ends a stream.

Both arrive on one port. The second byte tells them apart [2]_.

.. [1] H. Schulzrinne et al., "RTP: A transport protocol for real-time applications", RFC 3550,
   2003, sections 5.1 and 6.6.
.. [2] C. Perkins and M. Westerlund, "Multiplexing RTP data and control packets on a single port",
   RFC 5761, 2010, section 4.
"""

import struct
from typing import NamedTuple

from ..errors import ArgumentError, FormatError

PAYLOAD_TYPE = 97  # dynamic: sender and receiver agree on it; `payload` has the next one
VERSION = 2
MAX_DATAGRAM = 1500  # bytes
_HEADER = struct.Struct(">BBHII")
_RTCP = struct.Struct(">BBHI")  # with the sender's SSRC
_EMPTY_REPORT, _BYE = 201, 203


class RtpPacket(NamedTuple):
    """A payload with its RTP header."""

    sequence: int  # 16 bits, counts packets
    timestamp: int  # 32 bits [samples at 8 kHz]
    ssrc: int  # 32 bits, identifies the sender
    payload: bytes
    marker: bool = False  # the first packet after a pause
    payload_type: int = PAYLOAD_TYPE

    def to_bytes(self) -> bytes:
        """Return the datagram.

        Raises
        ------
        ArgumentError
            If a number does not fit its bits.
        """
        if not 0 <= self.payload_type < 128:
            raise ArgumentError(f"payload type: expected 0 to 127, got {self.payload_type}")
        kind = self.marker << 7 | self.payload_type
        try:
            head = _HEADER.pack(VERSION << 6, kind, self.sequence, self.timestamp, self.ssrc)
        except struct.error as error:
            raise ArgumentError(f"RTP header: {error}") from None
        return head + self.payload

    @classmethod
    def from_bytes(cls, data: bytes) -> "RtpPacket":
        """Return the packet of a datagram; skip contributing sources, extension and padding.

        Raises
        ------
        FormatError
            If the datagram is not an RTP packet.
        """
        if not _HEADER.size <= len(data) <= MAX_DATAGRAM:
            raise FormatError(f"RTP: expected 12 to {MAX_DATAGRAM} bytes, got {len(data)}")
        first, kind, sequence, timestamp, ssrc = _HEADER.unpack_from(data)
        if first >> 6 != VERSION:
            raise FormatError(f"RTP: expected version {VERSION}, got {first >> 6}")
        start, end = _HEADER.size + 4 * (first & 15), len(data)
        if first & 16:  # extension: 16 bits for its user, then its length in units of 32 bits
            if end < start + 4:
                raise FormatError(f"RTP: the extension does not fit {end} bytes")
            start += 4 + 4 * int.from_bytes(data[start + 2 : start + 4])
        if first & 32:  # padding: its last byte counts it
            if data[-1] == 0:
                raise FormatError("RTP: expected 1 or more bytes of padding, got 0")
            end -= data[-1]
        if start > end:
            raise FormatError(f"RTP: header and padding take more than {len(data)} bytes")
        return cls(sequence, timestamp, ssrc, data[start:end], bool(kind >> 7), kind & 127)


def is_rtcp(data: bytes) -> bool:
    """Return whether a datagram is RTCP rather than RTP."""
    return len(data) >= 2 and 192 <= data[1] <= 223


def bye(ssrc: int) -> bytes:
    """Return the datagram that ends a stream: an empty receiver report and BYE."""
    report = _RTCP.pack(VERSION << 6, _EMPTY_REPORT, 1, ssrc)
    return report + _RTCP.pack(VERSION << 6 | 1, _BYE, 1, ssrc)


def bye_sources(data: bytes) -> set[int]:
    """Return the senders whose streams an RTCP datagram ends.

    Raises
    ------
    FormatError
        If the datagram is not a sequence of whole RTCP packets.
    """
    sources = set()
    while data:
        if len(data) < 4 or data[0] >> 6 != VERSION:
            raise FormatError("RTCP: expected a packet of version 2")
        size = 4 * (int.from_bytes(data[2:4]) + 1)
        n_sources = data[0] & 31
        if size > len(data) or (data[1] == _BYE and size < 4 + 4 * n_sources):
            raise FormatError(f"RTCP: expected {size} bytes, got {len(data)}")
        if data[1] == _BYE:
            sources |= {int.from_bytes(data[4 + 4 * i : 8 + 4 * i]) for i in range(n_sources)}
        data = data[size:]
    return sources
