"""Perceptual weighting W(z) = A(z/GAMMA1) / A(z/GAMMA2), from the predictor before quantization.

It allows a larger error where the spectrum is strong, since speech masks the error there.
"""

from ..._numba import stack_array, strict
from ..._types import F64
from ..common import filters, lpc
from ..common.filters import LINE
from ..format.modes import LPC_ORDER, SUBFRAME_LEN
from .survivors import Survivor

GAMMA1 = 0.94
GAMMA2 = 0.6


@strict
def coefficients(a: F64, num: F64, den: F64) -> None:
    """Put the numerator and denominator (p,) of W(z) for lpc a (p,) into num and den."""
    lpc.expand_bandwidth(a, GAMMA1, num)
    lpc.expand_bandwidth(a, GAMMA2, den)


@strict
def weight(error: F64, num: F64, den: F64, out: F64) -> None:
    """Filter error (p + n,) by W(z) into out (p + n,); both begin with their last p values."""
    flat = stack_array(SUBFRAME_LEN)
    filters.residual(error, num, flat)
    filters.synthesis(flat, den, out)


@strict
def impulse_response(num: F64, den: F64, lpc_q: F64, out: F64) -> None:
    """Put the impulse response h of W(z) / A_q(z) into out (SUBFRAME_LEN,)."""
    synthesized, weighted = stack_array(LINE), stack_array(LINE)
    synthesized[:], weighted[:], out[:] = 0.0, 0.0, 0.0
    out[0] = 1.0
    for i in range(LPC_ORDER):
        out[i + 1] = num[i]
    filters.synthesis(out, lpc_q, synthesized)
    filters.synthesis(synthesized[LPC_ORDER:], den, weighted)
    filters.copy(weighted[LPC_ORDER:], out)


@strict
def target(speech: F64, lpc_q: F64, num: F64, den: F64, survivor: Survivor, out: F64) -> None:
    """Put the target x, weighted speech (n,) minus the zero-input response, into out (n,).

    Speech minus the zero-input response of 1/A_q(z) passes W(z), whose memory holds past errors.
    """
    filters.keep_past(survivor.error[:], lpc_q.shape[0])
    filters.keep_past(survivor.weighted[:], lpc_q.shape[0])
    zero_input, silence = stack_array(LINE), stack_array(SUBFRAME_LEN)
    silence[:] = 0.0
    filters.copy(survivor.synthesis.speech[SUBFRAME_LEN:], zero_input[:LPC_ORDER])
    filters.synthesis(silence, lpc_q, zero_input)
    for n in range(SUBFRAME_LEN):
        survivor.error[LPC_ORDER + n] = speech[n] - zero_input[LPC_ORDER + n]
    weight(survivor.error[:], num, den, survivor.weighted[:])
    filters.copy(survivor.weighted[LPC_ORDER:], out)


@strict
def add_error(speech: F64, num: F64, den: F64, survivor: Survivor) -> None:
    """Add the weighted error of the survivor's last subframe, against speech (n,), to its cost."""
    for n in range(SUBFRAME_LEN):
        survivor.error[LPC_ORDER + n] = speech[n] - survivor.synthesis.speech[LPC_ORDER + n]
    weight(survivor.error[:], num, den, survivor.weighted[:])
    for n in range(LPC_ORDER, survivor.weighted.shape[0]):
        survivor.cost += survivor.weighted[n] * survivor.weighted[n]
