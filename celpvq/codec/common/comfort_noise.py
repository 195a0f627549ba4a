"""Comfort noise: encoder and decoder synthesize it in pauses, from the parameters in the SIDs.

It is white noise of the level in the SID, through 1/A(z) of the LSF in the SID. It passes through
the filter memories on both sides, so that speech goes on from the same state.
"""

from ..._numba import stack_array, strict
from ..._types import F64, I64
from ..format.modes import LPC_ORDER, MAX_LAG, N_SUBFRAMES, SID_LEVEL_BITS
from . import filters, gains, lsf, noise, synthesis
from .records import Record
from .synthesis import SynthesisState

STEP_DB = 2.0
LOWEST_DB = -92.0  # of full scale, of level 1; level 0 is silence
N_LEVELS = 1 << SID_LEVEL_BITS
_SILENT_DB = -200.0
_SMOOTHING = 0.1  # part of the way to the level of the last SID, per subframe
_SEED_STEP = 69069


class NoiseState(Record):
    """The memory that a frame of a pause leaves for the next one."""

    lsf: F64 = lsf.flat()  # of the last SID
    level: float = _SILENT_DB  # of the excitation, smoothed [dB]
    sid_level: float = _SILENT_DB  # of the last SID [dB]
    seed: int = 0
    on: bool = False  # within a pause


@strict
def level_db(index: int) -> float:
    """Return the level of the excitation [dB] for an index of a SID."""
    return LOWEST_DB + STEP_DB * (index - 1) if index > 0 else _SILENT_DB


@strict
def receive(indices: I64, book: F64, state: NoiseState) -> None:
    """Take over a SID: indices (2,) of its LSF in book (n, p) and of its level.

    The first SID of a pause sets level and seed, so a loss before it does not change the noise.
    """
    filters.copy(book[indices[0]], state.lsf[:])
    lsf.stabilize(state.lsf[:])
    state.sid_level = level_db(indices[1])
    if not state.on:
        state.on = True
        state.level = state.sid_level
        state.seed = (indices[0] * N_LEVELS + indices[1]) * _SEED_STEP


@strict
def excite(noise_state: NoiseState, state: SynthesisState) -> None:
    """Put a subframe of noise into the last n of state.exc."""
    synthesis.keep_past(state)
    noise_state.level += _SMOOTHING * (noise_state.sid_level - noise_state.level)
    state.gain[0], state.gain[1] = 0.0, gains.decibel_to_linear(noise_state.level)
    state.gain_mem[:] = 0.0
    noise_state.seed = noise.fill(noise_state.seed, state.gain[1], state.exc[MAX_LAG:])


@strict
def synthesize_frame(lsf_q: F64, noise_state: NoiseState, state: SynthesisState) -> None:
    """Synthesize a frame of comfort noise; lsf_q (p,), of the last frame, becomes the SID's LSF."""
    a = stack_array(LPC_ORDER)
    for s in range(N_SUBFRAMES):
        lsf.predictor(lsf_q, noise_state.lsf[:], s, a)
        excite(noise_state, state)
        synthesis.synthesize(a, state)
    filters.copy(noise_state.lsf[:], lsf_q)
