"""Filters whose memory lies in front of their signals, so that frames follow without copying.

x: |<- p past samples ->|<- n samples ->|     oldest first
"""

from ..._numba import stack_array, strict
from ..._types import F32, F64, I64
from ..format.modes import LPC_ORDER, SUBFRAME_LEN

Array = F64 | F32 | I64

LINE = LPC_ORDER + SUBFRAME_LEN  # length of a subframe with the memory of its filter in front
TINY = 1e-30  # memories below this are set to 0: no denormal numbers, no endless decay


@strict
def residual(x: F64, lpc: F64, out: F64) -> None:
    """Filter x (p + n,) by A(z) into out (n,); A(z) = 1 + sum lpc[i] z^-(i+1), lpc (p,), p even.

    Each pass adds two taps to all samples: the same sums as sample by sample, but vectorized.
    """
    p = lpc.shape[0]
    copy(x[p:], out)
    for i in range(0, p, 2):
        a, b = lpc[i], lpc[i + 1]
        past = x[p - 2 - i :]
        for n in range(out.shape[0]):
            out[n] = out[n] + a * past[n + 1] + b * past[n]


@strict
def sum_of_shifts(gains: F64, x: F64, start: int, out: F64) -> None:
    """Put ``sum gains[j] x[start + j + n]`` into out (n,), n at most SUBFRAME_LEN.

    Four products a pass, so there is a multiple of 4 gains.
    """
    n = out.shape[0]
    acc = stack_array(SUBFRAME_LEN)  # an array of its own, which cannot overlap another
    acc[:] = 0.0
    for j in range(0, gains.shape[0], 4):
        at = start + j
        p, q = x[at : at + n], x[at + 1 : at + 1 + n]
        r, s = x[at + 2 : at + 2 + n], x[at + 3 : at + 3 + n]
        a, b, c, d = gains[j], gains[j + 1], gains[j + 2], gains[j + 3]
        for i in range(n):
            acc[i] = acc[i] + a * p[i] + b * q[i] + c * r[i] + d * s[i]
    for i in range(n):
        out[i] = acc[i]


@strict
def synthesis(exc: F64, lpc: F64, out: F64) -> None:
    """Filter exc (n,) by 1/A(z) into out[p:]; out (p + n,) begins with the last p outputs.

    The oldest output comes first, so that only the last product waits for the sample before.
    """
    last = out[LPC_ORDER - 1]
    for n in range(exc.shape[0]):
        acc = exc[n]
        for i in range(LPC_ORDER - 1, 0, -1):
            acc -= lpc[i] * out[LPC_ORDER + n - 1 - i]
        last = acc - lpc[0] * last
        out[LPC_ORDER + n] = last


@strict
def copy(source: Array, target: Array) -> None:
    """Copy source (n,) into target (n,). An assignment would take ten times as long to compile."""
    for i in range(target.shape[0]):
        target[i] = source[i]


@strict
def push(value: float, past: F64) -> None:
    """Shift past (n,), newest first, by one and put value in front."""
    for i in range(past.shape[0] - 1, 0, -1):
        past[i] = past[i - 1]
    past[0] = value


@strict
def keep_past(signal: F64, p: int) -> None:
    """Move the last p samples of signal to its front for the next call; set tiny ones to 0."""
    start = signal.shape[0] - p
    for i in range(p):
        x = signal[start + i]
        signal[i] = x if abs(x) > TINY else 0.0
