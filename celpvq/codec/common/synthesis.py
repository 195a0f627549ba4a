"""Synthesis, which encoder and decoder share: from indices to excitation and speech.

The excitation is g_p times the adaptive codebook vector plus g_c times the sharpened code vector.
The filter 1/A(z) turns it into speech.
"""

import numpy as np

from ..._numba import inlined, strict
from ..._types import F64, I64
from ..format.modes import (
    FCB_INDICES,
    GAIN_INDICES,
    LAG_INDICES,
    MAX_LAG,
    MIN_LAG,
    SUBFRAME_LEN,
)
from . import adaptive_codebook, filters, fixed_codebook, gains, pitch
from .filters import LINE
from .records import Record
from .tables import ModeTables

CLAMP = 4.0  # of excitation and filter memory; full scale is 1, and clean speech stays far below
_MIN_SHARPENING = 0.2
_MAX_SHARPENING = 0.8


class SynthesisState(Record):
    """The memory that a subframe leaves for the next one.

    exc:     |<-------- past, MAX_LAG -------->|<- this subframe ->|   oldest first
    speech:                         |<- p ---->|<- this subframe ->|
    """

    exc: F64 = np.zeros(MAX_LAG + SUBFRAME_LEN)  # excitation
    speech: F64 = np.zeros(LINE)  # output of 1/A(z)
    code: F64 = np.zeros(SUBFRAME_LEN)  # code vector of the fixed codebook, sharpened
    gain: F64 = np.zeros(2)  # g_p and g_c: pitch and codebook gain, linear
    gain_mem: F64 = np.zeros(gains.N_TAPS)  # last corrections [dB], newest first
    lag3: int = 3 * MIN_LAG  # lag T [thirds of a sample]


@strict
def clamp(x: F64) -> None:
    """Limit x to +-CLAMP, in place."""
    for n in range(x.shape[0]):
        x[n] = min(max(x[n], -CLAMP), CLAMP)


@strict
def sharpening(state: SynthesisState) -> float:
    """Return beta of the pitch sharpening: the pitch gain of the last subframe, within limits."""
    return min(max(state.gain[0], _MIN_SHARPENING), _MAX_SHARPENING)


@inlined
def keep_past(state: SynthesisState) -> None:
    """Move the past of excitation and speech to the front, to make room for a subframe."""
    filters.keep_past(state.exc[:], state.exc.shape[0] - SUBFRAME_LEN)
    filters.keep_past(state.speech[:], state.speech.shape[0] - SUBFRAME_LEN)


@strict(apart=True)
def excite(indices: I64, index: int, tables: ModeTables, state: SynthesisState) -> None:
    """Put the excitation of subframe `index` into the last n of state.exc; indices (N_INDICES,)."""
    keep_past(state)
    now = state.exc[MAX_LAG:]
    lag3 = pitch.dequantize(indices[LAG_INDICES + index], tables.lag_bits[index], state.lag3)
    adaptive_codebook.vector(lag3, state.exc[:])
    fixed_codebook.vector(
        indices[FCB_INDICES + index], tables.fcb_layout[index], tables.fcb, state.code
    )
    fixed_codebook.sharpen(state.code[:], pitch.rounded(lag3), sharpening(state))
    entry = tables.gain[tables.gain_layout[index, 0] + indices[GAIN_INDICES + index]]
    gains.dequantize(entry, tables.gain_predictor, state.code[:], state.gain_mem, state.gain)
    for n in range(now.shape[0]):
        now[n] = state.gain[0] * now[n] + state.gain[1] * state.code[n]
    clamp(now)
    state.lag3 = lag3


@strict
def synthesize(lpc: F64, state: SynthesisState) -> None:
    """Filter the excitation by 1/A(z), lpc (p,), into the last n of state.speech."""
    filters.synthesis(state.exc[MAX_LAG:], lpc, state.speech[:])
    clamp(state.speech[:])


@inlined
def subframe(indices: I64, index: int, lpc: F64, tables: ModeTables, state: SynthesisState) -> None:
    """Put the speech of subframe `index` into the last n of state.speech; indices (N_INDICES,).

    It takes indices, not values, so that the encoder uses nothing that the decoder lacks.
    """
    excite(indices[:], index, tables, state)
    synthesize(lpc, state)
