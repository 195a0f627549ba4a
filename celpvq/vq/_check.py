"""Checks of arguments; each message says what was expected and what came."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .._types import F64, I64, Floats
from ..errors import ArgumentError, ArgumentTypeError
from ._rows import FileRows


def vectors(X: ArrayLike, name: str, *, k: int | None = None, least: int = 0) -> Floats:
    """Return X (n, k) as a contiguous array, float32 or float64, with `least` rows or more."""
    X = _floats(X, name)
    vectors_shape(X.shape, name, k=k, least=least)
    squares_fit(X, name)
    return np.ascontiguousarray(X)


def vectors_shape(shape: tuple[int, ...], name: str, *, k: int | None = None,
                  least: int = 0) -> None:  # fmt: skip
    """Raise unless `shape` means `least` vectors or more, of `k` components if given."""
    expected = f"{name}: expected shape (n, k) with k > 0, got"
    if len(shape) == 1:
        advice = f"{name}.reshape(1, -1) is one vector, {name}.reshape(-1, 1) many scalars"
        raise ArgumentError(f"{expected} {shape}. Reshape your data: {advice}")
    if len(shape) != 2:
        raise ArgumentError(f"{expected} {shape}")
    if shape[1] == 0:  # in the words of scikit-learn
        raise ArgumentError(f"{expected} 0 feature(s) (shape={shape}) while a minimum of 1 is "
                            "required.")  # fmt: skip
    if k is not None and shape[1] != k:
        raise ArgumentError(f"{name}: expected vectors of {k} components, got {shape[1]}")
    if shape[0] < least:
        got = f"{shape[0]} (n_samples={shape[0]})"
        raise ArgumentError(f"{name}: expected {least} vectors or more, got {got}")


def squares_fit(X: Floats, name: str, *, first: int = 0) -> float:
    """Return the greatest magnitude in X (n, k); raise unless its squared errors are finite."""
    peak = finite(X, name, first=first)
    limit = _limit(X.dtype, X.shape[-1])
    if peak > limit:
        advice = "; scale the vectors, or use float64" if X.dtype == np.float32 else ""
        raise ArgumentError(f"{name}: expected magnitudes up to {limit:.2g}, whose squares "
                            f"{X.dtype} can add up, got {peak:.2g}{advice}")  # fmt: skip
    return peak


def _limit(dtype: np.dtype[Any], k: int) -> float:
    """Return the greatest magnitude of components whose squared errors can be added up.

    Sums over vectors are made in float64, hence the wider margin there.
    """
    margin = 2.0**8 if dtype == np.float32 else 2.0**60
    return float(np.sqrt(float(np.finfo(dtype).max) / margin / k))


def products_fit(weight: Floats, X: Floats, name: str) -> None:
    """Raise unless weights times squared errors of X (n, k) stay finite."""
    if weight.size == 0 or X.size == 0:
        return
    peak, most = max(-float(X.min()), float(X.max())), float(np.abs(weight).max())
    if peak * np.sqrt(most) * (1 if weight.ndim < 3 else np.sqrt(X.shape[1])) > _limit(
        X.dtype, X.shape[1]
    ):
        raise ArgumentError(f"{name}: expected weights whose products with squared errors "
                            f"{X.dtype} can hold, got {most:.2g}")  # fmt: skip


def search_weight(weight: ArrayLike | None, X: Floats, *, ndims: tuple[int, ...]) -> Floats:
    """Return the weight of X (n, k) as (n, k) or (n, k, k), or (0, k) if there is none.

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
    products_fit(weight, X, "weight")
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
    if not isinstance(X, FileRows):
        products_fit(weight, X, "sample_weight")
    return weight if weight.ndim > 1 else weight[:, None]


def sample_shape(shape: tuple[int, ...], like: tuple[int, ...], ndims: tuple[int, ...]) -> None:
    """Raise unless a weight of this shape suits vectors of shape `like`.

    ndims : the numbers of dimensions that it may have, as for `sample_weight`.
    """
    n, k = like
    shapes = [((n,), (n, k), (n, k, k))[ndim - 1] for ndim in ndims]
    if shape not in shapes:
        expected = " or ".join(map(str, shapes))
        raise ArgumentError(f"sample_weight: expected shape {expected}, got {shape}")


