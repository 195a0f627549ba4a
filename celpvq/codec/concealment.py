"""Concealment of lost frames: pitch, spectrum and level are carried on, and fade.

The excitation goes on as its last pitch period and noise, mixed by how voiced it was, at the level
that it had. For 100 ms the level falls slowly, then fast: it is gone after 200 ms. What is heard
during a loss is not louder than the last good frame, and for 160 ms after it not much louder than
the loudest so far; these limits act on the output alone, never on memories.
"""

import math

import numpy as np

from .._types import F64, I64
from . import adaptive_codebook, copies, filters, gains, lsf, lsf_quantizer, noise, synthesis
from .compiling import kernel, part, stack_array
from .lsf_quantizer import LsfTables
from .modes import FRAME_LEN, LPC_ORDER, MAX_LAG, MIN_LAG, N_SUBFRAMES, SUBFRAME_LEN
from .records import Record
from .synthesis import SynthesisState

_UNVOICED, _VOICED = 0.2, 0.7  # mean pitch gains of a frame: all noise below, all pitch above
_LSF_SHARE = 0.97  # of the last frame's LSF in the next one's; the rest is their mean
_MAX_AGE = 1 << 20
_HELD = 5  # frames of slow fading
_SLOW_NOISE, _SLOW_PITCH = 0.97, 0.985  # fading, of each subframe's level in the next one's
_FAST = 0.72
_NOISE_SHARE = 0.9  # less than what was lost: noise is heard better
_MAX_LIFT = 4.0  # of the past period
_CORRECTION_SHARE = 0.9  # of the gains' memory in a lost subframe's correction
_CORRECTION_DB = -0.25
_LOST_LIFT = 1.05  # of the energy of the last good frame that a lost one may have
_FOUND_LIFT = 1.6  # of the energy of the loudest frame that those after a loss may have
_ALWAYS_ALLOWED = 0.01 * FRAME_LEN  # energy of a frame at -20 dB of full scale
_WATCHED = 32  # subframes after a loss that are limited
_FORGETTING = 0.999  # of the loudest frame, each subframe
_LIMITER_MEMORY = 0.8  # of the last sample's gain in the next one's


class ConcealmentState(Record):
    """What is known of the last good frame, newest subframe first."""

    gain: F64 = np.zeros(N_SUBFRAMES)  # of the pitch
    rms: F64 = np.zeros(N_SUBFRAMES)  # of the excitation
    between: F64 = lsf.flat()  # LSF of the next lost frame
    known: bool = False  # if they are
    age: int = 0  # lost frames in a row
    seed: int = 0  # of the noise
    voicing: float = 0.0  # 0 to 1
    level: float = 0.0  # rms of the excitation that is wanted
    since: int = _WATCHED  # good subframes in a row, `_WATCHED` at most
    power: F64 = np.zeros(N_SUBFRAMES)  # energy of the output
    before: float = 0.0  # energy that a lost frame may have
    left: float = 0.0  # and what it has not used so far
    loudest: float = 0.0  # energy of the loudest good frame, slowly forgotten
    limiter: float = 1.0  # last gain of the output


@kernel
def _push(value: float, past: F64) -> None:
    """Put value before the others, the last of which goes."""
    for i in range(past.shape[0] - 1, 0, -1):
        past[i] = past[i - 1]
    past[0] = value


@part
def learn(heard: SynthesisState, state: ConcealmentState) -> None:
    """Remember the last subframe, a good one."""
    _push(heard.gain[0], state.gain[:])
    _push(gains.rms(heard.exc[MAX_LAG:]), state.rms[:])
    state.age = 0
    state.since = min(state.since + 1, _WATCHED)


@kernel
def _classify(state: ConcealmentState) -> None:
    """Find how voiced the last good frame was, and its level."""
    gain, power = 0.0, 0.0
    for i in range(N_SUBFRAMES):
        gain += min(state.gain[i], 1.0) / N_SUBFRAMES
        power += state.rms[i] * state.rms[i] / N_SUBFRAMES
    state.voicing = min(max((gain - _UNVOICED) / (_VOICED - _UNVOICED), 0.0), 1.0)
    state.level = math.sqrt(power)


@kernel
def look_ahead(words: I64, tables: LsfTables, lsf_q: F64, state: ConcealmentState) -> None:
    """Let the next lost frame's LSF lie midway from lsf_q (p,) to those of the frame after it.

    words (4,): LSF of that frame, which are predicted from the lost one's: a linear equation.
    """
    lsf_quantizer.dequantize(words, tables, tables.mean, state.between[:])
    for i in range(LPC_ORDER):
        mean, half = tables.mean[i], 0.5 * tables.rho[words[0], i]
        after = (state.between[i] + half * (lsf_q[i] - 2.0 * mean)) / (1.0 - half)
        state.between[i] = 0.5 * (lsf_q[i] + after)
    lsf.stabilize(state.between[:])
    state.known = True


