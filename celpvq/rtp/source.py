"""The source: follow one stream, unwrap its counters, and reject other packets."""

from typing import NamedTuple

from ..codec.format.modes import FRAME_LEN
from .packet import RtpPacket

MAX_DROPOUT = 500  # packets that may be missing in a row, 10 s
MAX_MISORDER = 100  # packets by which one may be late
MAX_PAUSE = 500  # frames of NO_DATA in a row, 10 s
_TAKE_OVER = 25  # packets in a row of another sender, uninterrupted by the one that is followed
_MAX_OTHERS = 1000
_SEQUENCES, _TIMESTAMPS = 1 << 16, 1 << 32


class Arrival(NamedTuple):
    """A packet and its place in the stream, by counters that do not wrap."""

    sequence: int
    slot: int  # frames since the first packet
    packet: bytes
    restarted: bool  # the first packet of a stream
    redundancy: bytes = b""  # redundant frame of the previous slot, if there is one


def _unwrap(value: int, near: int, modulus: int) -> int:
    """Return the number congruent to `value` that is nearest to `near`."""
    half = modulus // 2
    return near + (value - near + half) % modulus - half


class Source:
    """Follow one stream of packets.

    The first packet is accepted. A later packet with another SSRC, or with a jump in sequence or
    time, is accepted once the next packet continues from it [1]_. So the source follows a sender
    that starts again, and rejects a stray packet.

    Attributes
    ----------
    ssrc : int or None
        The sender that is followed.
    n_foreign : int
        Packets that were rejected.
    others : set of int
        SSRCs of these packets. It includes the SSRC that is followed if two senders use it.

    References
    ----------
    .. [1] RFC 3550, appendix A.1.
    """

    def __init__(self) -> None:
        self.ssrc: int | None = None
        self.n_foreign = 0
        self._sequence = self._timestamp = self._start = 0
        self._candidate: RtpPacket | None = None
        self._n_candidate = 0  # its packets in a row
        self.others: set[int] = set()

    def accept(self, packet: RtpPacket, *, silent: bool = True) -> Arrival | None:
        """Return the packet with its place in the stream, or None if it is rejected.

        `silent`: the sender that is followed may have stopped. Otherwise another sender is followed
        only after 25 packets in a row, without any of the first sender between them.
        """
        if packet.ssrc == self.ssrc:
            sequence = _unwrap(packet.sequence, self._sequence, _SEQUENCES)
            timestamp = _unwrap(packet.timestamp, self._timestamp, _TIMESTAMPS)
            step = sequence - self._sequence
            ahead = timestamp - self._timestamp
            if -MAX_MISORDER <= step <= MAX_DROPOUT and self._plausible(step, ahead):
                self._candidate = None
                if step > 0:
                    self._sequence, self._timestamp = sequence, timestamp
                slot = (timestamp - self._start) // FRAME_LEN
                return Arrival(sequence, slot, packet.payload, False)
        elif self.ssrc is None:
            return self._restart(packet)
        previous, self._candidate = self._candidate, packet
        continues = previous is not None and _follows(previous, packet)
        self._n_candidate = self._n_candidate + 1 if continues else 1
        if self._n_candidate >= (2 if silent else _TAKE_OVER):
            return self._restart(packet)
        self.n_foreign += 1
        if len(self.others) < _MAX_OTHERS:
            self.others.add(packet.ssrc)
        return None

    @staticmethod
    def _plausible(step: int, ahead: int) -> bool:
        """Return whether the timestamp advances by a frame or more for each packet."""
        frames, part = divmod(ahead if step >= 0 else -ahead, FRAME_LEN)
        return part == 0 and abs(step) <= frames <= abs(step) + MAX_PAUSE

    def _restart(self, packet: RtpPacket) -> Arrival:
        self.ssrc = packet.ssrc
        self.others.discard(packet.ssrc)
        self._candidate = None
        self._sequence, self._timestamp = packet.sequence, packet.timestamp
        self._start = packet.timestamp
        return Arrival(packet.sequence, 0, packet.payload, True)


def _follows(previous: RtpPacket, packet: RtpPacket) -> bool:
    """Return whether a packet was sent right after `previous`."""
    return (
        packet.ssrc == previous.ssrc
        and packet.sequence == (previous.sequence + 1) % _SEQUENCES
        and (packet.timestamp - previous.timestamp) % FRAME_LEN == 0
    )
