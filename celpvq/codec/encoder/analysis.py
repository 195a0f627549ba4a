"""Analysis: the high-pass, the window of the input, linear prediction, and LSF to quantize."""

import numpy as np

from ..._numba import inlined, stack_array, strict
from ..._types import F64
from ..common import filters, lpc, lsf
from ..common.records import Record
from ..format.modes import DELAY, FRAME_LEN, LPC_ORDER
from . import highpass, lsf_search
from .window import LAG_WINDOW, WINDOW, WINDOW_LEN

_N_LAGS = LPC_ORDER + 1  # of the autocorrelation
_PAST = WINDOW_LEN - FRAME_LEN  # samples before the newest 160
_SILENCE = 1e-11  # energy of a window below which its spectrum counts as flat
FRAME_START = _PAST - DELAY  # of the frame to code, in the window


class AnalysisState(Record):
    """The window of the input, its predictor and its LSF.

    input:  |<- 40 past ->|<--- 160 frame to code --->|<- 40 look-ahead ->|
            |<---- _PAST ---->|<---------- newest 160 samples ----------->|
    """

    input: F64 = np.zeros(WINDOW_LEN)  # after the high-pass
    highpass: F64 = np.zeros(2)  # memory
    lpc: F64 = np.zeros(LPC_ORDER)  # A(z) of the window
    lsf_prev: F64 = lsf.flat()  # of the last frame
    lsf: F64 = lsf.flat()
    weight: F64 = np.ones(LPC_ORDER)  # of the squared quantization errors of the LSF


@strict(apart=True)
def analyze(x: F64, use_highpass: bool, state: AnalysisState) -> None:
    """Append the frame x (FRAME_LEN,), after the high-pass if wanted; find LSF and weights."""
    newest = state.input[_PAST:]
    filters.keep_past(state.input[:], state.input.shape[0] - FRAME_LEN)
    filters.copy(x, newest)
    if use_highpass:
        highpass.biquad(newest, highpass.COEFFICIENTS, state.highpass, newest)
    r = stack_array(_N_LAGS)
    linear_prediction(state.input, r, state.lpc)
    filters.copy(state.lsf[:], state.lsf_prev[:])
    lsf.from_lpc(state.lpc, state.lsf[:])  # if that fails, the last LSF stay
    lsf_search.weights(state.lsf, r, state.weight)


@inlined
def linear_prediction(x: F64, r: F64, a: F64) -> None:
    """Put the windowed autocorrelation of x (WINDOW_LEN,) into r (p + 1,), the predictor into a."""
    windowed = stack_array(WINDOW_LEN)
    for n in range(WINDOW_LEN):
        windowed[n] = WINDOW[n] * x[n]
    lpc.autocorrelation(windowed, r)
    if r[0] < _SILENCE:
        r[:] = 0.0
        r[0] = 1.0
    for k in range(r.shape[0]):
        r[k] *= LAG_WINDOW[k]
    lpc.levinson(r, a)
