"""Analysis: the window of the input, its linear prediction, and its LSF before quantization."""

import numpy as np

from ..._numba import inlined, stack_array, strict
from ..._types import F64
from ..common import filters, lpc, lsf
from ..common.records import Record
from ..format.modes import DELAY, FRAME_LEN, LPC_ORDER
from . import highpass, lsf_search
from .window import LAG_WINDOW, WINDOW, WINDOW_LEN

_N_MOMENTS = LPC_ORDER + 1
_PAST = WINDOW_LEN - FRAME_LEN  # samples before the newest 160
_SILENCE = 1e-11  # energy of a window below which its spectrum is taken as flat
FRAME_START = _PAST - DELAY  # of the frame to code, in the window


class AnalysisState(Record):
    """The window of the input and its spectrum.

    input:  |<- 40 past ->|<--- 160 frame to code --->|<- 40 look-ahead ->|
            |<---- _PAST ---->|<---------- newest 160 samples ----------->|
    """

    input: F64 = np.zeros(WINDOW_LEN)  # after the high-pass
    highpass: F64 = np.zeros(2)  # memory
    lpc: F64 = np.zeros(LPC_ORDER)
    lsf_prev: F64 = lsf.flat()  # of the last frame
    lsf: F64 = lsf.flat()
    weight: F64 = np.ones(LPC_ORDER)  # of the squared errors of the LSF


@strict
def analyze(x: F64, filtered: bool, state: AnalysisState) -> None:
    """Append the frame x (FRAME_LEN,), after the high-pass if `filtered`; find LSF and weights."""
    newest = state.input[_PAST:]
    filters.keep_past(state.input[:], _PAST)
    filters.copy(x, newest)
    if filtered:
        highpass.biquad(newest, highpass.COEFFICIENTS, state.highpass, newest)
    r, work = stack_array(_N_MOMENTS), stack_array(WINDOW_LEN)
    predict(state.input, work, r, state.lpc)
    filters.copy(state.lsf[:], state.lsf_prev[:])
    lsf.from_lpc(state.lpc, state.lsf)  # if that fails, the last LSF stay
    lsf_search.weights(state.lsf, r, state.weight)


@inlined
def predict(x: F64, work: F64, r: F64, a: F64) -> None:
    """Put the predictor of x (WINDOW_LEN,) into a (p,), its windowed autocorrelation into r."""
    for n in range(WINDOW_LEN):
        work[n] = WINDOW[n] * x[n]
    lpc.autocorrelation(work, r)
    if r[0] < _SILENCE:
        r[:] = 0.0
        r[0] = 1.0
    for k in range(r.shape[0]):
        r[k] *= LAG_WINDOW[k]
    lpc.levinson(r, a)
