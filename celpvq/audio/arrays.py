"""Arrays of samples: the one gate through which everything that a user hands over passes."""

import sys
import warnings
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._types import F64
from ..codec.common.samples import FULL_SCALE, as_array, scaled
from ..errors import ArgumentError, ArgumentTypeError, ClippingWarning

MIN_SAMPLERATE, MAX_SAMPLERATE = 4000, 192000  # Hz
MANY_CHANNELS = 32  # more of them than samples: the axis is the wrong one


def check_int(value: object, name: str) -> int:
    """Return a number as int; raise `ArgumentTypeError` if it is of another type."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise ArgumentTypeError(f"{name}: expected an int, got {value!r}")
    return int(value)


def check_samplerate(samplerate: object, name: str = "samplerate") -> int:
    """Return `samplerate` [Hz] as int.

    Raises
    ------
    ArgumentTypeError
        If it is not a number.
    ArgumentError
        If it is not whole, or not in 4000 .. 192000 Hz.
    """
    if isinstance(samplerate, (bool, np.bool_)) or not isinstance(
        samplerate, (int, float, np.integer, np.floating)
    ):
        raise ArgumentTypeError(f"{name}: expected a number in Hz, got {samplerate!r}")
    if not MIN_SAMPLERATE <= samplerate <= MAX_SAMPLERATE or samplerate != int(samplerate):
        raise ArgumentError(
            f"{name}: expected a whole number of {MIN_SAMPLERATE} to {MAX_SAMPLERATE} Hz,"
            f" got {samplerate}"
        )
    return int(samplerate)


def converted_len(n: int, from_hz: int, to_hz: int) -> int:
    """Return how many samples `n` samples become at another rate: rounded, halves to even."""
    return round(Fraction(n * to_hz, from_hz))


def warn_clipping(message: str) -> None:
    """Emit a `ClippingWarning` that names the line of the caller outside this package."""
    level, frame = 1, sys._getframe()
    package = __name__.partition(".")[0]
    while frame.f_back and frame.f_globals.get("__name__", "").partition(".")[0] == package:
        level, frame = level + 1, frame.f_back
    warnings.warn(message, ClippingWarning, stacklevel=level)


def report_clipping(array: NDArray[Any], report: Callable[[str], None] = warn_clipping) -> None:
    """Report floats beyond full scale, which `scaled` clips."""
    if array.dtype.kind != "f" or not array.size:
        return
    peak = max(float(array.max()), -float(array.min()))
    if peak > 1:
        n = np.count_nonzero(np.abs(array) > 1)
        report(
            f"x: expected samples in [-1, 1], got {n} of {array.size} beyond full scale,"
            f" the largest {peak:g}; they are clipped"
        )


def as_mono(
    x: ArrayLike, *, axis: int | None = None, channel: int | None = None,
    report: Callable[[str], None] = warn_clipping,
) -> F64:  # fmt: skip
    """Return samples as one channel of float64 in [-1, 1].

    Parameters
    ----------
    x : array_like, shape (n,) or two-dimensional
        Floats, full scale +-1, or int16. Floats beyond full scale are clipped and reported.
    axis : int, optional
        The axis of the channels; required where `x` has two dimensions.
    channel : int, optional
        The channel to take, from 0; without it all are averaged.
    report : callable
        Gets a message about samples beyond full scale; by default it is a `ClippingWarning`.

    Returns
    -------
    ndarray, shape (n,)
        A sample depends on its own channels only, never on where a chunk ends.

    Raises
    ------
    ArgumentTypeError
        If `x` holds neither floats nor int16, or is masked; if `axis` or `channel` is no int.
    ArgumentError
        If a sample is not finite, or the shape, `axis` or `channel` do not agree.
    """
    array = as_array(x)
    axis = None if axis is None else check_int(axis, "axis")
    channel = None if channel is None else check_int(channel, "channel")
    samples = scaled(array)
    if not (samples.ndim == 1 and axis is None and channel in (None, 0)):
        samples = mix(_channels(samples, axis), channel)
    report_clipping(array, report)
    return samples


def _channels(samples: F64, axis: int | None) -> F64:
    """Return samples with the axis of the channels in front."""
    shape = samples.shape
    if samples.ndim != 2:
        raise ArgumentError(
            f"x: expected one channel, or two dimensions and axis=, got shape {shape}"
        )
    if axis is None:
        raise ArgumentError(
            f"x: got shape {shape}; name the axis of the channels: axis=0 or axis=1"
        )
    if axis not in (0, 1, -1, -2):
        raise ArgumentError(f"axis: expected 0 or 1, got {axis!r}")
    channels = np.moveaxis(samples, axis, 0)
    n, length = channels.shape
    if n == 0:
        raise ArgumentError(f"x: got shape {shape}, which has no channel on axis {axis}")
    if n > MANY_CHANNELS and n > length:
        raise ArgumentError(
            f"axis: expected the axis of the channels, got axis {axis} of shape {shape}:"
            f" {n} channels of {length} samples; axis={1 - axis % 2} would be {length} channels"
        )
    return channels


def check_channel(channel: int | None, n: int) -> None:
    """Raise `ArgumentError` unless there is such a channel among `n`."""
    if channel is not None and not 0 <= channel < n:
        raise ArgumentError(f"channel: expected 0 to {n - 1}, got {channel!r}")


def mix(channels: F64, channel: int | None) -> F64:
    """Return one of the channels (c, n), or the mean of all."""
    check_channel(channel, len(channels))
    if channel is not None:
        return np.ascontiguousarray(channels[channel])
    mono: F64 = channels[0].copy()
    for other in channels[1:]:  # in order, so that the sums do not depend on the memory's layout
        mono += other
    mono /= len(channels)
    return mono


def to_dtype(y: F64, dtype: str) -> NDArray[Any]:
    """Return samples in [-1, 1] as ``"float32"``, ``"float64"`` or ``"int16"``."""
    if dtype == "int16":
        return np.clip(np.rint(y * FULL_SCALE), -FULL_SCALE, FULL_SCALE - 1).astype(np.int16)
    return y.astype(np.dtype(dtype))


def check_dtype(dtype: object) -> str:
    """Return the name of an output's type; raise `ArgumentError` if there is no such output."""
    try:
        name = np.dtype(dtype).name  # type: ignore[call-overload]
    except TypeError:
        name = None
    if dtype is None or name not in ("float32", "float64", "int16"):
        raise ArgumentError(f"dtype: expected float32, float64 or int16, got {dtype!r}")
    return str(name)
