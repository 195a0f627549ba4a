"""Who sends: one stream is followed, its counters unwrapped, jumps and strangers kept out."""

from typing import NamedTuple

from ..codec.format.modes import FRAME_LEN
from .packet import RtpPacket

MAX_DROPOUT = 500  # packets that may be missing in a row, 10 s
MAX_MISORDER = 100  # packets that one may come too late
MAX_PAUSE = 500  # frames that may pass with nothing sent, 10 s
_TAKE_OVER = 25  # packets of another sender in a row, none of the one followed between them
_MAX_OTHERS = 1000
_SEQUENCES, _TIMESTAMPS = 1 << 16, 1 << 32


class Arrival(NamedTuple):
    """A packet in its stream: counters that do not wrap."""

    sequence: int
    slot: int  # frames since the first packet
    payload: bytes
    restarted: bool  # the first one of a stream
    copy: bytes = b""  # of the frame in the slot before, if there is one


def _unwrap(value: int, near: int, modulus: int) -> int:
    """Return the number congruent to `value` that is nearest to `near`."""
    half = modulus // 2
    return near + (value - near + half) % modulus - half


class Source:
    """Follow one stream of packets.

    The first packet is believed. Later ones of another SSRC, or that jump in sequence or time, are
    believed when the next one goes on from there [1]_: a sender that starts again is followed, a
    stray packet is not.

    Attributes
    ----------
    ssrc : int or None
        Who is followed.
    n_foreign : int
        Packets that were not believed.
    others : set of int
        SSRCs of these packets. The SSRC that is followed is one of them if two senders have it.

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
        """Return the packet's place in the stream, or None if it is not believed.

        `silent` says that the sender that is followed may have stopped. While it has not, another
        one has to send 25 packets in a row to be followed, none of the first sender between them.
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
        before, self._candidate = self._candidate, packet
        goes_on = before is not None and _follows(before, packet)
        self._n_candidate = self._n_candidate + 1 if goes_on else 1
        if self._n_candidate >= (2 if silent else _TAKE_OVER):
            return self._restart(packet)
        self.n_foreign += 1
        if len(self.others) < _MAX_OTHERS:
            self.others.add(packet.ssrc)
        return None

    @staticmethod
    def _plausible(step: int, ahead: int) -> bool:
        """Return whether time goes on with the sequence: a frame or more from packet to packet."""
        frames, part = divmod(ahead if step >= 0 else -ahead, FRAME_LEN)
        return part == 0 and abs(step) <= frames <= abs(step) + MAX_PAUSE

    def _restart(self, packet: RtpPacket) -> Arrival:
        self.ssrc = packet.ssrc
        self.others.discard(packet.ssrc)
        self._candidate = None
        self._sequence, self._timestamp = packet.sequence, packet.timestamp
        self._start = packet.timestamp
        return Arrival(packet.sequence, 0, packet.payload, True)


def _follows(before: RtpPacket, packet: RtpPacket) -> bool:
    """Return whether a packet is the one sent after `before`."""
    return (
        packet.ssrc == before.ssrc
        and packet.sequence == (before.sequence + 1) % _SEQUENCES
        and (packet.timestamp - before.timestamp) % FRAME_LEN == 0
    )
