"""The playout delay: how long frames wait in the jitter buffer.

The delay of a packet is its arrival less its time in the stream. The least delay of the last
packets is the delay of the network; the excess of the others is jitter. The depth is the time from
the arrival that a packet of the least delay would have had to the playout of its frame.
"""

from collections import deque

from ..codec.format.modes import FRAME_LEN, SAMPLERATE
from ..errors import ArgumentError

FRAME_S = FRAME_LEN / SAMPLERATE
_MAX_DEPTH_MS = 2000
_WINDOW = 250  # packets
_IN_TIME = 0.98  # share of the packets that an adaptive depth waits for
_MARGIN_S = 0.01


class PlayoutDelay:
    """Estimate the jitter, and choose the depth.

    Parameters
    ----------
    depth_ms, max_depth_ms : float
        Least and greatest depth [0 to 2000 ms]. Equal values fix it.

    Raises
    ------
    ArgumentError
        If a depth is out of range.
    """

    def __init__(self, depth_ms: float, max_depth_ms: float) -> None:
        if not 0 <= depth_ms <= max_depth_ms <= _MAX_DEPTH_MS:
            raise ArgumentError(
                f"depth: expected 0 to {_MAX_DEPTH_MS} ms, at most its maximum,"
                f" got {depth_ms} and {max_depth_ms}"
            )
        self._least_s, self._most_s = depth_ms / 1000, max_depth_ms / 1000
        self._delays = deque[float](maxlen=_WINDOW)
        self._sum_s, self._n_played = 0.0, 0

    def clear(self) -> None:
        """Forget the delays of a stream; the mean depth goes on."""
        self._delays.clear()

    def arrived(self, slot: int, now: float) -> None:
        """Take the delay of a packet that arrives now."""
        self._delays.append(now - slot * FRAME_S)

    def played(self, slot: int, now: float) -> None:
        """Count the depth of a frame that is played now in `mean_s`."""
        self._sum_s += self.depth_s(slot, now)
        self._n_played += 1

    def __bool__(self) -> bool:
        """Return whether a packet has arrived."""
        return bool(self._delays)

    def depth_s(self, slot: int, now: float) -> float:
        """Return the depth of a frame that is played now [s]."""
        return now - slot * FRAME_S - min(self._delays, default=now)

    @property
    def target_s(self) -> float:
        """The depth to keep [s]."""
        if self._most_s == self._least_s or not self._delays:
            return self._least_s
        ordered = sorted(self._delays)
        jitter = ordered[int(_IN_TIME * (len(ordered) - 1))] - ordered[0]
        return min(max(jitter + _MARGIN_S, self._least_s), self._most_s)

    @property
    def mean_s(self) -> float:
        """Mean depth of all frames played [s]."""
        return self._sum_s / max(self._n_played, 1)
