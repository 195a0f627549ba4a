"""What the encoder takes in: the input's window, and its unquantized spectrum."""

import math

import numpy as np

from ..._numba import stack_array, strict
from ..._types import F64
from ..common import filters, lpc, lsf
from ..common.lpc import WINDOW_LEN
from ..common.records import Record
from ..format.modes import DELAY, FRAME_LEN, LPC_ORDER, SAMPLERATE
from . import lsf_search, presets

_N_MOMENTS = LPC_ORDER + 1
_PAST = WINDOW_LEN - FRAME_LEN  # samples before the newest frame that the analysis sees
FRAME_START = _PAST - DELAY  # of what is coded, in the window


class AnalysisState(Record):
    """The input's window and its spectrum.

    input:  |<- 40 past ->|<- 160 frame that is coded ->|<- 40 look-ahead ->|
            |<-- _PAST -->|       |<--------- newest 160 samples ---------->|
    """

    input: F64 = np.zeros(WINDOW_LEN)  # high-pass filtered
    highpass: F64 = np.zeros(2)  # memory
    lpc: F64 = np.zeros(LPC_ORDER)
    lsf_prev: F64 = lsf.flat()  # of the frame before
    lsf: F64 = lsf.flat()
    weight: F64 = np.ones(LPC_ORDER)  # of the LSF's errors


def _highpass() -> F64:
    """Return the second-order Butterworth high-pass (b0 b1 b2 a1 a2), by bilinear transform."""
    k = math.tan(math.pi * presets.HIGHPASS_HZ / SAMPLERATE)
    norm = 1.0 + math.sqrt(2.0) * k + k * k
    b = 1.0 / norm
    return np.array([b, -2 * b, b, 2 * (k * k - 1) / norm, (1 - math.sqrt(2.0) * k + k * k) / norm])


_HIGHPASS = _highpass()


@strict
def analyze(x: F64, highpass: bool, state: AnalysisState) -> None:
    """Append the frame x (FRAME_LEN,) to the window, high-pass filtered; find its spectrum."""
    newest = state.input[_PAST:]
    filters.keep_past(state.input[:], _PAST)
    filters.copy(x, newest)
    if highpass:
        filters.biquad(newest, _HIGHPASS, state.highpass, newest)
    r, work = stack_array(_N_MOMENTS), stack_array(WINDOW_LEN)
    lpc.analyze(state.input, work, r, state.lpc)
    filters.copy(state.lsf[:], state.lsf_prev[:])
    lsf.from_lpc(state.lpc, state.lsf)  # where it fails, the last frame's stay
    lsf_search.weights(state.lsf, r, state.weight)
