"""The level of speech while somebody speaks."""

import numpy as np
from numpy.typing import ArrayLike

from .._types import F64
from ..codec.format.modes import SAMPLERATE
from ..errors import ArgumentError

TIME_CONSTANT_S = 0.03
HANGOVER_S = 0.2  # pauses up to this length are part of the speech
MARGIN_DB = 15.9  # between the active level and the threshold of activity
_THRESHOLDS_DB = np.arange(-96.0, 0.1, 1.5)


def active_level(x: ArrayLike, samplerate: int = SAMPLERATE) -> float:
    """Return the active speech level [dB below full scale].

    Parameters
    ----------
    x : array_like, shape (n,)
        Speech, full scale 1.
    samplerate : int
        Its rate [Hz].

    Raises
    ------
    ArgumentError
        If x is silent.

    References
    ----------
    ITU-T Recommendation P.56 (2011), *Objective measurement of active speech level*, method B.
    Thresholds have a distance of 1.5 dB instead of 6 dB, with linear interpolation between them.
    """
    from scipy.signal import lfilter

    samples = np.asarray(x, dtype=np.float64)
    power = float(samples @ samples)
    if samples.ndim != 1 or not power > 0:
        raise ArgumentError(f"x: expected samples that are not all 0, got shape {samples.shape}")
    g = np.exp(-1 / (samplerate * TIME_CONSTANT_S))
    envelope = np.abs(samples)
    for _ in range(2):
        envelope = lfilter([1 - g], [1, -g], envelope)
    n_active = [_n_active(envelope, 10 ** (db / 20), samplerate) for db in _THRESHOLDS_DB]
    levels = [10 * np.log10(power / n) if n else np.inf for n in n_active]
    below = -np.inf, 0.0  # the level, and how far it lies above its threshold
    for level, threshold in zip(levels, _THRESHOLDS_DB, strict=True):
        margin = level - threshold
        if margin <= MARGIN_DB or not np.isfinite(level):
            before, margin_before = below
            if not np.isfinite(before) or not np.isfinite(level):
                return float(level if np.isfinite(level) else before)
            share = (margin_before - MARGIN_DB) / (margin_before - margin)
            return float(before + share * (level - before))
        below = level, margin
    return float(below[0])


def _n_active(envelope: F64, threshold: float, samplerate: int) -> int:
    """Return the number of samples at which the envelope is, or just was, above a threshold."""
    place = np.arange(envelope.size)
    last = np.maximum.accumulate(np.where(envelope >= threshold, place, -envelope.size))
    return int(np.count_nonzero(place - last <= HANGOVER_S * samplerate))
