"""Coarse copies of frames: what the next packet's envelope may carry of the one before it.

Three bytes say the spectrum, by the memoryless book of silence descriptors, the lag, the level of
the excitation and its mean pitch gain: enough to conceal a lost frame as what it was.
"""

import math

import numpy as np

from .._types import F64, I64
from ..errors import FormatError
from .compiling import kernel
from .modes import MAX_LAG, MIN_LAG, SID_LSF_BITS

COPY_BYTES = 3
_BITS = (SID_LSF_BITS, 7, 5, 2)  # of spectrum, lag, level, pitch gain
_STEP_DB = 2.0
_LOWEST_DB = -80.0  # of full scale
_GAIN_STEP = 0.3


@kernel
def level_db(index: int) -> float:
    """Return the level of the excitation that an index stands for."""
    return _LOWEST_DB + _STEP_DB * index


@kernel
def pitch_gain(index: int) -> float:
    """Return the mean pitch gain that an index stands for."""
    return _GAIN_STEP * index


def make(spectrum: F64, lag: float, rms: float, gain: float, book: F64) -> bytes:
    """Return the copy of a frame.

    Parameters
    ----------
    spectrum : ndarray, shape (p,)
        Its LSF [radians].
    lag : float
        Of its last subframe [samples].
    rms : float
        Of its excitation.
    gain : float
        Mean pitch gain.
    book : ndarray, shape (n, p)
        That of the silence descriptors.
    """
    level = (20.0 * math.log10(max(rms, 1e-9)) - _LOWEST_DB) / _STEP_DB
    values = (
        int(((book - spectrum) ** 2).sum(axis=1).argmin()),
        min(max(round(lag), MIN_LAG), MAX_LAG) - MIN_LAG,
        round(level),
        round(gain / _GAIN_STEP),
    )
    packed = 0
    for value, bits in zip(values, _BITS, strict=True):
        packed = packed << bits | min(max(value, 0), (1 << bits) - 1)
    return packed.to_bytes(COPY_BYTES, "big")


def words(data: bytes) -> I64:
    """Return what a copy says: indices (4,) of spectrum, level and gain; the lag in samples.

    Raises
    ------
    FormatError
        If it has another length.
    """
    if len(data) != COPY_BYTES:
        raise FormatError(f"copy: expected {COPY_BYTES} bytes, got {len(data)}")
    value = int.from_bytes(data, "big")
    found = []
    for bits in reversed(_BITS):
        found.append(value & (1 << bits) - 1)
        value >>= bits
    spectrum, lag, level, gain = reversed(found)
    return np.array([spectrum, lag + MIN_LAG, level, gain], dtype=np.int64)
