"""The budget of a peer: how many frames it may cause."""

from ..errors import ArgumentError
from .delay import FRAME_S

_HASTE = 1.02  # a peer's clock may run faster than ours
_MIN_BURST_S, _MAX_BURST_S = 1.0, 600.0


class FrameBudget:
    """Allow as many frames as pass in real time, and a burst.

    Speech has 50 frames a second, so a peer that sends more for a long time is broken or hostile.
    The budget bounds the processor time and the memory that its packets cost.

    Parameters
    ----------
    burst_s : float
        Speech that may arrive at once [1 to 600 s], for instance after the network has stalled.

    Raises
    ------
    ArgumentError
        If `burst_s` is out of range.
    """

    def __init__(self, burst_s: float = 10.0) -> None:
        if not _MIN_BURST_S <= burst_s <= _MAX_BURST_S:
            raise ArgumentError(
                f"burst_s: expected {_MIN_BURST_S:g} to {_MAX_BURST_S:g} s, got {burst_s}"
            )
        self._most = self._left = burst_s / FRAME_S
        self._last: float | None = None  # time of the last call [s]

    def take(self, n_frames: float, now: float) -> bool:
        """Return whether `n_frames` are allowed now [s]; if they are, they are spent."""
        if self._last is not None:
            passed = max(now - self._last, 0.0)
            self._left = min(self._left + _HASTE * passed / FRAME_S, self._most)
        self._last = now if self._last is None else max(now, self._last)
        if n_frames > self._left:
            return False
        self._left -= n_frames
        return True