def doubles(values: ArrayLike, name: str) -> F64:
    """Return `values` as an array of float64."""
    return _floats(values, name).astype(np.float64, copy=False)


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


def indices(values: ArrayLike, n_codewords: float) -> I64:
    """Return `values` as indices, each below `n_codewords`."""
    values = np.asarray(values)
    if values.dtype.kind not in "iu" and values.size:
        raise ArgumentTypeError(f"indices: expected integers, got {values.dtype}")
    if values.size and not 0 <= values.min() <= values.max() < n_codewords:
        got = f"from {values.min()} to {values.max()}"
        raise ArgumentError(f"indices: expected from 0 to {n_codewords - 1}, got {got}")
    return values.astype(np.int64, copy=False)


def codes(values: ArrayLike, sizes: Sequence[int]) -> I64:
    """Return `values` as indices (n, len(sizes)), each below the size of its column."""
    values = np.asarray(values)
    if values.ndim != 2 or values.shape[1] != len(sizes):
        raise ArgumentError(f"indices: expected shape (n, {len(sizes)}), got {values.shape}")
    for column, size in zip(values.T, sizes, strict=True):
        indices(column, size)
    return values.astype(np.int64, copy=False)


def _weight(weight: ArrayLike, name: str, dtype: np.dtype[Any]) -> Floats:
    weight = _floats(weight, name)
    peak = finite(weight, name)
    not_negative(weight, name)
    if peak > float(np.finfo(dtype).max):
        raise ArgumentError(f"{name}: expected weights that {dtype} can hold, got {peak:g}")
    return weight.astype(dtype, copy=False)


def not_negative(weight: Floats, name: str) -> None:
    """Raise if a weight is negative; of matrices (n, k, k), one on the diagonals."""
    if weight.ndim == 3 and weight.shape[1] == weight.shape[2]:
        weight = np.einsum("nii->ni", weight)
    if weight.size and weight.min() < 0:
        raise ArgumentError(f"{name}: expected no negative weight, got {weight.min():g}")


def finite(values: Floats, name: str, *, first: int = 0) -> float:
    """Return the greatest magnitude of `values`; raise unless all are finite.

    first : the number of the first row in the message.
    """
    if values.size == 0:
        return 0.0
    peak = max(-float(values.min()), float(values.max()))  # both are NaN if any value is
    if np.isfinite(peak):
        return peak
    where = np.argwhere(~np.isfinite(values))[0]
    got = values[tuple(where)]
    row = ", ".join(map(str, (where[0] + first, *where[1:]) if len(where) else where))
    raise ArgumentError(f"{name}: expected finite values, got {got} at [{row}]; "
                        "remove or replace NaN and inf")  # fmt: skip


def _floats(values: ArrayLike, name: str) -> Floats:
    """Return `values` as an array of float32 or float64."""
    if hasattr(values, "toarray"):
        raise ArgumentTypeError(f"{name}: expected a dense array, got a sparse one; "
                                f"use {name}.toarray()")  # fmt: skip
    array = np.asarray(values)
    if array.dtype.kind == "O":  # such as a table of columns of several types
        try:
            array = array.astype(np.float64)
        except (TypeError, ValueError) as error:
            raise ArgumentTypeError(f"{name}: expected real numbers, got {error}") from error
    if array.dtype.kind == "c":
        raise ArgumentError(f"{name}: expected real numbers, got {array.dtype}. "
                            "Complex data not supported")  # fmt: skip
    if array.dtype.kind not in "fiub":
        raise ArgumentTypeError(f"{name}: expected real numbers, got {array.dtype}")
    if array.dtype.kind == "f" and array.dtype.itemsize > 8:
        peak = np.abs(array).max(initial=0)
        if np.isfinite(peak) and peak > np.finfo(np.float64).max:
            raise ArgumentError(f"{name}: expected values that float64 can hold, got {peak:g}")
    return array.astype(np.float32 if array.dtype == np.float32 else np.float64, copy=False)
