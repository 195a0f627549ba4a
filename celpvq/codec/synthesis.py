"""Codewords to speech: the half of the codec that encoder and decoder share."""

import numpy as np

from .._types import F64, I64
from . import adaptive_codebook, filters, fixed_codebook, gains, pitch
from .compiling import kernel, part
from .filters import LINE
from .modes import LPC_ORDER, MAX_LAG, MIN_LAG, N_SUBFRAMES, SUBFRAME_LEN
from .records import Record
from .tables import ModeTables

LAG_WORDS = 4  # where the words of each field start in a frame's row
GAIN_WORDS = LAG_WORDS + N_SUBFRAMES
FCB_WORDS = GAIN_WORDS + N_SUBFRAMES

CLAMP = 4.0  # of excitation and filter memory, full scale being 1: clean speech never comes near
_MIN_SHARPENING = 0.2
_MAX_SHARPENING = 0.8


class SynthesisState(Record):
    """What a subframe leaves for the next one.

    exc:     |<-------- past, MAX_LAG -------->|<- this subframe ->|   oldest first
    speech:                         |<- p ---->|<- this subframe ->|
    """

    exc: F64 = np.zeros(MAX_LAG + SUBFRAME_LEN)  # excitation
    speech: F64 = np.zeros(LINE)  # output of 1/A(z)
    code: F64 = np.zeros(SUBFRAME_LEN)  # fixed codebook's shape, sharpened
    gain: F64 = np.zeros(2)  # pitch and codebook gain, linear
    gain_mem: F64 = np.zeros(gains.N_TAPS)  # corrections of late [dB], newest first
    lag3: int = 3 * MIN_LAG  # lag [thirds of a sample]


@kernel
def clamp(x: F64) -> None:
    """Limit x to +-CLAMP, in place."""
    for n in range(x.shape[0]):
        x[n] = min(max(x[n], -CLAMP), CLAMP)


@kernel
def sharpening(state: SynthesisState) -> float:
    """Return beta of the pitch sharpening: the last subframe's pitch gain, within limits."""
    return min(max(state.gain[0], _MIN_SHARPENING), _MAX_SHARPENING)


@kernel
def excite(words: I64, index: int, tables: ModeTables, state: SynthesisState) -> None:
    """Rebuild subframe `index` from its frame's words (N_WORDS,) into the last n of state.exc."""
    filters.keep_past(state.exc[:], MAX_LAG)
    filters.keep_past(state.speech[:], LPC_ORDER)
    now = state.exc[MAX_LAG:]
    lag3 = pitch.dequantize(words[LAG_WORDS + index], tables.lag_bits[index], state.lag3)
    adaptive_codebook.vector(lag3, state.exc[:])
    fixed_codebook.vector(
        words[FCB_WORDS + index], tables.fcb_layout[index], tables.fcb, state.code
    )
    fixed_codebook.sharpen(state.code[:], pitch.rounded(lag3), sharpening(state))
    entry = tables.gain[tables.gain_layout[index, 0] + words[GAIN_WORDS + index]]
    gains.dequantize(entry, tables.predictor, state.code[:], state.gain_mem, state.gain)
    for n in range(now.shape[0]):
        now[n] = state.gain[0] * now[n] + state.gain[1] * state.code[n]
    clamp(now)
    state.lag3 = lag3


@kernel
def speak(lpc: F64, state: SynthesisState) -> None:
    """Filter the excitation by 1/A(z) of lpc (p,) into the last n of state.speech."""
    filters.synthesis(state.exc[MAX_LAG:], lpc, state.speech[:])
    clamp(state.speech[:])


@part
def subframe(words: I64, index: int, lpc: F64, tables: ModeTables, state: SynthesisState) -> None:
    """Rebuild subframe `index` from its frame's words (N_WORDS,) into the last n of state.speech.

    Codewords, not values: the encoder cannot synthesize from anything that the decoder lacks.
    """
    excite(words, index, tables, state)
    speak(lpc, state)
