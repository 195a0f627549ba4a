"""Distortion of the waveform."""

import numpy as np
from numpy.typing import ArrayLike

from .._types import F64
from ..errors import ArgumentError

SEGMENT_LEN = 160  # 20 ms at 8 kHz
LIMITS_DB = (-10.0, 35.0)
PAUSE_DB = 40.0  # segments this far below the loudest are pauses


def check_pair(ref: ArrayLike, deg: ArrayLike) -> tuple[F64, F64]:
    """Return both signals as float64; raise `ArgumentError` unless (n,) and (n,), finite, n > 0."""
    x, y = np.asarray(ref, dtype=np.float64), np.asarray(deg, dtype=np.float64)
    if x.ndim != 1 or x.shape != y.shape or not x.size:
        raise ArgumentError(
            f"ref, deg: expected two arrays of one shape (n,), got {x.shape} and {y.shape}"
        )
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise ArgumentError("ref, deg: expected finite samples, got NaN or infinity")
    return x, y


def segmental_snr(ref: ArrayLike, deg: ArrayLike, segment_len: int = SEGMENT_LEN) -> float:
    """Return the mean over segments of the signal-to-noise ratio [dB].

    The ratio of each segment is limited to -10 .. 35 dB [1]_. Segments of the reference more than
    40 dB below its loudest one are pauses and do not count. An incomplete last segment does not
    count either.

    Parameters
    ----------
    ref, deg : array_like, shape (n,)
        Original and coded signal, aligned, in one scale.
    segment_len : int
        Length of a segment [samples].

    Returns
    -------
    float
        The ratio [dB]; ``nan`` when the reference is silent or shorter than a segment.

    Raises
    ------
    ArgumentError
        If the shapes differ, the arrays are empty or not finite, or `segment_len` is not positive.

    References
    ----------
    .. [1] J. H. L. Hansen and B. L. Pellom, "An effective quality evaluation protocol for speech
       enhancement algorithms", Proc. ICSLP, 1998.
    """
    x, y = check_pair(ref, deg)
    if segment_len < 1:
        raise ArgumentError(f"segment_len: expected at least 1 sample, got {segment_len}")
    n = x.size // segment_len
    signal = np.square(x[: n * segment_len]).reshape(n, segment_len).sum(axis=1)
    noise = np.square((x - y)[: n * segment_len]).reshape(n, segment_len).sum(axis=1)
    if not n or not signal.max():
        return float("nan")
    counts = signal > signal.max() * 10 ** (-PAUSE_DB / 10)
    signal, noise = signal[counts], noise[counts]
    ratio = signal / np.maximum(noise, signal * 10 ** (-LIMITS_DB[1] / 10))
    return float(np.maximum(10 * np.log10(ratio), LIMITS_DB[0]).mean())


def largest_step(ref: ArrayLike, deg: ArrayLike) -> float:
    """Return the largest step between successive samples, relative to the original's [dB].

    A click in the coded signal makes a step that the original does not have. Coded speech without
    clicks is near 0 dB.

    Parameters
    ----------
    ref, deg : array_like, shape (n,)
        Original and coded signal, in one scale.

    Returns
    -------
    float
        ``20 log10`` of the ratio of both steps [dB].

    Raises
    ------
    ArgumentError
        If the shapes differ, the arrays are empty or not finite, or one of them is constant.
    """
    steps = [np.abs(np.diff(signal)).max(initial=0.0) for signal in check_pair(ref, deg)]
    if not all(steps):
        raise ArgumentError("ref, deg: expected signals that vary, got a constant one")
    return float(20 * np.log10(steps[1] / steps[0]))
