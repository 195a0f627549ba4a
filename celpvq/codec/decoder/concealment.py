"""Concealment of lost frames: pitch, LSF and level continue, and fade.

The excitation is the last pitch period plus noise, mixed by how voiced the last good frame was, at
its level. Where the next packet or a redundant frame is known, LSF and lag lead to it. The level
falls slowly for 100 ms, then fast: after 200 ms it is gone. During a loss the output is not louder
than the last good frame. For 160 ms after it, the output is not much louder than the loudest frame
so far. These limits act on the output alone, never on memories.
"""

import math

import numpy as np

from ..._numba import inlined, stack_array, strict
from ..._types import F64, I64
from ..common import (
    adaptive_codebook,
    filters,
    gains,
    lsf,
    lsf_dequantizer,
    noise,
    pitch,
    synthesis,
)
from ..common.records import Record
from ..common.synthesis import SynthesisState
from ..common.tables import ModeTables
from ..format import redundancy
from ..format.modes import (
    FRAME_LEN,
    LAG_INDICES,
    LPC_ORDER,
    MAX_LAG,
    MIN_LAG,
    N_SUBFRAMES,
    SUBFRAME_LEN,
)

_UNVOICED, _VOICED = 0.2, 0.7  # mean pitch gains of a frame: only noise below, only pitch above
_LSF_SHARE = 0.97  # of the last LSF in the LSF of a lost frame; the other share is the mean LSF
_MAX_GLIDE = 0.18  # of the last lag: if the next lag differs more, its pitch is another
_MAX_AGE = 1 << 20
_HELD = 5  # frames of slow fading
_SLOW_NOISE, _SLOW_PITCH = 0.97, 0.985  # of the level of a subframe in the next one
_FAST = 0.72  # likewise, after `_HELD` frames
_NOISE_SHARE = 0.9  # of the level of the noise, which is more audible
_MAX_LIFT = 4.0  # gain of the past period
_CORRECTION_SHARE = 0.9  # of the mean past correction in the correction of a lost subframe
_CORRECTION_DB = -0.25  # added to it
_LOST_LIFT = 1.05  # of the energy of the last good frame: the limit in a loss
_FOUND_LIFT = 1.6  # of the energy of the loudest frame: the limit after a loss
_ALWAYS_ALLOWED = 0.01 * FRAME_LEN  # a limit is never below this: a frame at -20 dB of full scale
_WATCHED = 32  # subframes after a loss with a limit
_FORGETTING = 0.999  # of the loudest energy, per subframe
_LIMITER_MEMORY = 0.8  # of the gain of a sample in the next one


class ConcealmentState(Record):
    """The last good frames, newest subframe first, and the progress of a loss."""

    gain: F64 = np.zeros(N_SUBFRAMES)  # pitch gain
    rms: F64 = np.zeros(N_SUBFRAMES)  # of the excitation
    between: F64 = lsf.flat()  # LSF for the next lost frame, from the packet after it
    known: bool = False  # whether `between` applies
    next_lag3: int = 0  # lag that the lost subframes approach [thirds of a sample]
    steps: int = 0  # subframes until it is reached; 0: the last lag stays
    age: int = 0  # lost frames in a row
    seed: int = 0  # of the noise
    voicing: float = 0.0  # 0 to 1
    level: float = 0.0  # wanted rms of the excitation
    since: int = _WATCHED  # good subframes in a row, at most `_WATCHED`
    power: F64 = np.zeros(N_SUBFRAMES)  # energy of the output
    before: float = 0.0  # limit of the energy of a lost frame
    loudest: float = 0.0  # energy of the loudest good frame, slowly forgotten
    limiter: float = 1.0  # its last gain


@inlined
def learn(synth: SynthesisState, state: ConcealmentState) -> None:
    """Remember gain and level of the last subframe, which was good."""
    filters.push(synth.gain[0], state.gain[:])
    filters.push(gains.rms(synth.exc[MAX_LAG:]), state.rms[:])
    state.age = state.steps = 0
    state.since = min(state.since + 1, _WATCHED)


@strict
def _classify(state: ConcealmentState) -> None:
    """Find how voiced the last good frame was, and its level."""
    gain, power = 0.0, 0.0
    for i in range(N_SUBFRAMES):
        gain += min(state.gain[i], 1.0) / N_SUBFRAMES
        power += state.rms[i] * state.rms[i] / N_SUBFRAMES
    state.voicing = min(max((gain - _UNVOICED) / (_VOICED - _UNVOICED), 0.0), 1.0)
    state.level = math.sqrt(power)


@strict
def _approach(lag3: int, next_lag3: int, steps: int, state: ConcealmentState) -> None:
    """Let the lag lag3 become next_lag3 within so many subframes, if both can be one pitch."""
    state.next_lag3 = next_lag3
    state.steps = steps if abs(next_lag3 - lag3) <= _MAX_GLIDE * lag3 else 0


@strict
def look_ahead(
    indices: I64, tables: ModeTables, lsf_q: F64, lag3: int, state: ConcealmentState
) -> None:
    """Lead the next lost frame from lsf_q (p,) and lag3 to the frame after it.

    Its LSF will be midway. indices (N_INDICES,) of the frame after it: its LSF are predicted from
    the lost ones, which makes a linear equation.
    """
    first_lag3 = pitch.dequantize(indices[LAG_INDICES], tables.lag_bits[0], lag3)
    _approach(lag3, first_lag3, N_SUBFRAMES + 1, state)
    books = tables.lsf
    lsf_dequantizer.dequantize(indices, books, books.mean, state.between[:])
    for i in range(LPC_ORDER):
        mean, half = books.mean[i], 0.5 * books.rho[indices[0], i]
        after = (state.between[i] + half * (lsf_q[i] - 2.0 * mean)) / (1.0 - half)
        state.between[i] = 0.5 * (lsf_q[i] + after)
    lsf.stabilize(state.between[:])
    state.known = True


