"""Rate control: the mode of each frame at variable rate.

The bits go where they remove most of the error that can be heard. A frame gets the mode of least

    J = (D / E) (E / level)^(1 - g) + pressure * bits

D is the energy of the weighted error that the mode leaves, E the energy of the weighted speech, and
``level`` the mean of E over the last seconds: the choice does not depend on the level of the input.
The exponent g < 1 makes errors in loud frames count a little more. The pressure rises by a factor
e for every `reach` bits that were spent above the average, which keeps the average.

D comes from trial codings: of all modes, or of the lowest one alone. Then the errors of the others
are predicted: on average, a higher rate leaves a certain share of the error.
"""

import math
from typing import NamedTuple

import numpy as np

from ..._numba import fast, stack_array
from ..._types import F64, I64
from ..common import filters
from ..common.filters import LINE
from ..common.records import Record
from ..format.modes import (
    FRAME_LEN,
    LPC_ORDER,
    N_SUBFRAMES,
    SAMPLERATE,
    SUBFRAME_LEN,
)
from . import analysis, weighting
from .analysis import AnalysisState
from .presets import Preset

SECOND = SAMPLERATE // FRAME_LEN  # frames
_LEVEL_FRAMES = 500.0  # memory of the mean level
_SILENCE = 1e-6  # energy of a frame that nobody hears: added to each
_QUIET = 1e-4  # the same, as a share of the level
_MOST_SAVED = 3.0  # of `reach`: bits that a long pause may save for later


class RateState(Record):
    """The memory that a frame leaves for the next one."""

    weighted: F64 = np.zeros(LPC_ORDER + FRAME_LEN)  # speech after W(z), after p past values
    energy: float = 0.0  # E of this frame
    level: float = 0.0  # mean of E
    n_frames: int = 0
    mode: int = 0  # of the last frame
    surplus: float = 0.0  # bits spent above the average
    sizes: I64 = np.zeros(SECOND - 1, dtype=np.int64)  # bits of the last packets, newest first


class RateSettings(NamedTuple):
    """The settings of variable rate, as the kernels take them."""

    bits: I64  # (modes,) of a frame, rising
    first: int  # mode of the first frame, for which there is no level yet
    average: float  # bits of a frame
    pressure: float  # where the average is met
    reach: float  # bits
    limit: float  # bits in any second; infinite without a limit
    exponent: float  # g
    n_trials: int  # modes that are tried, from the lowest one on
    error_ratio: F64  # (modes,) of the error of a mode to that of the lowest one, on average
    trial: Preset  # of the trials
    presets: tuple[Preset, ...]  # (modes,) of the final search
    reuse: bool  # whether both have the same width: then the best trial is the coding


@fast
def start_frame(lpc_w: F64, analyzed: AnalysisState, state: RateState) -> None:
    """Measure the frame that was analyzed last; lpc_w (N_SUBFRAMES, p) are its predictors."""
    line, num, den = stack_array(LINE), stack_array(LPC_ORDER), stack_array(LPC_ORDER)
    filters.keep_past(state.weighted[:], state.weighted.shape[0] - FRAME_LEN)
    for s in range(N_SUBFRAMES):
        start = s * SUBFRAME_LEN
        filters.copy(analyzed.input[analysis.FRAME_START - LPC_ORDER + start :], line)
        weighting.coefficients(lpc_w[s], num, den)
        weighting.weight(line, num, den, state.weighted[start : start + LINE])
    energy = _SILENCE
    for n in range(LPC_ORDER, LPC_ORDER + FRAME_LEN):
        energy += state.weighted[n] * state.weighted[n]
    state.n_frames += 1
    state.level += (energy - state.level) / min(state.n_frames, _LEVEL_FRAMES)
    state.energy = energy + _QUIET * state.level


@fast
def weights(settings: RateSettings, state: RateState) -> tuple[float, float]:
    """Return the weights of the error and of the bits in J, for this frame."""
    of_error = (state.energy / state.level) ** (1.0 - settings.exponent) / state.energy
    return of_error, settings.pressure * math.exp(state.surplus / settings.reach)


@fast
def highest_mode(settings: RateSettings, state: RateState) -> int:
    """Return the highest mode that keeps every second within the limit; 0 if none does.

    The seconds that end with this frame or a later one count. Later frames can have mode 0.
    """
    mode = settings.bits.shape[0] - 1
    while mode > 0 and not _fits(settings.bits[mode], settings, state):
        mode -= 1
    return mode


@fast
def _fits(bits: int, settings: RateSettings, state: RateState) -> bool:
    """Return whether the limit allows a frame of `bits` bits, all later ones having mode 0."""
    in_second = bits
    for i in range(SECOND - 1):
        in_second += state.sizes[i]
    fits = in_second <= settings.limit
    for i in range(SECOND - 2, -1, -1):  # a second later by a frame, and so on
        in_second += settings.bits[0] - state.sizes[i]
        fits &= in_second <= settings.limit
    return fits


@fast
def end_frame(mode: int, settings: RateSettings, state: RateState) -> None:
    """Remember the mode of a frame of speech, and count its bits."""
    bits = settings.bits[mode]
    least = -_MOST_SAVED * settings.reach
    state.surplus = max(state.surplus + bits - settings.average, least)
    state.mode = mode
    count(bits, state)


@fast
def count(bits: int, state: RateState) -> None:
    """Count the bits of a packet for the limit."""
    for i in range(SECOND - 2, 0, -1):
        state.sizes[i] = state.sizes[i - 1]
    state.sizes[0] = bits
