"""Linear prediction: autocorrelation, the Levinson-Durbin recursion, bandwidth expansion."""

from ..._numba import strict
from ..._types import F64


@strict
def autocorrelation(x: F64, out: F64) -> None:
    """Put ``sum x[n] x[n-k]`` for lags k = 0 .. len(out) - 1 into out.

    Each pass adds four samples to all lags; each sum keeps the order of its samples. Until the end
    out is in reverse order, so that it and the past samples run in the same direction.
    """
    longest = out.shape[0] - 1
    begin = min(longest, x.shape[0])
    begin += (x.shape[0] - begin) % 4
    out[:] = 0.0
    for n in range(begin):
        for k in range(min(n, longest) + 1):
            out[longest - k] += x[n] * x[n - k]
    for n in range(begin, x.shape[0], 4):
        a, b, c, d = x[n], x[n + 1], x[n + 2], x[n + 3]
        past = x[n - longest : n + 4]
        for i in range(out.shape[0]):
            out[i] = out[i] + a * past[i] + b * past[i + 1] + c * past[i + 2] + d * past[i + 3]
    for k in range(out.shape[0] // 2):
        out[k], out[longest - k] = out[longest - k], out[k]


@strict
def levinson(r: F64, lpc: F64) -> float:
    """Solve for lpc (p,) given autocorrelations r (p + 1,), r[0] > 0; return the residual energy.

    Makhoul, "Linear prediction: a tutorial review", Proc. IEEE 63(4), 1975, eq. 38.
    """
    p = lpc.shape[0]
    err = r[0]
    for i in range(p):
        acc = r[i + 1]
        for j in range(i):
            acc += lpc[j] * r[i - j]
        k = -acc / err
        for j in range((i + 1) // 2):
            low, high = lpc[j], lpc[i - 1 - j]
            lpc[j] = low + k * high
            lpc[i - 1 - j] = high + k * low
        lpc[i] = k
        err *= 1.0 - k * k
    return err


@strict
def expand_bandwidth(lpc: F64, gamma: float, out: F64) -> None:
    """Put the coefficients of A(z/gamma) into out."""
    factor = gamma
    for i in range(lpc.shape[0]):
        out[i] = lpc[i] * factor
        factor *= gamma
