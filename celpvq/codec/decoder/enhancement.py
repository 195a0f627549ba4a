"""Enhancement: a small recurrent network steers comb filters and an FIR filter of each subframe.

    speech -> + comb one lag before + comb one lag ahead -> + FIR, N_FIR taps -> enhanced speech

The filters have no feedback, and their taps are bounded: so is the output, whatever the bits and
the weights. The taps fade from those of the last subframe. A packet holds a whole frame, so the
network sees all of it before the first sample leaves, and the second comb reaches later samples of
the same frame; those after its end count as 0. This costs no delay.
"""

import math

import numpy as np

from ..._numba import inlined, stack_array, strict
from ..._types import F32, F64
from ..common import filters
from ..common.enhancement_tables import FRAME_UNITS, N_COMB, N_FIR
from ..common.records import Record
from ..format.frame_types import BAD, NO_DATA, REDUNDANT, SID
from ..format.modes import FRAME_LEN, MAX_LAG, MIN_LAG, N_SUBFRAMES, SUBFRAME_LEN
from . import enhancement_network
from .enhancement_features import PAST_LEN, FeatureState

FADE_LEN = 20  # samples
_LOST = (BAD, REDUNDANT)
_OFF = (SID, NO_DATA)  # frames without enhancement: the SID states their spectrum
_KEPT = 0.5  # share of the energy that a lost frame keeps: how it fades is up to the concealment
_MAX_LIFT, _LIFT_MEMORY = 2.0, 0.9  # largest gain; share of a sample's gain in the next one
_COMB_LEN = N_COMB + 1  # a multiple of 4
_LINE_LEN = PAST_LEN + FRAME_LEN + MAX_LAG + _COMB_LEN  # with the zeros that a comb may reach
_FIR_PAST = N_FIR - 1  # samples before a frame


def _fade() -> F64:
    """Return the weights of the new taps, multiples of 2^-20: half a period of a cosine."""
    ramp = 0.5 - 0.5 * np.cos(np.pi * (np.arange(FADE_LEN) + 0.5) / FADE_LEN)
    return np.asarray(np.round(ramp * 2.0**20) / 2.0**20)


FADE = _fade()


class EnhancementState(Record):
    """The memory that a frame leaves for the next one."""

    features: FeatureState = FeatureState.new()
    hidden: F32 = np.zeros(FRAME_UNITS, np.float32)  # of the recurrent layer
    # taps, those of the oldest samples first; the last ones of the comb filters are 0
    comb: F64 = np.zeros((N_SUBFRAMES, _COMB_LEN))
    ahead: F64 = np.zeros((N_SUBFRAMES, _COMB_LEN))
    fir: F64 = np.zeros((N_SUBFRAMES, N_FIR))
    last_comb: F64 = np.zeros(_COMB_LEN)  # of the last subframe
    last_ahead: F64 = np.zeros(_COMB_LEN)
    last_fir: F64 = np.zeros(N_FIR)
    lift: float = 1.0  # last gain that a lost frame needed
    last_lag: float = float(MIN_LAG)
    combed: F64 = np.zeros(_FIR_PAST + FRAME_LEN)  # output of the comb filters, oldest first


@strict
def _comb(past: F64, ahead: F64, line: F64, first: int, lag: int, out: F64) -> None:
    """Put the sums of both combs into out (n,); they lie a lag from sample `first` of the line."""
    more = stack_array(SUBFRAME_LEN)
    filters.sum_of_shifts(past, line, first - lag, out)
    filters.sum_of_shifts(ahead, line, first + lag, more[: out.shape[0]])
    for n in range(out.shape[0]):
        out[n] += more[n]


@inlined
def _blend(new: F64, old: F64, x: F64, out: F64) -> None:
    """Put x + new, which fades in from x + old (FADE_LEN,), into out (n,)."""
    for n in range(FADE_LEN):
        out[n] = x[n] + (old[n] + FADE[n] * (new[n] - old[n]))
    for n in range(FADE_LEN, out.shape[0]):
        out[n] = x[n] + new[n]


@strict
def _lift(lost: bool, plain: F64, state: EnhancementState, x: F64) -> None:
    """Give x (n,) at least the share `_KEPT` of the energy of plain (n,) if `lost`, smoothly."""
    if not lost and state.lift == 1.0:
        return
    power, kept = 1e-20, 0.0
    for n in range(x.shape[0]):
        power += x[n] * x[n]
        kept += _KEPT * plain[n] * plain[n]
    wanted = min(math.sqrt(kept / power), _MAX_LIFT) if lost and power < kept else 1.0
    gain = state.lift
    for n in range(x.shape[0]):
        gain = _LIFT_MEMORY * gain + (1.0 - _LIFT_MEMORY) * wanted
        x[n] *= gain
    state.lift = gain if gain > 1.001 else 1.0


@strict(apart=True)
def apply(weights: F32, frame_type: int, state: EnhancementState, out: F64) -> None:
    """Put the enhanced frame into out (FRAME_LEN,); the features of its subframes are known."""
    line, combed = stack_array(_LINE_LEN), state.combed[:]
    new, old = stack_array(SUBFRAME_LEN), stack_array(FADE_LEN)
    filters.copy(state.features.speech[:], line[: PAST_LEN + FRAME_LEN])
    line[PAST_LEN + FRAME_LEN :] = 0.0
    filters.keep_past(combed, combed.shape[0] - FRAME_LEN)
    enhancement_network.predict(
        state.features.values[:], state.features.lag[:], weights, state.hidden[:],
        state.comb[:], state.ahead[:], state.fir[:],
    )  # fmt: skip
    if frame_type in _OFF:
        state.comb[:] = 0.0
        state.ahead[:] = 0.0
        state.fir[:] = 0.0
    for s in range(N_SUBFRAMES):
        at = s * SUBFRAME_LEN
        now, first = PAST_LEN + at, PAST_LEN + at - N_COMB // 2
        lag = state.features.lag[s]
        _comb(state.comb[s], state.ahead[s], line, first, int(lag), new)
        _comb(state.last_comb[:], state.last_ahead[:], line, first, int(state.last_lag), old)
        _blend(new, old, line[now:], combed[_FIR_PAST + at : _FIR_PAST + at + SUBFRAME_LEN])
        filters.sum_of_shifts(state.fir[s], combed, at, new)
        filters.sum_of_shifts(state.last_fir[:], combed, at, old)
        enhanced = out[at : at + SUBFRAME_LEN]
        _blend(new, old, combed[_FIR_PAST + at :], enhanced)
        _lift(frame_type in _LOST, line[now : now + SUBFRAME_LEN], state, enhanced)
        filters.copy(state.comb[s], state.last_comb[:])
        filters.copy(state.ahead[s], state.last_ahead[:])
        filters.copy(state.fir[s], state.last_fir[:])
        state.last_lag = lag