@part
def begin(mean: F64, lsf_q: F64, state: ConcealmentState, out: F64) -> None:
    """Start a lost frame: put the LSF expected after lsf_q (p,) into out (p,), nearer to mean."""
    if state.age == 0:
        _classify(state)
    state.age = min(state.age + 1, _MAX_AGE)
    for i in range(LPC_ORDER):
        out[i] = _LSF_SHARE * lsf_q[i] + (1.0 - _LSF_SHARE) * mean[i]
    if state.known:
        filters.copy(state.between[:], out)
        state.known = False


@part
def begin_copy(
    words: I64, book: F64, heard: SynthesisState, state: ConcealmentState, out: F64
) -> None:
    """Start a lost frame of which words (4,), a copy's, are known; put its LSF into out (p,)."""
    filters.copy(book[words[0]], out)
    lsf.stabilize(out)
    heard.lag3 = 3 * min(max(words[1], MIN_LAG), MAX_LAG)
    level = gains.decibel_to_linear(copies.level_db(words[2]))
    gain = copies.pitch_gain(words[3])
    for i in range(N_SUBFRAMES):
        state.gain[i], state.rms[i] = gain, level
    _classify(state)
    state.age = state.since = 0


@part
def excite(state: ConcealmentState, heard: SynthesisState) -> None:
    """Put a subframe that carries on what was heard into the last n of heard.exc."""
    filters.keep_past(heard.exc[:], MAX_LAG)
    filters.keep_past(heard.speech[:], LPC_ORDER)
    now = heard.exc[MAX_LAG:]
    state.since = 0
    adaptive_codebook.vector(heard.lag3, heard.exc[:])
    voicing = state.voicing
    if state.age > _HELD:
        state.level *= _FAST
    elif state.age > 0:
        state.level *= _SLOW_PITCH * voicing + _SLOW_NOISE * (1.0 - voicing)
    period = min(state.level * math.sqrt(voicing) / gains.rms(now), _MAX_LIFT)
    share = state.level * math.sqrt(1.0 - voicing) * _NOISE_SHARE
    random = stack_array(SUBFRAME_LEN)
    state.seed = noise.fill(state.seed, share, random)
    for n in range(SUBFRAME_LEN):
        now[n] = period * now[n] + random[n]
    synthesis.clamp(now)
    heard.gain[0], heard.gain[1] = voicing, share
    correction = 0.0
    for i in range(gains.N_TAPS):
        correction += heard.gain_mem[i] / gains.N_TAPS
    _push(_CORRECTION_SHARE * correction + _CORRECTION_DB, heard.gain_mem[:])


@part
def _allowed(index: int, state: ConcealmentState) -> float:
    """Return the energy that subframe `index` of the output may have."""
    if state.age == 0:
        if state.since >= _WATCHED:
            return np.inf
        limit = max(_FOUND_LIFT * state.loudest, _ALWAYS_ALLOWED)
        return max(limit - state.power[0] - state.power[1] - state.power[2], 0.25 * limit)
    return min(2.0 / (N_SUBFRAMES - index), 1.0) * state.left  # at most twice its part


@part
def limit(index: int, state: ConcealmentState, x: F64) -> None:
    """Limit the output x (n,), subframe `index`, in place: of lost frames, and after them."""
    if index == 0:
        if state.age == 1:
            state.before = 0.0
            for i in range(N_SUBFRAMES):
                state.before += _LOST_LIFT * state.power[i]
        state.left = state.before
    allowed = _allowed(index, state)
    power = 1e-20
    for n in range(SUBFRAME_LEN):
        power += x[n] * x[n]
    wanted = math.sqrt(min(allowed / power, 1.0))
    gain = state.limiter
    power = 0.0
    for n in range(SUBFRAME_LEN):
        gain = _LIMITER_MEMORY * gain + (1.0 - _LIMITER_MEMORY) * wanted
        x[n] *= gain
        power += x[n] * x[n]
    state.limiter = gain
    state.left = max(state.left - power, 0.0)
    _push(power, state.power[:])
    if state.since >= _WATCHED:
        frame = 0.0
        for i in range(N_SUBFRAMES):
            frame += state.power[i]
        state.loudest = max(frame, _FORGETTING * state.loudest)
