"""Comfort noise: what is heard in pauses, made from silence descriptors by encoder and decoder.

White noise of the level that was sent, through 1/A(z) of the spectrum that was sent. The noise goes
through the memories of the synthesis, in the encoder too: speech goes on from the same state.
"""

import numpy as np

from .._types import F64, I64
from . import filters, gains, lsf, noise, synthesis
from .compiling import kernel, stack_array
from .modes import LPC_ORDER, MAX_LAG, N_SUBFRAMES, SID_LEVEL_BITS
from .records import Record
from .synthesis import SynthesisState

STEP_DB = 2.0
LOWEST_DB = -92.0  # of full scale, of level 1; level 0 is silence
N_LEVELS = 1 << SID_LEVEL_BITS
_SILENT_DB = -200.0
_SMOOTHING = 0.1  # share of the way to a new level that a subframe goes
_SEED_STEP = 69069


class NoiseState(Record):
    """What a pause leaves for its next frame."""

    lsf: F64 = lsf.flat()  # of the last descriptor
    level: F64 = np.full(2, _SILENT_DB)  # of the excitation [dB]: now, and where it goes
    seed: int = 0
    on: bool = False  # within a pause


@kernel
def level_db(index: int) -> float:
    """Return the level of the excitation that a descriptor's index stands for."""
    return LOWEST_DB + STEP_DB * (index - 1) if index > 0 else _SILENT_DB


@kernel
def receive(words: I64, book: F64, state: NoiseState) -> None:
    """Take over a descriptor: words (2,) index the spectrum in book (n, p) and the level.

    The first one of a pause sets level and seed: a loss before it leaves no trace in the noise.
    """
    filters.copy(book[words[0]], state.lsf[:])
    lsf.stabilize(state.lsf[:])
    state.level[1] = level_db(words[1])
    if not state.on:
        state.on = True
        state.level[0] = state.level[1]
        state.seed = (words[0] * N_LEVELS + words[1]) * _SEED_STEP


@kernel
def excite(noise_state: NoiseState, state: SynthesisState) -> None:
    """Put a subframe of noise into the last n of state.exc."""
    filters.keep_past(state.exc[:], MAX_LAG)
    filters.keep_past(state.speech[:], LPC_ORDER)
    level = noise_state.level
    level[0] += _SMOOTHING * (level[1] - level[0])
    state.gain[0], state.gain[1] = 0.0, gains.decibel_to_linear(level[0])
    state.gain_mem[:] = 0.0
    noise_state.seed = noise.fill(noise_state.seed, state.gain[1], state.exc[MAX_LAG:])


@kernel
def frame(lsf_q: F64, noise_state: NoiseState, state: SynthesisState) -> None:
    """Go through a frame of a pause as the decoder does, from lsf_q (p,) of the frame before."""
    part, a = stack_array(LPC_ORDER), stack_array(LPC_ORDER)
    for s in range(N_SUBFRAMES):
        lsf.interpolate(lsf_q, noise_state.lsf[:], s, part)
        lsf.to_lpc(part, a)
        excite(noise_state, state)
        synthesis.speak(a, state)
    filters.copy(noise_state.lsf[:], lsf_q)
