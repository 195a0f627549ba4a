"""The jitter buffer: packets arrive at any time, frames leave every 20 ms.

It has no clock of its own: every call takes the time [s], counted from any start. To keep the depth
near its target, the buffer inserts or skips frames, in pauses if possible.
"""

from collections import deque
from dataclasses import dataclass

from ..codec.format.modes import SID_BYTES
from .delay import FRAME_S, PlayoutDelay
from .source import MAX_MISORDER, Arrival

_MAX_EXCESS_S = 0.1  # over the target: frames are skipped at once, speech as well
_CAPACITY = 250  # packets
_LATE_RUN = 10  # packets late in a row: the sender's clock has changed


@dataclass
class JitterStats:
    """Numbers of packets and frames since the start."""

    received: int = 0  # packets, without duplicates
    duplicate: int = 0
    reordered: int = 0  # arrived after a later packet
    late: int = 0  # arrived after the playout of their frame
    overflow: int = 0  # arrived when the buffer was full
    restarts: int = 0
    played: int = 0  # frames whose packet was there
    concealed: int = 0  # frames whose packet was lost or late
    redundant: int = 0  # concealed frames whose redundant frame was there
    no_data: int = 0  # frames without a packet, as in a pause under DTX or before playout starts
    skipped: int = 0  # frames that were left out to shorten the delay


class JitterBuffer:
    """Put packets in order and in time.

    Parameters
    ----------
    depth_ms : float
        How long a packet of the least delay waits [0 to 2000 ms]. Jitter up to this does no harm.
    max_depth_ms : float, optional
        Adapt the depth to the jitter, from `depth_ms` to this. By default the depth is fixed.

    Raises
    ------
    ArgumentError
        If a depth is out of range.

    Attributes
    ----------
    next_arrival : Arrival or None
        If `pop` returned None: the packet of the frame after the lost one, if it is there already.
    """

    def __init__(self, depth_ms: float = 60.0, max_depth_ms: float | None = None) -> None:
        self.delay = PlayoutDelay(depth_ms, depth_ms if max_depth_ms is None else max_depth_ms)
        self.stats = JitterStats()
        self.next_arrival: Arrival | None = None
        self._packets: dict[int, Arrival] = {}  # by slot
        self._sequences = deque[int](maxlen=2 * MAX_MISORDER)  # of the last packets
        self._clear()

    def _clear(self) -> None:
        self._packets.clear()
        self.delay.clear()
        self._next = 0  # slot
        self._last: int | None = None  # sequence number: all up to it were played or given up
        self._paused = True  # a SID came last: frames without a packet are NO_DATA
        self._started = False
        self._late_run = 0

    def __len__(self) -> int:
        return len(self._packets)

    def put(self, arrival: Arrival, now: float) -> None:
        """Take a packet that arrives now."""
        if arrival.restarted:
            self._restart()
            self._sequences.clear()
        if arrival.sequence in self._sequences:
            self.stats.duplicate += 1
            return
        late = self._started and arrival.slot < self._next
        self._late_run = self._late_run + 1 if late else 0
        if self._late_run == _LATE_RUN:
            self._restart()
            late = False
        self.stats.received += 1
        self.stats.reordered += arrival.sequence < max(self._sequences, default=arrival.sequence)
        self._sequences.append(arrival.sequence)
        self.delay.arrived(arrival.slot, now)
        if not self._started:
            self._next = min([arrival.slot, *self._packets])
        if late:
            self.stats.late += 1
            self._give_up(arrival)
        elif len(self._packets) >= _CAPACITY:
            self.stats.overflow += 1
        else:
            self._packets[arrival.slot] = arrival

    def _restart(self) -> None:
        self.stats.restarts += self.stats.received > 0
        self._clear()

    def _give_up(self, arrival: Arrival) -> None:
        """Note that a packet will not be played, so that it does not count as lost."""
        self._last = max(arrival.sequence, self._last or arrival.sequence)

    def depth_s(self, now: float) -> float:
        """Return the depth of the next frame if it is played now [s]."""
        return self.delay.depth_s(self._next, now)

    def overdue_s(self, now: float) -> float:
        """Return the time since the next frame was due [s]; negative before."""
        return self.depth_s(now) - self.delay.target_s

    def due(self, now: float) -> bool:
        """Return whether it is time for the next frame; not before the first packet."""
        return bool(self.delay) and self.overdue_s(now) >= -1e-9

    def pop(self, now: float) -> bytes | None:
        """Return the packet of the frame to play now.

        It is ``b""`` for NO_DATA, and before playout starts. It is None for a lost packet.
        """
        self.next_arrival = None
        if not self._started:
            if not self.due(now):
                return self._absent(lost=False)
            self._started = True
        excess = self.overdue_s(now)
        if excess > _MAX_EXCESS_S:
            self._skip_to(self._next + int(excess / FRAME_S))
        elif excess > FRAME_S and self._next_is_pause():
            self._skip_to(self._next + 1)
        elif excess < -FRAME_S / 2:  # insert a frame
            return self._absent(lost=not self._paused)
        self.delay.played(self._next, now)
        arrival = self._packets.pop(self._next, None)
        lost = arrival is None and self._is_lost()
        self._next += 1
        if arrival is None:
            self.next_arrival = self._packets.get(self._next) if lost else None
            self.stats.redundant += bool(self.next_arrival and self.next_arrival.redundancy)
            return self._absent(lost)
        self.stats.played += 1
        self._last = arrival.sequence
        self._paused = _is_sid(arrival)
        return arrival.packet

    def _absent(self, lost: bool) -> bytes | None:
        self.stats.concealed += lost
        self.stats.no_data += not lost
        return None if lost else b""

    def _next_is_pause(self) -> bool:
        arrival = self._packets.get(self._next)
        return self._paused if arrival is None else _is_sid(arrival)

    def _skip_to(self, slot: int) -> None:
        self.stats.skipped += slot - self._next
        self._next = slot
        for old in [old for old in self._packets if old < slot]:
            self._give_up(self._packets.pop(old))

    def _is_lost(self) -> bool:
        """Return whether the next frame, which has no packet here, had one.

        The sequence number of the next packet says how many packets are missing before it. If these
        are fewer than the frames, the frames nearest to speech count as lost.
        """
        if not self._packets or self._last is None:
            return not self._paused
        slot = min(self._packets)
        missing = self._packets[slot].sequence - self._last - 1
        slots = slot - self._next
        lost = missing >= slots if self._paused else missing > 0
        self._last += lost
        return lost


def _is_sid(arrival: Arrival) -> bool:
    return len(arrival.packet) == SID_BYTES
