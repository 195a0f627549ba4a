"""Discontinuous transmission (DTX): SIDs, which describe a pause once every `SID_INTERVAL` frames.

A SID (silence insertion descriptor) holds the mean LSF and the mean level of the last frames.
"""

import math

import numpy as np

from ..._numba import fast, stack_array
from ..._types import F64, I64
from ..common import comfort_noise, filters, lsf
from ..common.comfort_noise import LOWEST_DB, N_LEVELS, STEP_DB, NoiseState
from ..common.records import Record
from ..format.modes import FRAME_LEN, LPC_ORDER, SID_INTERVAL
from . import analysis
from .analysis import AnalysisState
from .survivors import Survivor

_RESPONSE_LEN = 120  # of 1/A(z)
_LINE = LPC_ORDER + _RESPONSE_LEN


class DtxState(Record):
    """LSF and mean power of the last frames, newest first."""

    lsf: F64 = np.tile(lsf.flat(), (SID_INTERVAL, 1))  # [radians]
    power: F64 = np.zeros(SID_INTERVAL)
    since: int = 0  # frames since the last SID


@fast
def remember(analyzed: AnalysisState, state: DtxState) -> None:
    """Keep LSF and power of the frame that was analyzed last."""
    for i in range(SID_INTERVAL - 1, 0, -1):
        filters.copy(state.lsf[i - 1], state.lsf[i])
    filters.copy(analyzed.lsf[:], state.lsf[0])
    power = 0.0
    for n in range(analysis.FRAME_START, analysis.FRAME_START + FRAME_LEN):
        power += analyzed.input[n] * analyzed.input[n] / FRAME_LEN
    filters.push(power, state.power[:])


@fast
def quantize(n_frames: int, book: F64, state: DtxState, indices: I64) -> None:
    """Put the indices of a SID for the last n_frames <= SID_INTERVAL into indices (2,).

    book (n, p): LSF codebook of SIDs.
    """
    mean = stack_array(LPC_ORDER)
    mean[:] = 0.0
    power = 0.0
    for f in range(n_frames):
        power += state.power[f] / n_frames
        for i in range(LPC_ORDER):
            mean[i] += state.lsf[f, i] / n_frames
    best_err = np.inf
    for row in range(book.shape[0]):
        err = 0.0
        for i in range(LPC_ORDER):
            err += (mean[i] - book[row, i]) ** 2
        if err < best_err:
            best_err = err
            indices[0] = row
    level = 10.0 * math.log10((power + 1e-20) / _power_gain(book[indices[0]]))
    indices[1] = min(max(round((level - LOWEST_DB) / STEP_DB) + 1, 0), N_LEVELS - 1)


@fast
def _power_gain(lsf_q: F64) -> float:
    """Return the power gain of 1/A(z), from lsf_q (p,), for white noise."""
    a, stable = stack_array(LPC_ORDER), stack_array(LPC_ORDER)
    filters.copy(lsf_q, stable)
    lsf.stabilize(stable)
    lsf.to_lpc(stable, a)
    impulse, response = stack_array(_RESPONSE_LEN), stack_array(_LINE)
    impulse[:], response[:] = 0.0, 0.0
    impulse[0] = 1.0
    filters.synthesis(impulse, a, response)
    power = 0.0
    for x in response:
        power += x * x
    return power


@fast
def encode_frame(
    n_quiet: int, book: F64, lsf_q: F64, state: DtxState, noise: NoiseState, committed: Survivor,
    indices: I64,
) -> bool:  # fmt: skip
    """Code a frame of a pause as the decoder will synthesize it; return whether it gets a SID.

    n_quiet: frames since the last speech.      book (n, p): LSF codebook of SIDs.
    indices (2,): receives the indices of the SID.
    """
    first = not noise.on
    state.since += 1
    is_sid = first or state.since >= SID_INTERVAL
    if is_sid:
        state.since = 0
        quantize(min(n_quiet, SID_INTERVAL) if first else SID_INTERVAL, book, state, indices)
        comfort_noise.receive(indices, book, noise)
    comfort_noise.synthesize_frame(lsf_q, noise, committed.synthesis)
    # comfort noise differs from the input on purpose: the next speech must not compensate for it
    committed.error[:] = 0.0
    committed.weighted[:] = 0.0
    return is_sid
