"""Short-term prediction: windowed autocorrelation and the Levinson-Durbin recursion."""

import numpy as np

from ..._numba import strict
from ..._types import F64
from ..format.modes import LPC_ORDER, SAMPLERATE

WINDOW_LEN = 240  # 30 ms: 5 ms before the frame, the frame, 5 ms look-ahead
_RISE_LEN = 200
_WHITE_NOISE = 1.0001  # -40 dB: keeps the recursion well conditioned
_LAG_WINDOW_HZ = 60.0
_SILENCE = 1e-11  # energy of a window below which its spectrum means nothing


def _window() -> F64:
    """Return a Hamming rise and a quarter cosine fall, its weight on the last subframe."""
    rise = np.arange(_RISE_LEN)
    fall = np.arange(WINDOW_LEN - _RISE_LEN)
    return np.concatenate([
        0.54 - 0.46 * np.cos(np.pi * rise / (_RISE_LEN - 0.5)),
        np.cos(np.pi * (2 * fall + 1) / (4 * len(fall))),
    ])  # fmt: skip


def _lag_window() -> F64:
    """Return the Gaussian of 60 Hz bandwidth expansion, lags 0..p, white-noise correction at 0."""
    w = np.exp(-0.5 * (2 * np.pi * _LAG_WINDOW_HZ / SAMPLERATE * np.arange(LPC_ORDER + 1)) ** 2)
    w[0] = _WHITE_NOISE
    return np.asarray(w)


WINDOW = _window()
LAG_WINDOW = _lag_window()


@strict
def autocorrelation(x: F64, out: F64) -> None:
    """Put ``sum x[n] x[n-k]`` for lags k = 0 .. len(out) - 1 into out.

    All lags at once, four samples a pass: each sum is still taken in the order of its samples.
    Until the end they stand backwards, as the samples do that they are made of.
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
    """Solve for lpc (p,) from autocorrelations r (p + 1,), r[0] > 0; return the residual energy.

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
def analyze(x: F64, work: F64, r: F64, lpc: F64) -> None:
    """Predict x (WINDOW_LEN,): its lpc (p,) and windowed autocorrelation r (p + 1,)."""
    for n in range(WINDOW_LEN):
        work[n] = WINDOW[n] * x[n]
    autocorrelation(work, r)
    if r[0] < _SILENCE:
        r[:] = 0.0
        r[0] = 1.0
    for k in range(r.shape[0]):
        r[k] *= LAG_WINDOW[k]
    levinson(r, lpc)


@strict
def expand_bandwidth(lpc: F64, gamma: float, out: F64) -> None:
    """Put the coefficients of A(z/gamma) into out."""
    factor = gamma
    for i in range(lpc.shape[0]):
        out[i] = lpc[i] * factor
        factor *= gamma
