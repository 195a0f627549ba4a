"""Perceptual weighting W(z) = A(z/GAMMA1) / A(z/GAMMA2), from the unquantized predictor.

It lets the error be larger where the spectrum is, and hides it there.
"""

from .._types import F64
from . import filters, lpc
from .compiling import kernel, stack_array
from .filters import LINE
from .modes import LPC_ORDER, SUBFRAME_LEN

GAMMA1 = 0.94
GAMMA2 = 0.6


@kernel
def coefficients(a: F64, num: F64, den: F64) -> None:
    """Put the numerator and denominator (p,) of W(z) for lpc a (p,) into num and den."""
    lpc.expand_bandwidth(a, GAMMA1, num)
    lpc.expand_bandwidth(a, GAMMA2, den)


@kernel
def weight(error: F64, num: F64, den: F64, out: F64) -> None:
    """Filter error (p + n,) by W(z) into out (p + n,); both begin with their last p values."""
    flat = stack_array(SUBFRAME_LEN)
    filters.residual(error, num, flat)
    filters.synthesis(flat, den, out)


@kernel
def impulse_response(num: F64, den: F64, lpc_q: F64, out: F64) -> None:
    """Put the response of W(z) / A_q(z) to a unit impulse into out (SUBFRAME_LEN,)."""
    line, line2 = stack_array(LINE), stack_array(LINE)
    line[:], line2[:], out[:] = 0.0, 0.0, 0.0
    out[0] = 1.0
    for i in range(LPC_ORDER):
        out[i + 1] = num[i]
    filters.synthesis(out, lpc_q, line)
    filters.synthesis(line[LPC_ORDER:], den, line2)
    filters.copy(line2[LPC_ORDER:], out)
