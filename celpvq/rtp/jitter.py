"""The jitter buffer: packets come when they come, frames go out one every 20 ms.

It has no clock of its own: every call says what time it is [s], from any start. A packet's delay is
its arrival less its place in the stream; the least of the last ones is the network's, what others
took beyond it is jitter. A frame is played `target` seconds after a packet of the least delay would
have brought it. That distance is kept by frames put in or left out, where nothing sounds if
possible.
"""

from collections import deque
from dataclasses import dataclass

from ..codec.format.modes import FRAME_LEN, SAMPLERATE, SID_BYTES
from ..errors import ArgumentError
from .source import MAX_MISORDER, Arrival

FRAME_S = FRAME_LEN / SAMPLERATE
_WINDOW = 250  # packets whose delays count
_COVERED = 0.98  # share of them that an adaptive depth waits for
_MARGIN_S = 0.01
_HARD_S = 0.1  # beyond the target: skip at once, whatever is lost
_CAPACITY = 250  # packets
_LATE_RUN = 10  # packets late in a row: the sender's clock has changed


@dataclass
class JitterStats:
    """Counts since the start."""

    received: int = 0  # packets, the first copy of each
    duplicate: int = 0
    reordered: int = 0  # came after a later one
    late: int = 0  # came after their time: lost as well
    overflow: int = 0  # no room: far too early
    restarts: int = 0
    played: int = 0
    concealed: int = 0  # frames for which nothing was there
    copied: int = 0  # of these: a copy came with the next packet
    silent: int = 0  # frames of which nothing was sent
    skipped: int = 0  # frames left out to shorten the delay


class JitterBuffer:
    """Put packets in order and in time.

    Parameters
    ----------
    depth_ms : float
        How long a packet of the least delay waits [0 to 2000 ms], so much jitter does no harm.
    max_depth_ms : float, optional
        Adapt the depth to the jitter, between both.

    Raises
    ------
    ArgumentError
        If a depth is out of range.

    Attributes
    ----------
    after : Arrival or None
        If the frame that went out last is lost: the packet of the next one, if it is there already.
    """

    def __init__(self, depth_ms: float = 60.0, max_depth_ms: float | None = None) -> None:
        most = depth_ms if max_depth_ms is None else max_depth_ms
        if not 0 <= depth_ms <= most <= 2000:
            raise ArgumentError(
                f"depth: expected 0 to 2000 ms, at most its maximum, got {depth_ms} and {most}"
            )
        self.stats = JitterStats()
        self.after: Arrival | None = None
        self._waited_s, self._n_out = 0.0, 0
        self._least_s, self._most_s = depth_ms / 1000, most / 1000
        self._packets: dict[int, Arrival] = {}  # by slot
        self._seen = deque[int](maxlen=2 * MAX_MISORDER)  # sequence numbers
        self._clear()

    def _clear(self) -> None:
        self._packets.clear()
        self._delays = deque[float](maxlen=_WINDOW)
        self._next = 0  # slot
        self._last: int | None = None  # sequence number that is accounted for
        self._quiet = True  # the last frame said that silence follows
        self._started = False
        self._late_run = 0

    @property
    def target_s(self) -> float:
        """The depth that is kept [s]."""
        if self._most_s == self._least_s or not self._delays:
            return self._least_s
        ordered = sorted(self._delays)
        jitter = ordered[int(_COVERED * (len(ordered) - 1))] - ordered[0]
        return min(max(jitter + _MARGIN_S, self._least_s), self._most_s)

    def depth_s(self, now: float) -> float:
        """Return how long the next frame has waited, had its packet the least delay [s]."""
        return now - self._next * FRAME_S - min(self._delays, default=now)

    @property
    def mean_depth_s(self) -> float:
        """How long frames have waited in the mean, had they had the least delay [s]."""
        return self._waited_s / max(self._n_out, 1)

    def __len__(self) -> int:
        return len(self._packets)

    def put(self, arrival: Arrival, now: float) -> None:
        """Take a packet that arrives now."""
        if arrival.restarted:
            self._restart()
            self._seen.clear()
        if arrival.sequence in self._seen:
            self.stats.duplicate += 1
            return
        late = self._started and arrival.slot < self._next
        self._late_run = self._late_run + 1 if late else 0
        if self._late_run == _LATE_RUN:
            self._restart()
            late = False
        self.stats.received += 1
        self.stats.reordered += bool(self._seen) and arrival.sequence < max(self._seen)
        self._seen.append(arrival.sequence)
        self._delays.append(now - arrival.slot * FRAME_S)
        if not self._started:
            self._next = min([arrival.slot, *self._packets])
        if late:
            self.stats.late += 1
            self._last = max(arrival.sequence, self._last or arrival.sequence)
        elif len(self._packets) >= _CAPACITY:
            self.stats.overflow += 1
        else:
            self._packets[arrival.slot] = arrival

    def _restart(self) -> None:
        self.stats.restarts += self.stats.received > 0
        self._clear()

    def due(self, now: float) -> bool:
        """Return whether it is time for the next frame; not before the first packet."""
        return bool(self._delays) and self.depth_s(now) >= self.target_s - 1e-9

    def pop(self, now: float) -> bytes | None:
        """Return the frame to play now: b"" if nothing was sent, None if nothing arrived.

        Before playing starts, it is b"".
        """
        self.after = None
        if not self._started:
            if not self.due(now):
                return b""
            self._started = True
        spare = self.depth_s(now) - self.target_s
        if spare > _HARD_S:
            self._skip_to(self._next + int(spare / FRAME_S))
        elif spare > FRAME_S and self._nothing_sounds():
            self._skip_to(self._next + 1)
        elif spare < -FRAME_S / 2:  # put a frame in
            return self._absent(lost=not self._quiet)
        self._waited_s += self.depth_s(now)
        self._n_out += 1
        arrival = self._packets.pop(self._next, None)
        lost = arrival is None and self._is_lost()
        self._next += 1
        if arrival is None:
            self.after = self._packets.get(self._next) if lost else None
            self.stats.copied += self.after is not None and bool(self.after.copy)
            return self._absent(lost)
        self.stats.played += 1
        self._last = arrival.sequence
        self._quiet = len(arrival.payload) == SID_BYTES
        return arrival.payload

    def _absent(self, lost: bool) -> bytes | None:
        self.stats.concealed += lost
        self.stats.silent += not lost
        return None if lost else b""

    def _nothing_sounds(self) -> bool:
        arrival = self._packets.get(self._next)
        return self._quiet if arrival is None else len(arrival.payload) == SID_BYTES

    def _skip_to(self, slot: int) -> None:
        self.stats.skipped += slot - self._next
        self._next = slot
        for old in [old for old in self._packets if old < slot]:
            arrival = self._packets.pop(old)
            self._last = max(arrival.sequence, self._last or arrival.sequence)

    def _is_lost(self) -> bool:
        """Return whether a packet was sent for the next slot, which is empty.

        A later packet tells how many are missing before it. If that is fewer than the slots, they
        are those nearest to speech.
        """
        if not self._packets or self._last is None:
            return not self._quiet
        slot = min(self._packets)
        missing = self._packets[slot].sequence - self._last - 1
        slots = slot - self._next
        lost = missing >= slots if self._quiet else missing > 0
        self._last += lost
        return lost
