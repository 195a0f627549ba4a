"""The checks of arguments that all quantizers share; each message says expected and got."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..errors import ArgumentError, ArgumentTypeError
from ._rows import FileRows
from ._types import F64, Floats, Indices


def vectors(X: ArrayLike, name: str, *, k: int | None = None, least: int = 0) -> Floats:
    """Return X (n, k) as a contiguous array, float32 or float64, with `least` rows or more."""
    X = _floats(X, name)
    vectors_shape(X.shape, name, k=k, least=least)
    finite(X, name)
    return np.ascontiguousarray(X)


def vectors_shape(shape: tuple[int, ...], name: str, *, k: int | None = None,
                  least: int = 0) -> None:  # fmt: skip
    """Raise unless `shape` is that of `least` vectors or more, of `k` components if given."""
    if len(shape) != 2 or shape[1] == 0:
        raise ArgumentError(f"{name}: expected shape (n, k) with k > 0, got {shape}")
    if k is not None and shape[1] != k:
        raise ArgumentError(f"{name}: expected vectors of {k} components, got {shape[1]}")
    if shape[0] < least:
        raise ArgumentError(f"{name}: expected {least} vectors or more, got {shape[0]}")


def search_weight(weight: ArrayLike | None, X: Floats, *, ndims: tuple[int, ...]) -> Floats:
    """Return the weight of X (n, k) as (n, k) or (n, k, k), or (0, k) for none.

    ndims : which of the shapes (k,), (n, k) and (n, k, k) it may have.
    """
    n, k = X.shape
    if weight is None:
        return np.empty((0, k), X.dtype)
    weight = _weight(weight, "weight", X.dtype)
    shapes = [((k,), (n, k), (n, k, k))[ndim - 1] for ndim in ndims]
    if weight.shape not in shapes:
        expected = " or ".join(map(str, shapes))
        raise ArgumentError(f"weight: expected shape {expected}, got {weight.shape}")
    return weight if weight.ndim > 1 else np.broadcast_to(weight, (n, k))


def sample_weight(weight: ArrayLike | None, X: Floats | FileRows, *,
                  ndims: tuple[int, ...]) -> Floats:  # fmt: skip
    """Return the weight of X (n, k) as (1, 1), (n, 1), (n, k) or (n, k, k).

    ndims : which of the shapes (n,), (n, k) and (n, k, k) it may have.
    """
    if weight is None:
        return np.ones((1, 1), X.dtype)
    weight = _weight(weight, "sample_weight", X.dtype)
    sample_shape(weight.shape, X.shape, ndims)
    return weight if weight.ndim > 1 else weight[:, None]


def sample_shape(shape: tuple[int, ...], like: tuple[int, ...], ndims: tuple[int, ...]) -> None:
    """Raise unless `shape` is one of a weight of vectors of shape `like`, as `sample_weight`'s."""
    n, k = like
    shapes = [((n,), (n, k), (n, k, k))[ndim - 1] for ndim in ndims]
    if shape not in shapes:
        expected = " or ".join(map(str, shapes))
        raise ArgumentError(f"sample_weight: expected shape {expected}, got {shape}")


def weights(values: ArrayLike, name: str) -> F64:
    """Return `values` as an array of finite numbers, none of them negative."""
    return _weight(values, name, np.dtype(np.float64)).astype(np.float64, copy=False)


def count(value: int, name: str, *, least: int, most: float = np.inf) -> None:
    """Raise unless `value` is an integer from `least` to `most`."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise ArgumentTypeError(f"{name}: expected an integer, got {value!r}")
    if not least <= value <= most:
        limit = f"{least} or more" if most == np.inf else f"from {least} to {most}"
        raise ArgumentError(f"{name}: expected {limit}, got {value}")


def counts(values: Sequence[int], name: str, *, least: int) -> tuple[int, ...]:
    """Return the sequence `values` of one or more integers, each `least` or more."""
    if not np.iterable(values) or isinstance(values, str):
        raise ArgumentTypeError(f"{name}: expected a sequence of integers, got {values!r}")
    values = tuple(values)
    if not values:
        raise ArgumentError(f"{name}: expected one or more, got none")
    for i, value in enumerate(values):
        count(value, f"{name}[{i}]", least=least)
    return tuple(map(int, values))


def number(value: float, name: str, *, least: float = 0.0, most: float = np.inf) -> None:
    """Raise unless `value` is a number from `least` to `most`."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.number):
        raise ArgumentTypeError(f"{name}: expected a number, got {value!r}")
    if not least <= value <= most:
        limit = f"{least:g} or more" if most == np.inf else f"from {least:g} to {most:g}"
        raise ArgumentError(f"{name}: expected {limit}, got {value}")


def choice(value: object, name: str, choices: tuple[str, ...]) -> None:
    """Raise unless `value` is one of `choices`."""
    if value not in choices:
        raise ArgumentError(f"{name}: expected one of {', '.join(choices)}, got {value!r}")


def indices(values: ArrayLike, n_codewords: float) -> Indices:
    """Return `values` as indices, each below `n_codewords`."""
    values = np.asarray(values)
    if values.dtype.kind not in "iu" and values.size:
        raise ArgumentTypeError(f"indices: expected integers, got {values.dtype}")
    if values.size and not 0 <= values.min() <= values.max() < n_codewords:
        got = f"from {values.min()} to {values.max()}"
        raise ArgumentError(f"indices: expected from 0 to {n_codewords - 1}, got {got}")
    return values.astype(np.int64, copy=False)


def codes(values: ArrayLike, sizes: Sequence[int]) -> Indices:
    """Return `values` as indices (n, len(sizes)), each below the size of its column."""
    values = np.asarray(values)
    if values.ndim != 2 or values.shape[1] != len(sizes):
        raise ArgumentError(f"indices: expected shape (n, {len(sizes)}), got {values.shape}")
    for column, size in zip(values.T, sizes, strict=True):
        indices(column, size)
    return values.astype(np.int64, copy=False)


def _weight(weight: ArrayLike, name: str, dtype: np.dtype[Any]) -> Floats:
    weight = _floats(weight, name)
    finite(weight, name)
    not_negative(weight, name)
    return weight.astype(dtype, copy=False)


def not_negative(weight: Floats, name: str) -> None:
    """Raise if a weight is negative; of matrices (n, k, k), one on the diagonals."""
    if weight.ndim == 3 and weight.shape[1] == weight.shape[2]:
        weight = np.einsum("nii->ni", weight)
    if weight.size and weight.min() < 0:
        raise ArgumentError(f"{name}: expected no negative weight, got {weight.min():g}")


def _floats(values: ArrayLike, name: str) -> Floats:
    array = np.asarray(values)
    if array.dtype.kind not in "fiub":
        raise ArgumentTypeError(f"{name}: expected real numbers, got {array.dtype}")
    return array.astype(np.float32 if array.dtype == np.float32 else np.float64, copy=False)


def finite(values: Floats, name: str, *, first: int = 0) -> None:
    """Raise unless `values` are finite; their rows count from `first` in the message."""
    for start in range(0, len(values), 65536) if values.ndim else ():
        finite = np.isfinite(values[start : start + 65536])
        if not finite.all():
            where = np.argwhere(~finite)[0]
            got = values[start : start + 65536][tuple(where)]
            row = ", ".join(map(str, (where[0] + start + first, *where[1:])))
            raise ArgumentError(f"{name}: expected finite values, got {got} at [{row}]")
