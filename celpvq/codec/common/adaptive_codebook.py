"""Adaptive codebook: past excitation, delayed by a lag in thirds of a sample.

The vector of a lag T is exc(n - T). If T is shorter than the subframe, its first T samples repeat.
"""

import numpy as np

from ..._numba import strict
from ..._types import F64
from ..format.modes import MAX_LAG

REACH = 10  # of the interpolator to each side [samples]; less than the least lag, so it is causal


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
    taps = _FINE_TAPS[third - 1]
    end = exc.shape[0]
    for start in range(MAX_LAG, end, lag - REACH):  # these samples depend on past ones only
        now = exc[start : min(start + lag - REACH, end)]
        now[:] = 0.0
        for i in range(0, 2 * REACH, 4):
            first = start - lag + 1 - REACH + i
            a, b, c, d = taps[i], taps[i + 1], taps[i + 2], taps[i + 3]
            past = exc[first : first + now.shape[0] + 3]
            for n in range(now.shape[0]):
                now[n] = now[n] + a * past[n] + b * past[n + 1] + c * past[n + 2] + d * past[n + 3]
