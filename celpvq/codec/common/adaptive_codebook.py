"""Adaptive codebook: past excitation, delayed by a lag in thirds of a sample.

The vector of a lag T is exc(n - T). If T is shorter than the subframe, its first T samples repeat.
"""

import numpy as np

from ..._numba import stack_array, strict
from ..._types import F64
from ..format.modes import MAX_LAG
from . import filters

REACH = 10  # of the interpolator to each side [samples]; less than the least lag, so it is causal

_N_TAPS = 2 * REACH


def interpolator(reach: int) -> F64:
    """Return a Kaiser-windowed sinc (2, 2 reach) for 1/3 and 2/3 of a sample.

    Its taps are multiples of 2^-15, so that the last bits of the C library do not matter.
    """
    at = np.arange(1 - reach, reach + 1)[None, :] - np.array([[1.0], [2.0]]) / 3
    taps = np.sinc(at) * np.i0(5.0 * np.sqrt(1 - (at / (reach + 1)) ** 2)) / np.i0(5.0)
    taps /= taps.sum(axis=1, keepdims=True)
    return np.asarray(np.round(taps * 32768) / 32768)


_FINE_TAPS = interpolator(REACH)


@strict
def vector(lag3: int, exc: F64) -> None:
    """Put the vector of a lag [thirds] into the last n of exc (MAX_LAG + n,), after the past."""
    lag = (lag3 + 2) // 3
    third = 3 * lag - lag3
    if third == 0:
        for n in range(MAX_LAG, exc.shape[0]):
            exc[n] = exc[n - lag]
        return
    taps, end = stack_array(_N_TAPS), exc.shape[0]
    for i in range(taps.shape[0]):
        taps[i] = _FINE_TAPS[third - 1, i]
    for start in range(MAX_LAG, end, lag - REACH):  # these samples depend on past ones only
        now = exc[start : min(start + lag - REACH, end)]
        filters.sum_of_shifts(taps, exc, start - lag + 1 - REACH, now)
