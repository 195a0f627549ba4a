"""Filtering of subframes from rest, in double precision: what centroids are solved from."""

from .._numba import fast
from .._types import F64


@fast(allocates=True)
def convolve(x: F64, impulse: F64, out: F64) -> None:
    """Filter x (n,) by the impulse response (n,) from rest into out (n,)."""
    out[:] = 0.0
    for i in range(x.shape[0]):
        for n in range(x.shape[0] - i):
            out[i + n] += x[i] * impulse[n]


@fast(allocates=True)
def correlate(x: F64, impulse: F64, out: F64) -> None:
    """Filter x (n,) backwards by the impulse response (n,): out[i] = sum x[n] impulse[n-i]."""
    for i in range(x.shape[0]):
        acc = 0.0
        for n in range(i, x.shape[0]):
            acc += x[n] * impulse[n - i]
        out[i] = acc
