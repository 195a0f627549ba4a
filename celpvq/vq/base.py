"""What all quantizers have in common: parameters, the fitted codebook, and its file."""

import inspect
import json
import zipfile
import zlib
from abc import ABC, abstractmethod
from collections.abc import Mapping
from os import PathLike
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import ArgumentError, FormatError, NotFittedError
from . import _check
from ._types import Floats, Indices
from .measures import distortion

_WEIGHTS = {"weighted": (1, 2), "matrix": (1, 3)}  # dimensions of `sample_weight`


class VectorQuantizer(ABC):
    """A quantizer by the contract of scikit-learn.

    The constructor stores its parameters unchanged, `fit` checks them and ends in attributes with a
    trailing underscore. Subclasses name in `_fitted` those that a file keeps: numbers, arrays or
    tuples of arrays; in `_optional` those of them that may be None.
    """

    _fitted: ClassVar[tuple[str, ...]]
    _optional: ClassVar[tuple[str, ...]] = ()
    _distortions: ClassVar[tuple[str, ...]] = ("squared", "weighted")

    distortion: str = "squared"

    @classmethod
    def _param_names(cls) -> list[str]:
        return [name for name in inspect.signature(cls.__init__).parameters if name != "self"]

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters of the constructor; `deep` is there for scikit-learn's sake."""
        return {name: getattr(self, name) for name in self._param_names()}

    def set_params(self, **params: Any) -> Self:
        """Set parameters of the constructor; raise `ArgumentError` for one that there is not."""
        names = self._param_names()
        for name in params:
            if name not in names:
                raise ArgumentError(f"parameter: expected one of {', '.join(names)}, got {name!r}")
        for name, value in params.items():
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        defaults = inspect.signature(type(self).__init__).parameters
        changed = [
            f"{name}={value!r}"
            for name, value in self.get_params().items()
            if np.ndim(value) > 0 or value != defaults[name].default
        ]
        return f"{type(self).__name__}({', '.join(changed)})"

    def _check_fitted(self) -> None:
        if not hasattr(self, self._fitted[0]):
            name = type(self).__name__
            raise NotFittedError(f"{name}: expected a fitted quantizer, got one before fit or load")

    def fit(self, X: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Design the quantizer.

        Parameters
        ----------
        X : array_like, shape (n, k)
            Training vectors, at least as many as codewords in a codebook.
        sample_weight : array_like, shape (n,), or (n, k) with ``distortion="weighted"``, optional
            Weight of each vector, or of each of its components [>= 0].

        Returns
        -------
        Self
            Itself.

        Raises
        ------
        ArgumentError
            If a parameter or a shape is wrong, a value is not finite, a weight negative, or fewer
            vectors than codewords have any weight.
        """
        self._fit(X, sample_weight)
        return self

    def encode(self, X: ArrayLike, weight: ArrayLike | None = None) -> Indices:
        """Return the indices of vectors.

        Parameters
        ----------
        X : array_like, shape (n, k)
            Vectors.
        weight : array_like, optional
            Weights of the squared errors: shape (n, k) or (k,) with ``distortion="weighted"``
            [>= 0], (n, k, k) with ``"matrix"``, and none with any other.

        Returns
        -------
        ndarray of int64, shape (n,), or (n, n_codebooks) with several codebooks
            Rows of the codebooks; of equally good ones the first.

        Raises
        ------
        ArgumentError
            If a shape is wrong, a value not finite, or a weight not wanted.
        NotFittedError
            Before `fit`.
        """
        self._check_fitted()
        X = _check.vectors(X, "X", k=self._n_components)
        return self._encode(X, self._search_weight(weight, X))

    def decode(self, indices: ArrayLike) -> Floats:
        """Return the vectors that indices stand for.

        Parameters
        ----------
        indices : array_like of int, of the shape that `encode` gives
            Rows of the codebooks.

        Returns
        -------
        ndarray, shape (n, k)
            The vectors, of the type of the training vectors.

        Raises
        ------
        ArgumentError
            If a shape is wrong, or an index not in its codebook.
        NotFittedError
            Before `fit`.
        """
        self._check_fitted()
        sizes = self._code_sizes
        check = _check.indices if isinstance(sizes, int) else _check.codes
        return self._decode(check(indices, sizes))  # type: ignore[arg-type]

    def score(self, X: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """Return the negative distortion of `X`: greater is better.

        Parameters
        ----------
        X : array_like, shape (n, k)
            Vectors.
        sample_weight : array_like, optional
            As for `fit`.

        Returns
        -------
        float
            Minus the weighted mean squared error per component.

        Raises
        ------
        ArgumentError
            If a shape is wrong, a value not finite, or there is no vector or no weight.
        NotFittedError
            Before `fit`.
        """
        self._check_fitted()
        X = _check.vectors(X, "X", k=self._n_components, least=1)
        return -self._distortion(X, sample_weight)

    @property
    @abstractmethod
    def _n_components(self) -> int:
        """The number of components of a vector."""

    @property
    @abstractmethod
    def _code_sizes(self) -> int | tuple[int, ...]:
        """The size of the codebook; of each, where a vector has several indices."""

    @abstractmethod
    def _fit(self, X: ArrayLike, sample_weight: ArrayLike | None) -> None:
        """Check the arguments of `fit`, and set the fitted attributes."""

    @abstractmethod
    def _encode(self, X: Floats, weight: Floats) -> Indices:
        """Return the indices of X (n, k) with weight as `_search_weight` returns it."""

    @abstractmethod
    def _decode(self, indices: Indices) -> Floats:
        """Return the vectors (n, k) of indices that are in the codebooks."""

    def _distortion(self, X: Floats, sample_weight: ArrayLike | None) -> float:
        """Return the weighted mean squared error of X (n, k) as coded."""
        searched = sample_weight if np.ndim(sample_weight) > 1 else None  # type: ignore[arg-type]
        return distortion(X, self.decode(self.encode(X, searched)), sample_weight)

    def _weight(self, sample_weight: ArrayLike | None, X: Floats) -> Floats:
        """Return the `sample_weight` of `fit`, as (1, 1), (n, 1), (n, k) or (n, k, k)."""
        return _check.sample_weight(sample_weight, X, ndims=self._weight_ndims)

    @property
    def _weight_ndims(self) -> tuple[int, ...]:
        """How many dimensions `sample_weight` may have."""
        _check.choice(self.distortion, "distortion", self._distortions)
        return _WEIGHTS.get(self.distortion, (1,))

    def _search_weight(self, weight: ArrayLike | None, X: Floats) -> Floats:
        """Return the `weight` of `encode`, as (n, k) or (n, k, k), or (0, k) for none."""
        if weight is not None and self.distortion not in _WEIGHTS:
            raise ArgumentError(f"weight: expected None with distortion={self.distortion!r}")
        ndims = (3,) if self.distortion == "matrix" else (1, 2)
        return _check.search_weight(weight, X, ndims=ndims)

    def save(self, path: str | PathLike[str]) -> None:
        """Write parameters and results to the file `path`, a NumPy archive without pickles.

        A generator given as `random_state` is not kept; the loaded quantizer has None there.
        """
        self._check_fitted()
        params = json.dumps(self.get_params(), default=_plain)
        arrays: dict[str, Any] = {}
        for name in self._fitted:
            value = getattr(self, name)
            if isinstance(value, tuple):
                arrays |= {f"{name}{i}": part for i, part in enumerate(value)}
            elif value is not None:
                arrays[name] = value
        with open(path, "wb") as file:
            np.savez(file, kind=type(self).__name__, params=params, **arrays)

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Self:
        """Read what `save` wrote.

        Raises
        ------
        FormatError
            If the file is not one of this quantizer, is damaged, or holds a value not finite.
        OSError
            If the file cannot be read.
        """
        try:
            with open(path, "rb") as file, np.load(file, allow_pickle=False) as archive:
                arrays = {name: archive[name] for name in archive.files}
            kind = str(arrays["kind"])
            if kind != cls.__name__:
                raise FormatError(f"{path}: expected a file of {cls.__name__}, got {kind}")
            quantizer = cls(**json.loads(str(arrays["params"])))
            quantizer._restore(arrays)
        except FormatError:
            raise
        except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, KeyError, TypeError,
                AttributeError, NotImplementedError) as error:  # fmt: skip
            detail = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise FormatError(f"{path}: expected a saved {cls.__name__}, got {detail}") from error
        return quantizer

    def _restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take over the fitted attributes, checked."""
        for name in self._fitted:
            if f"{name}0" in arrays:
                n_parts = sum(key.startswith(name) for key in arrays)
                parts = (_restored(f"{name}{i}", arrays) for i in range(n_parts))
                setattr(self, name, tuple(parts))
            elif name in arrays or name not in self._optional:
                value = _restored(name, arrays)
                setattr(self, name, value.item() if value.ndim == 0 else value)
            else:
                setattr(self, name, None)
        self._check_restored()

    @abstractmethod
    def _check_restored(self) -> None:
        """Raise `FormatError` unless the attributes from a file fit each other and `encode`."""


def _restored(name: str, arrays: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
    value = arrays[name]
    if value.dtype.kind not in "fi" or not np.isfinite(value).all():
        raise FormatError(f"{name}: expected finite numbers, got {value.dtype} with others")
    return value


def check_shape(name: str, value: Any, expected: tuple[int | str, ...]) -> None:
    """Raise `FormatError` unless `value` has the shape `expected`; a name there is any size > 0."""
    got = np.shape(value)
    if len(got) != len(expected) or any(
        size == 0 if isinstance(want, str) else size != want
        for size, want in zip(got, expected, strict=True)
    ):
        shape = ", ".join(map(str, expected))
        raise FormatError(f"{name}: expected shape ({shape}), got {got}")


def _plain(value: Any) -> Any:
    """Return a parameter as JSON can hold it."""
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    return None
