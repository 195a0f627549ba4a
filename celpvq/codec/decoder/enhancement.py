"""Spectral enhancement: lifts the upper bands, which a closed-loop search tends to lose.

The excitation of speech is nearly flat; the decoded excitation falls off above 1 kHz. The decoder
measures how far each band lies below the lowest one, and lifts it within a limit. The filter is
A(z) of the inverse of the wanted power gain: it has minimum phase, so it adds no delay.
"""

import math
from typing import NamedTuple

import numpy as np

from ..._numba import inlined, stack_array
from ..._types import F64
from ..common import filters, lpc
from ..common.records import Record
from ..format.modes import SAMPLERATE, SUBFRAME_LEN, Mode

ORDER = 8
_EDGES_HZ = (100, 1000, 1400, 1800, 2300, 2900, 4000)  # the first band is the reference
_N_BANDS = len(_EDGES_HZ) - 2
_MEASURE_LAGS = 20
_N_MEASURED = _MEASURE_LAGS + 1
_N_WANTED = ORDER + 1
_MEMORY = 0.5  # of the gains of a subframe in the next one
_SILENCE = 1e-12


def _rounded(x: F64) -> F64:
    """Round to multiples of 2^-20, so that the last bits of the C library do not matter."""
    return np.asarray(np.round(x * 2.0**20) / 2.0**20)


def _band_means() -> F64:
    """Return (bands, lags): the mean power of a band from autocorrelations of lags 0.., tapered."""
    edges = 2 * np.pi * np.array(_EDGES_HZ) / SAMPLERATE
    k = np.arange(1, _MEASURE_LAGS + 1)
    high, low = np.sin(np.outer(edges[1:], k)), np.sin(np.outer(edges[:-1], k))
    means = 2 * (high - low) / k / np.diff(edges)[:, None]
    taper = 0.5 + 0.5 * np.cos(np.pi * k / (_MEASURE_LAGS + 1))
    return np.hstack([np.ones((len(means), 1)), means * taper])


def _band_cosines() -> F64:
    """Return (bands, lags 0..ORDER): autocorrelations of a power spectrum that is 1 in one band."""
    edges = 2 * np.pi * np.array((0, *_EDGES_HZ[1:])) / SAMPLERATE
    k = np.arange(1, ORDER + 1)
    high, low = np.sin(np.outer(edges[1:], k)), np.sin(np.outer(edges[:-1], k))
    return np.hstack([np.diff(edges)[:, None], (high - low) / k]) / np.pi


_MEANS = _rounded(_band_means())
_COSINES = _rounded(_band_cosines())


class EnhancementSettings(NamedTuple):
    """The strength of the lift in one mode."""

    share: float  # of the power of the lowest band that an upper band should have
    limit: float  # of the power gain


class EnhancementState(Record):
    """The memory that a subframe leaves for the next one."""

    speech: F64 = np.zeros(ORDER + SUBFRAME_LEN)  # input, ORDER past values in front
    gain: F64 = np.ones(_N_BANDS + 1)  # power gains of the bands


_SHARE = 0.35  # unless `_OWN_SHARE` names the mode
_OWN_SHARE = {4800: 0.5, 5600: 0.28, 7200: 0.3, 8000: 0.45}


def settings(mode: Mode) -> EnhancementSettings:
    """Return the settings of `mode`: more share raises ViSQOL and lowers PESQ."""
    return EnhancementSettings(share=_OWN_SHARE.get(mode.bitrate, _SHARE), limit=4.0)


@inlined
def apply(exc: F64, strength: EnhancementSettings, state: EnhancementState, x: F64) -> None:
    """Lift the upper bands of speech x (n,) in place; its excitation ends exc (MAX_LAG + n,)."""
    r = stack_array(_N_MEASURED)
    lpc.autocorrelation(exc, r)
    wanted, taps = stack_array(_N_WANTED), stack_array(ORDER)
    wanted[:], taps[:] = 0.0, 0.0
    reference = 0.0
    for b in range(_N_BANDS + 1):
        power = 0.0
        for k in range(_MEASURE_LAGS + 1):
            power += _MEANS[b, k] * r[k]
        power = max(power, _SILENCE)
        gain = 1.0
        if b == 0:
            reference = strength.share * power
        else:
            gain = min(max(reference / power, 1.0), strength.limit)
        state.gain[b] = _MEMORY * state.gain[b] + (1.0 - _MEMORY) * gain
        for k in range(ORDER + 1):
            wanted[k] += _COSINES[b, k] / state.gain[b]

    scale = 1.0 / math.sqrt(lpc.levinson(wanted, taps))
    filters.keep_past(state.speech[:], ORDER)
    filters.copy(x, state.speech[ORDER:])
    filters.residual(state.speech[:], taps, x)
    for n in range(x.shape[0]):
        x[n] *= scale
