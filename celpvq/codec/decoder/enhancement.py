"""Enhancement: a small recurrent network steers a comb filter and an FIR filter of each subframe.

    speech -> + comb at the lag, N_COMB taps -> + FIR, N_FIR taps -> enhanced speech

The filters are causal and have no feedback, and their taps are bounded: so is the output, whatever
the bits and the weights. The taps fade from those of the last subframe. The network sees the whole
frame before its first sample leaves; as packets hold whole frames, this costs no delay.
"""

import numpy as np

from ..._numba import inlined, stack_array, strict
from ..._types import F32, F64
from ..common import filters
from ..common.enhancement_tables import FRAME_UNITS, N_COMB, N_FIR, N_TAPS
from ..common.records import Record
from ..format.modes import FRAME_LEN, MIN_LAG, N_SUBFRAMES, SUBFRAME_LEN
from . import enhancement_network
from .enhancement_features import PAST_LEN, FeatureState

FADE_LEN = 20  # samples
_FIR_PAST = N_FIR  # samples before a frame: one more than needed, for even addresses


def _fade() -> F64:
    """Return the weights of the new taps, multiples of 2^-20: half a period of a cosine."""
    ramp = 0.5 - 0.5 * np.cos(np.pi * (np.arange(FADE_LEN) + 0.5) / FADE_LEN)
    return np.asarray(np.round(ramp * 2.0**20) / 2.0**20)


FADE = _fade()


class EnhancementState(Record):
    """The memory that a frame leaves for the next one."""

    features: FeatureState = FeatureState.new()
    hidden: F32 = np.zeros(FRAME_UNITS, np.float32)  # of the recurrent layer
    taps: F64 = np.zeros((N_SUBFRAMES, N_TAPS))
    last_taps: F64 = np.zeros(N_TAPS)  # of the last subframe
    last_lag: float = float(MIN_LAG)
    combed: F64 = np.zeros(_FIR_PAST + FRAME_LEN)  # output of the comb filter, oldest first


@strict
def _convolve(taps: F64, x: F64, start: int, out: F64) -> None:
    """Put ``sum taps[j] x[start + n - j]`` into out (n,), along the signal."""
    out[:] = 0.0
    for j in range(taps.shape[0]):
        tap = taps[j]
        past = x[start - j :]
        for n in range(out.shape[0]):
            out[n] += tap * past[n]


@inlined
def _blend(new: F64, old: F64, x: F64, out: F64) -> None:
    """Put x + new, which fades in from x + old (FADE_LEN,), into out (n,)."""
    for n in range(FADE_LEN):
        out[n] = x[n] + (old[n] + FADE[n] * (new[n] - old[n]))
    for n in range(FADE_LEN, out.shape[0]):
        out[n] = x[n] + new[n]


@strict
def apply(weights: F32, plain: bool, state: EnhancementState, out: F64) -> None:
    """Put the enhanced frame into out (FRAME_LEN,); the features of its subframes are known.

    plain: the taps fade to 0. Comfort noise already has the spectrum that the SID states, and a
    concealed frame must not get louder.
    """
    speech, combed = state.features.speech[:], state.combed[:]
    new, old = stack_array(SUBFRAME_LEN), stack_array(FADE_LEN)
    filters.keep_past(combed, _FIR_PAST)
    enhancement_network.predict(
        state.features.values[:], state.features.lag[:], weights, state.hidden[:], state.taps[:]
    )
    if plain:
        state.taps[:] = 0.0
    for s in range(N_SUBFRAMES):
        at, taps = s * SUBFRAME_LEN, state.taps[s]
        now = slice(PAST_LEN + at, PAST_LEN + at + SUBFRAME_LEN)
        centre = PAST_LEN + at + N_COMB // 2
        _convolve(taps[:N_COMB], speech, centre - int(state.features.lag[s]), new)
        _convolve(state.last_taps[:N_COMB], speech, centre - int(state.last_lag), old)
        _blend(new, old, speech[now], combed[_FIR_PAST + at : _FIR_PAST + at + SUBFRAME_LEN])
        _convolve(taps[N_COMB:], combed, _FIR_PAST + at, new)
        _convolve(state.last_taps[N_COMB:], combed, _FIR_PAST + at, old)
        _blend(new, old, combed[_FIR_PAST + at :], out[at : at + SUBFRAME_LEN])
        filters.copy(taps, state.last_taps[:])
        state.last_lag = state.features.lag[s]
