"""Filters whose memory lies in front of their signals, so that frames chain without copying.

x: |<- p past samples ->|<- n samples ->|     oldest first
"""

from ..._numba import strict
from ..._types import F32, F64, I64
from ..format.modes import LPC_ORDER, SUBFRAME_LEN

Array = F64 | F32 | I64

LINE = LPC_ORDER + SUBFRAME_LEN  # of a subframe with what a filter of order p remembers
TINY = 1e-30  # memories below this are set to 0: no denormal numbers, no endless decay


@strict
def residual(x: F64, lpc: F64, out: F64) -> None:
    """Filter x (p + n,) by A(z) into out (n,); A(z) = 1 + sum lpc[i] z^-(i+1), lpc (p,), p even.

    Two taps a pass along the signal, not sample by sample: the same sums, many at once.
    """
    p = lpc.shape[0]
    copy(x[p:], out)
    for i in range(0, p, 2):
        a, b = lpc[i], lpc[i + 1]
        past = x[p - 2 - i :]
        for n in range(out.shape[0]):
            out[n] = out[n] + a * past[n + 1] + b * past[n]


@strict
def synthesis(exc: F64, lpc: F64, out: F64) -> None:
    """Filter exc (n,) by 1/A(z) into out[p:]; out (p + n,) begins with the last p outputs.

    The oldest output is subtracted first: only the last product then waits for the sample before.
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
    """Copy source (n,) into target (n,); a loop, since an assignment compiles ten times as long."""
    for i in range(target.shape[0]):
        target[i] = source[i]


@strict
def keep_past(signal: F64, p: int) -> None:
    """Move the last p samples of signal to its front, for the next call; flush tiny ones to 0."""
    start = signal.shape[0] - p
    for i in range(p):
        x = signal[start + i]
        signal[i] = x if abs(x) > TINY else 0.0


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
