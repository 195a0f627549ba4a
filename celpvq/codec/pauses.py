"""Silence descriptors: what the encoder says of a pause, once every `SID_INTERVAL` frames."""

import math

import numpy as np

from .._types import F64, I64
from . import analysis, comfort_noise, filters, lsf
from .analysis import AnalysisState
from .comfort_noise import LOWEST_DB, N_LEVELS, STEP_DB, NoiseState
from .compiling import search, stack_array
from .modes import FRAME_LEN, LPC_ORDER, SID_INTERVAL
from .paths import Path
from .records import Record

_RESPONSE_LEN = 120  # of 1/A(z)
_LINE = LPC_ORDER + _RESPONSE_LEN


class PauseState(Record):
    """What was heard of late."""

    lsf: F64 = np.tile(lsf.flat(), (SID_INTERVAL, 1))  # of the last frames, newest first
    power: F64 = np.zeros(SID_INTERVAL)  # of them
    since: int = 0  # frames since the last descriptor


@search
def remember(seen: AnalysisState, state: PauseState) -> None:
    """Keep spectrum and power of the frame that was analyzed last."""
    for i in range(SID_INTERVAL - 1, 0, -1):
        filters.copy(state.lsf[i - 1], state.lsf[i])
        state.power[i] = state.power[i - 1]
    filters.copy(seen.lsf[:], state.lsf[0])
    power = 0.0
    for n in range(analysis.FRAME_START, analysis.FRAME_START + FRAME_LEN):
        power += seen.input[n] * seen.input[n] / FRAME_LEN
    state.power[0] = power


@search
def describe(n_frames: int, book: F64, state: PauseState, words: I64) -> None:
    """Put the descriptor of the last n_frames, of SID_INTERVAL at most, into words (2,)."""
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
            words[0] = row
    level = 10.0 * math.log10((power + 1e-20) / _power_gain(book[words[0]]))
    words[1] = min(max(round((level - LOWEST_DB) / STEP_DB) + 1, 0), N_LEVELS - 1)


@search
def _power_gain(spectrum: F64) -> float:
    """Return by how much 1/A(z) of LSF spectrum (p,) lifts the power of white noise."""
    a, stable = stack_array(LPC_ORDER), stack_array(LPC_ORDER)
    filters.copy(spectrum, stable)
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


@search
def frame(
    n_quiet: int, book: F64, lsf_q: F64, state: PauseState, noise: NoiseState, who: Path,
    words: I64,
) -> bool:  # fmt: skip
    """Go through a frame of a pause; return whether words (2,) are to be sent as its descriptor."""
    first = not noise.on
    state.since += 1
    sent = first or state.since >= SID_INTERVAL
    if sent:
        state.since = 0
        describe(min(n_quiet, SID_INTERVAL) if first else SID_INTERVAL, book, state, words)
        comfort_noise.receive(words, book, noise)
    comfort_noise.frame(lsf_q, noise, who.synthesis)
    # noise is not an error that speech has to make good
    who.error[:] = 0.0
    who.weighted[:] = 0.0
    return sent
