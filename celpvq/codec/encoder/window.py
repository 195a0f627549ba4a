"""The windows of the linear prediction: on the samples, and on their autocorrelation."""

import numpy as np

from ..._types import F64
from ..format.modes import LPC_ORDER, SAMPLERATE

WINDOW_LEN = 240  # 30 ms: 5 ms before the frame, the frame, 5 ms look-ahead
_RISE_LEN = 200
_WHITE_NOISE = 1.0001  # -40 dB: keeps the recursion well conditioned
_LAG_WINDOW_HZ = 60.0


def _window() -> F64:
    """Return a Hamming rise and a quarter cosine fall, with its weight on the last subframe."""
    rise = np.arange(_RISE_LEN)
    fall = np.arange(WINDOW_LEN - _RISE_LEN)
    return np.concatenate([
        0.54 - 0.46 * np.cos(np.pi * rise / (_RISE_LEN - 0.5)),
        np.cos(np.pi * (2 * fall + 1) / (4 * len(fall))),
    ])  # fmt: skip


def _lag_window() -> F64:
    """Return the Gaussian of 60 Hz bandwidth expansion for lags 0..p, with white noise at lag 0."""
    w = np.exp(-0.5 * (2 * np.pi * _LAG_WINDOW_HZ / SAMPLERATE * np.arange(LPC_ORDER + 1)) ** 2)
    w[0] = _WHITE_NOISE
    return np.asarray(w)


WINDOW = _window()
LAG_WINDOW = _lag_window()
