"""Redundant frames: 3 bytes about a frame, which may travel with the next packet.

They hold the LSF (by the codebook of SIDs), the lag, the level of the excitation, and the mean
pitch gain. With them the decoder conceals a lost frame much better.
"""

import math

import numpy as np

from ..._numba import strict
from ..._types import F64, I64
from ...errors import FormatError
from .modes import MAX_LAG, MIN_LAG, SID_LSF_BITS

REDUNDANCY_BYTES = 3
_BITS = (SID_LSF_BITS, 7, 5, 2)  # of LSF, lag, level, pitch gain
_STEP_DB = 2.0
_LOWEST_DB = -80.0  # of full scale
_GAIN_STEP = 0.3


@strict
def level_db(index: int) -> float:
    """Return the level of the excitation [dB] for an index."""
    return _LOWEST_DB + _STEP_DB * index


@strict
def pitch_gain(index: int) -> float:
    """Return the mean pitch gain for an index."""
    return _GAIN_STEP * index


def pack(lsf: F64, lag: float, rms: float, gain: float, book: F64) -> bytes:
    """Return the 3 bytes of a redundant frame.

    Parameters
    ----------
    lsf : ndarray, shape (p,)
        LSF of the frame [radians].
    lag : float
        Lag of its last subframe [samples].
    rms : float
        Root mean square of its excitation.
    gain : float
        Mean pitch gain.
    book : ndarray, shape (n, p)
        LSF codebook of SIDs.
    """
    level = (20.0 * math.log10(max(rms, 1e-9)) - _LOWEST_DB) / _STEP_DB
    values = (
        int(((book - lsf) ** 2).sum(axis=1).argmin()),
        min(max(round(lag), MIN_LAG), MAX_LAG) - MIN_LAG,
        round(level),
        round(gain / _GAIN_STEP),
    )
    packed = 0
    for value, bits in zip(values, _BITS, strict=True):
        packed = packed << bits | min(max(value, 0), (1 << bits) - 1)
    return packed.to_bytes(REDUNDANCY_BYTES, "big")


def unpack(data: bytes) -> I64:
    """Return the fields (4,) of a redundant frame: LSF index, lag [samples], level and gain index.

    Raises
    ------
    FormatError
        If `data` has another length.
    """
    if len(data) != REDUNDANCY_BYTES:
        raise FormatError(f"redundancy: expected {REDUNDANCY_BYTES} bytes, got {len(data)}")
    value = int.from_bytes(data, "big")
    found = []
    for bits in reversed(_BITS):
        found.append(value & (1 << bits) - 1)
        value >>= bits
    lsf, lag, level, gain = reversed(found)
    return np.array([lsf, lag + MIN_LAG, level, gain], dtype=np.int64)