@inlined
def begin(mean: F64, lsf_q: F64, state: ConcealmentState, out: F64) -> None:
    """Start a lost frame: move lsf_q (p,) towards their mean, into out (p,)."""
    if state.age == 0:
        _classify(state)
    state.age = min(state.age + 1, _MAX_AGE)
    for i in range(LPC_ORDER):
        out[i] = _LSF_SHARE * lsf_q[i] + (1.0 - _LSF_SHARE) * mean[i]
    if state.known:
        filters.copy(state.between[:], out)
        state.known = False


@strict
def begin_redundant(
    indices: I64, book: F64, synth: SynthesisState, state: ConcealmentState, out: F64
) -> None:
    """Start a lost frame with a redundant frame, indices (4,); put its LSF into out (p,).

    Their codebook is coarse. So its vector is averaged with `between` where this is known, unless
    the frame before was lost too, and left no LSF to rely on.
    """
    filters.copy(book[indices[0]], out)
    if state.known and state.since > 0:
        for i in range(LPC_ORDER):
            out[i] = 0.5 * (out[i] + state.between[i])
    state.known = False
    lsf.stabilize(out)
    lag3 = 3 * min(max(indices[1], MIN_LAG), MAX_LAG)
    _approach(synth.lag3, lag3, N_SUBFRAMES, state)
    if state.steps == 0:
        synth.lag3 = lag3
    level = gains.decibel_to_linear(redundancy.level_db(indices[2]))
    gain = redundancy.pitch_gain(indices[3])
    for i in range(N_SUBFRAMES):
        state.gain[i], state.rms[i] = gain, level
    _classify(state)
    state.age = state.since = 0


@strict(apart=True)
def excite(state: ConcealmentState, synth: SynthesisState) -> None:
    """Put a subframe that continues the past excitation into the last n of synth.exc."""
    synthesis.keep_past(synth)
    now = synth.exc[MAX_LAG:]
    state.since = 0
    if state.steps > 0:
        synth.lag3 += (state.next_lag3 - synth.lag3) // state.steps
        state.steps -= 1
        if synth.lag3 > 3 * (MAX_LAG - adaptive_codebook.REACH):  # no past for an interpolation
            synth.lag3 = 3 * pitch.rounded(synth.lag3)
    adaptive_codebook.vector(synth.lag3, synth.exc[:])
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
    synth.gain[0], synth.gain[1] = voicing, share
    correction = 0.0
    for i in range(gains.N_TAPS):
        correction += synth.gain_mem[i] / gains.N_TAPS
    filters.push(_CORRECTION_SHARE * correction + _CORRECTION_DB, synth.gain_mem[:])


@strict
def _attenuate(allowed: float, gain: float, x: F64) -> float:
    """Bring the energy of x (n,) to `allowed` at most, in place; return the last gain.

    The gain of a sample is a share of `gain`, which fades away, and a share of the wanted gain, at
    most 1. So the energy is a quadratic polynomial of the wanted gain.
    """
    old, both, new = 0.0, 0.0, 1e-20
    share = 1.0
    for n in range(x.shape[0]):
        share *= _LIMITER_MEMORY
        a, b = share * gain * x[n], (1.0 - share) * x[n]
        old += a * a
        both += a * b
        new += b * b
    wanted = 1.0
    if old + 2.0 * both + new > allowed:
        root = math.sqrt(max(both * both + new * (allowed - old), 0.0))
        wanted = min(max((root - both) / new, 0.0), 1.0)
    for n in range(x.shape[0]):
        gain = _LIMITER_MEMORY * gain + (1.0 - _LIMITER_MEMORY) * wanted
        x[n] *= gain
    return gain


@inlined
def is_recovering(state: ConcealmentState) -> bool:
    """Return whether the last loss is so recent that the output is limited."""
    return state.since < _WATCHED


@inlined
def _allowed(recovering: bool, state: ConcealmentState) -> float:
    """Return the limit of the energy of the next subframe of a frame that is not lost."""
    if not recovering:
        return np.inf
    limit = max(_FOUND_LIFT * state.loudest, _ALWAYS_ALLOWED)
    return max(limit - state.power[0] - state.power[1] - state.power[2], 0.25 * limit)


@strict
def limit(recovering: bool, state: ConcealmentState, x: F64) -> None:
    """Limit the energy of the output x (FRAME_LEN,), in place, in and after a loss.

    recovering: whether a frame that is not lost is limited.
    """
    lost = state.age > 0
    if state.age == 1:
        state.before = 0.0
        for i in range(N_SUBFRAMES):
            state.before += _LOST_LIFT * state.power[i]
    if lost:
        state.limiter = _attenuate(state.before, state.limiter, x)
    for s in range(N_SUBFRAMES):
        part = x[s * SUBFRAME_LEN : (s + 1) * SUBFRAME_LEN]
        if not lost and (recovering or state.limiter < 1.0):
            state.limiter = _attenuate(_allowed(recovering, state), state.limiter, part)
        power = 0.0
        for n in range(SUBFRAME_LEN):
            power += part[n] * part[n]
        filters.push(power, state.power[:])
        if not lost and not recovering:
            frame = 0.0
            for i in range(N_SUBFRAMES):
                frame += state.power[i]
            state.loudest = max(frame, _FORGETTING * state.loudest)
