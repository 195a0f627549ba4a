"""Filtering of subframes with zero memory in double precision, for the equations of centroids."""

import numpy as np

from .._numba import fast
from .._types import F64


@fast
def convolve(x: F64, impulse: F64, out: F64) -> None:
    """Filter x (n,) by the impulse response (n,) into out (n,)."""
    out[:] = 0.0
    for i in range(x.shape[0]):
        for n in range(x.shape[0] - i):
            out[i + n] += x[i] * impulse[n]


@fast
def correlate(x: F64, impulse: F64, out: F64) -> None:
    """Filter x (n,) backwards by the impulse response (n,): out[i] = sum x[n] impulse[n-i]."""
    for i in range(x.shape[0]):
        acc = 0.0
        for n in range(i, x.shape[0]):
            acc += x[n] * impulse[n - i]
        out[i] = acc


def matrices(impulse: F64) -> F64:
    """Return the lower triangular matrices (m, n, n) that filter by impulse (m, n)."""
    i, j = np.tril_indices(impulse.shape[1])
    found = np.zeros((*impulse.shape, impulse.shape[1]))
    found[:, i, j] = impulse[:, i - j]
    return found
