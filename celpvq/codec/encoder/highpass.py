"""High-pass at the input: removes hum and offsets below 100 Hz."""

import math

import numpy as np

from ..._numba import strict
from ..._types import F64
from ..common.filters import TINY
from ..format.modes import SAMPLERATE
from .presets import HIGHPASS_HZ


def _butterworth() -> F64:
    """Return the second-order Butterworth high-pass (b0 b1 b2 a1 a2), by bilinear transform."""
    k = math.tan(math.pi * HIGHPASS_HZ / SAMPLERATE)
    norm = 1.0 + math.sqrt(2.0) * k + k * k
    b = 1.0 / norm
    return np.array([b, -2 * b, b, 2 * (k * k - 1) / norm, (1 - math.sqrt(2.0) * k + k * k) / norm])


COEFFICIENTS = _butterworth()


@strict
def biquad(x: F64, coef: F64, mem: F64, out: F64) -> None:
    """Filter x (n,) by the second-order section coef (b0 b1 b2 a1 a2) into out (n,), or in place.

    mem (2,): the state of the transposed direct form II; updated in place.
    """
    for n in range(x.shape[0]):
        y = coef[0] * x[n] + mem[0]
        mem[0] = coef[1] * x[n] - coef[3] * y + mem[1]
        mem[1] = coef[2] * x[n] - coef[4] * y
        out[n] = y
    for i in range(2):
        if abs(mem[i]) < TINY:
            mem[i] = 0.0
