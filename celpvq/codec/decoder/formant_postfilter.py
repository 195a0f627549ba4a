"""Formant postfilter: emphasis of formants, tilt compensation and gain control, without delay.

H(z) = A(z/GAMMA_N) / A(z/GAMMA_D) * (1 - TILT k z^-1), k the first reflection coefficient of the
formant filter's response [1]_.

.. [1] J.-H. Chen and A. Gersho, "Adaptive postfiltering for quality enhancement of coded speech",
   IEEE Trans. Speech Audio Process. 3(1), 1995.
"""

import math
from typing import NamedTuple

import numpy as np

from ..._numba import inlined, stack_array
from ..._types import F64
from ..common import filters, lpc
from ..common.filters import LINE
from ..common.records import Record
from ..format.modes import LPC_ORDER

_RESPONSE_LEN = 20
_LINE = LPC_ORDER + _RESPONSE_LEN
_CONTROL = 0.9  # of the gain of a sample in the next one
_SILENCE = 1e-12


class FormantPostfilterSettings(NamedTuple):
    """The strength of the postfilter: GAMMA_N, GAMMA_D and TILT."""

    numerator: float
    denominator: float
    tilt: float


class FormantPostfilterState(Record):
    """The memory that a subframe leaves for the next one, p past values in front of each signal."""

    speech: F64 = np.zeros(LINE)  # input
    residual: F64 = np.zeros(LINE)  # input filtered by the numerator
    formant: F64 = np.zeros(LINE)  # output of the formant filter
    gain: float = 1.0  # of the gain control


SETTINGS = FormantPostfilterSettings(numerator=0.65, denominator=0.75, tilt=0.5)  # of all modes


@inlined
def _tilt(num: F64, den: F64) -> float:
    """Return the first normalized autocorrelation of the response of num / den."""
    response, impulse = stack_array(_LINE), stack_array(_RESPONSE_LEN)
    response[:], impulse[:] = 0.0, 0.0
    impulse[0] = 1.0
    for i in range(LPC_ORDER):
        impulse[i + 1] = num[i]
    filters.synthesis(impulse, den, response)
    r0, r1 = 0.0, 0.0
    for n in range(LPC_ORDER, response.shape[0]):
        r0 += response[n] * response[n]
        r1 += response[n] * response[n - 1]
    return r1 / r0


@inlined
def apply(
    a: F64, strength: FormantPostfilterSettings, state: FormantPostfilterState, x: F64
) -> None:
    """Filter speech x (n,), synthesized by 1/A(z) of a (p,), in place."""
    num, den = stack_array(LPC_ORDER), stack_array(LPC_ORDER)
    lpc.expand_bandwidth(a, strength.numerator, num)
    lpc.expand_bandwidth(a, strength.denominator, den)
    filters.keep_past(state.speech[:], LPC_ORDER)
    filters.keep_past(state.residual[:], LPC_ORDER)
    filters.keep_past(state.formant[:], LPC_ORDER)
    filters.copy(x, state.speech[LPC_ORDER:])
    filters.residual(state.speech[:], num, state.residual[LPC_ORDER:])
    filters.synthesis(state.residual[LPC_ORDER:], den, state.formant[:])

    mu = strength.tilt * max(_tilt(num, den), 0.0)
    energy_in, energy_out = 0.0, 0.0
    for n in range(x.shape[0]):
        y = state.formant[LPC_ORDER + n] - mu * state.formant[LPC_ORDER + n - 1]
        energy_in += x[n] * x[n]
        energy_out += y * y
        x[n] = y
    wanted = math.sqrt(energy_in / energy_out) if energy_out > _SILENCE else 1.0
    gain = state.gain
    for n in range(x.shape[0]):
        gain = _CONTROL * gain + (1.0 - _CONTROL) * wanted
        x[n] *= gain
    state.gain = gain
