"""The level of active speech, by a gate on the power of frames of 20 ms."""

import numpy as np
from numpy.typing import NDArray

from celpvq._types import F64
from celpvq.codec.format.modes import FRAME_LEN
from celpvq.errors import ArgumentError

GATE_DB = 30.0  # frames this far below the loudest one are pauses


def active(x: F64) -> NDArray[np.bool_]:
    """Return for each whole frame of x (n,) whether it holds speech."""
    return _gated(_powers(x))


def speech_power(x: F64) -> float:
    """Return the mean power of the active frames of x (n,); raise `ArgumentError` for silence."""
    power = _powers(x)
    if not power.any():
        raise ArgumentError("expected at least 20 ms of speech, got silence")
    return float(power[_gated(power)].mean())


def _powers(x: F64) -> F64:
    frames = x[: x.size // FRAME_LEN * FRAME_LEN].reshape(-1, FRAME_LEN)
    return np.asarray(np.square(frames).mean(axis=1))


def _gated(power: F64) -> NDArray[np.bool_]:
    return power > power.max() * 10 ** (-GATE_DB / 10)
