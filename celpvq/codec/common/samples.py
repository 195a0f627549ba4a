"""Samples: from the arrays of users to the form that the codec takes."""

from typing import Any

import numpy as np
import numpy.typing as npt

from ..._types import F64
from ...errors import ArgumentError, ArgumentTypeError

FULL_SCALE = 32768.0  # int16 is float in [-1, 1) times this


def as_array(x: npt.ArrayLike, name: str = "x") -> npt.NDArray[Any]:
    """Return x as an array; `name` is the name of the argument in errors.

    Raises
    ------
    ArgumentError
        If its lengths differ within a dimension.
    ArgumentTypeError
        If it cannot become an array, or has masked values.
    """
    if isinstance(x, np.ma.MaskedArray):
        if np.ma.is_masked(x):
            raise ArgumentTypeError(
                f"{name}: expected an array without masked values; fill them first:"
                f" {name}.filled(0)"
            )
        x = x.data
    try:
        return np.asarray(x)
    except ValueError as error:
        raise ArgumentError(f"{name}: {error}") from None
    except Exception as error:  # a tensor that is not in memory, or that wants its gradient
        reason = str(error).partition("\n")[0]
        raise ArgumentTypeError(
            f"{name}: expected an array, got {type(x).__name__}: {reason}"
        ) from error


def unclipped(array: npt.NDArray[Any], name: str = "x") -> F64:
    """Return floats or int16 of any shape as float64, full scale 1.

    `name` is the name of the argument in errors.

    Raises
    ------
    ArgumentTypeError
        If the array holds neither floats nor int16.
    ArgumentError
        If a sample is not finite.
    """
    if array.dtype.kind == "i" and array.dtype.itemsize == 2:
        return array.astype(np.float64) / FULL_SCALE
    if array.dtype.kind != "f":
        raise ArgumentTypeError(f"{name}: expected floats in [-1, 1] or int16, got {array.dtype}")
    finite = np.isfinite(array)
    if not finite.all():
        raise ArgumentError(
            f"{name}: expected finite samples, got {array[~finite][0]}"
            f" ({array.size - np.count_nonzero(finite)} of {array.size} are not finite)"
        )
    return np.asarray(array, dtype=np.float64)


def scaled(array: npt.NDArray[Any]) -> F64:
    """Return floats or int16 of any shape as float64 in [-1, 1]; finite floats beyond are clipped.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        As `unclipped` does.
    """
    samples = unclipped(array)
    return samples if array.dtype.kind == "i" else np.clip(samples, -1.0, 1.0)


def one_channel(x: npt.ArrayLike) -> F64:
    """Return samples (n,) as contiguous float64 in [-1, 1].

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If x is not 1-D, or as `scaled` says.
    """
    array = as_array(x)
    if array.ndim != 1:
        raise ArgumentError(f"x: expected a 1-D array, got shape {array.shape}")
    return np.ascontiguousarray(scaled(array))
