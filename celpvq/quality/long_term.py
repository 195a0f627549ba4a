"""The long-term spectrum: levels of whole recordings in bands of a third of an octave."""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike

from .._types import F64
from ..codec.format.modes import SAMPLERATE
from ..errors import ArgumentError
from .signal import check_pair

# nominal centres [Hz] of the bands that cover 200 to 3400 Hz, by the numbers of the exact ones
THIRD_OCTAVES: Mapping[int, int] = MappingProxyType({
    200: -7, 250: -6, 315: -5, 400: -4, 500: -3, 630: -2, 800: -1,
    1000: 0, 1250: 1, 1600: 2, 2000: 3, 2500: 4, 3150: 5,
})  # fmt: skip
MIN_LEN = SAMPLERATE // 4

_SEGMENT_LEN = 2048
_ROUNDING = 2.0**-30 / 12 / (SAMPLERATE / 2)  # power density of rounding to 16 bits [1/Hz]


def third_octaves(ref: ArrayLike, deg: ArrayLike) -> F64:
    """Return the level of the coded signal minus the original's in each third octave [1]_.

    The levels are those of the whole signals, pauses included, so the loud parts decide. The power
    of the rounding to 16 bits is added to both signals: a band that is empty in both is unchanged.

    Parameters
    ----------
    ref, deg : array_like, shape (n,)
        Original and coded signal at 8000 Hz, full scale 1, at least a quarter of a second.

    Returns
    -------
    ndarray, shape (13,)
        The differences [dB] in the bands with centres 200, 250, 315, ..., 2500, 3150 Hz.

    Raises
    ------
    ArgumentError
        If the shapes differ, the arrays are not finite, or the signals are too short or silent.

    References
    ----------
    .. [1] IEC 61260-1, "Octave-band and fractional-octave-band filters", 2014.
    """
    from scipy.signal import welch

    x, y = check_pair(ref, deg)
    if x.size < MIN_LEN:
        raise ArgumentError(f"ref, deg: expected at least {MIN_LEN} samples, got {x.size}")
    if not x.any() or not y.any():
        raise ArgumentError("ref, deg: expected speech, got silence")
    hz, density = welch(
        np.stack([x, y]), SAMPLERATE, nperseg=min(x.size, _SEGMENT_LEN), detrend=False
    )
    number = 10 * np.log10(np.maximum(hz, 1.0) / 1000)  # of the band, by its exact centre
    bands = [density[:, np.abs(number - k) <= 0.5].mean(axis=1) for k in THIRD_OCTAVES.values()]
    level = 10 * np.log10(np.array(bands) + _ROUNDING)
    return np.asarray(level[:, 1] - level[:, 0])
