"""From payloads to datagrams, without sockets and clocks."""

import secrets

from ..codec.format.modes import FRAME_LEN
from .packet import PAYLOAD_TYPE, RtpPacket, bye


class Sender:
    """Number the packets of a stream.

    Parameters
    ----------
    payload_type : int
        The RTP payload type, as agreed with the receiver.
    ssrc, sequence, timestamp : int, optional
        First values; by default random, as RFC 3550 requires.
    """

    def __init__(
        self, payload_type: int = PAYLOAD_TYPE, *,
        ssrc: int | None = None, sequence: int | None = None, timestamp: int | None = None,
    ) -> None:  # fmt: skip
        self.payload_type = payload_type
        self.ssrc = secrets.randbits(32) if ssrc is None else ssrc
        self._sequence = secrets.randbits(16) if sequence is None else sequence
        self._timestamp = secrets.randbits(32) if timestamp is None else timestamp
        self._paused = True

    def datagram(self, payload: bytes) -> bytes | None:
        """Return the datagram for the payload of the next frame, or None for NO_DATA."""
        data = None
        if payload:
            data = RtpPacket(
                self._sequence, self._timestamp, self.ssrc, payload, self._paused, self.payload_type
            ).to_bytes()
            self._sequence = (self._sequence + 1) % (1 << 16)
        self._paused = not payload
        self._timestamp = (self._timestamp + FRAME_LEN) % (1 << 32)
        return data

    def bye(self) -> bytes:
        """Return the datagram that ends the stream."""
        return bye(self.ssrc)
