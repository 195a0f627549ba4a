"""Arrays of samples: the one gate through which everything that a user hands over passes."""

from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._types import F64
from ..codec.common.samples import FULL_SCALE, as_array, scaled
from ..errors import ArgumentError, ArgumentTypeError

MIN_SAMPLERATE, MAX_SAMPLERATE = 4000, 192000  # Hz


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


def as_mono(x: ArrayLike, *, axis: int | None = None, channel: int | None = None) -> F64:
    """Return samples as one channel of float64 in [-1, 1].

    Parameters
    ----------
    x : array_like, shape (n,) or two-dimensional
        Floats, full scale +-1, or int16. Finite floats beyond full scale are clipped.
    axis : int, optional
        The axis of the channels; required where `x` has two dimensions.
    channel : int, optional
        The channel to take, from 0; without it all are averaged.

    Returns
    -------
    ndarray, shape (n,)
        A sample depends on its own channels only, never on where a chunk ends.

    Raises
    ------
    ArgumentTypeError
        If `x` holds neither floats nor int16, or `axis` or `channel` is no int.
    ArgumentError
        If a sample is not finite, or the shape, `axis` or `channel` do not agree.
    """
    array = as_array(x)
    samples = scaled(array)
    axis = None if axis is None else check_int(axis, "axis")
    channel = None if channel is None else check_int(channel, "channel")
    if samples.ndim == 1 and axis is None and channel in (None, 0):
        return samples
    if samples.ndim != 2:
        raise ArgumentError(
            f"x: expected one channel, or two dimensions and axis=, got shape {array.shape}"
        )
    if axis is None:
        raise ArgumentError(
            f"x: got shape {array.shape}; name the axis of the channels: axis=0 or axis=1"
        )
    if axis not in (0, 1, -1, -2):
        raise ArgumentError(f"axis: expected 0 or 1, got {axis!r}")
    channels = np.moveaxis(samples, axis, 0)
    n = len(channels)
    if channel is not None:
        if not 0 <= channel < n:
            raise ArgumentError(f"channel: expected 0 to {n - 1}, got {channel!r}")
        return np.ascontiguousarray(channels[channel])
    if n == 0:
        raise ArgumentError(f"x: got shape {array.shape}, which has no channel on axis {axis}")
    mono: F64 = channels[0].copy()
    for other in channels[1:]:  # in order, so that the sums do not depend on the memory's layout
        mono += other
    mono /= n
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
