"""Search of the gain quantizer: pitch and codebook gain of least weighted error."""

import numpy as np

from ..._numba import fast
from ..._types import F64


@fast
def least_error(moments: F64) -> float:
    """Return a lower bound of the error of `search`: the error at the best gains, not quantized."""
    xy, xz, yy, zz, yz = moments[0], moments[1], moments[2], moments[3], moments[4]
    det = yy * zz - yz * yz
    if det <= 1e-3 * yy * zz:  # nearly parallel: much of the difference is rounding
        return -np.inf
    return -(xy * xy * zz - 2.0 * xy * xz * yz + xz * xz * yy) / det


@fast
def search(moments: F64, scale: float, book: F64, correction: F64) -> tuple[int, float]:
    """Return the gain index of least error and that error, |x - g_p y - g_c z|^2 - |x|^2.

    moments (5,): <x,y> <x,z> <y,y> <z,z> <y,z>.      scale: codebook gain for a correction of 0 dB.
    book (n, 2): entries.      correction (n,): their correction factors, linear.
    """
    xy, xz, yy, zz, yz = moments[0], moments[1], moments[2], moments[3], moments[4]
    best, best_err = 0, np.inf
    for i in range(book.shape[0]):
        g_p = book[i, 0]
        g_c = scale * correction[i]
        err = g_p * (g_p * yy - 2.0 * xy + 2.0 * g_c * yz) + g_c * (g_c * zz - 2.0 * xz)
        if err < best_err:
            best, best_err = i, err
    return best, best_err


def linear_corrections(book: F64) -> F64:
    """Return the correction factors of book (n, 2), linear, as `search` needs them."""
    return np.asarray(10.0 ** (book[:, 1] / 20.0))
