"""The contract that all quantizers keep."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from os import PathLike
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike

from .._types import I64, Floats
from ..errors import ArgumentError
from . import _check, _docs, _files, _params
from ._estimator import Estimator, not_fitted
from .lloyd import Record
from .measures import distortion

_WEIGHTS = {"weighted": (1, 2), "matrix": (1, 3)}  # dimensions of `sample_weight`


class VectorQuantizer(Estimator, ABC):
    """A quantizer that follows the contract of scikit-learn.

    `fit` designs the codebooks. `encode` turns vectors into indices, and `decode` indices into
    codewords. `predict`, `transform` and `inverse_transform` are their names in scikit-learn.

    Parameters
    ----------
    n_codewords : int
        Size of the codebook.
    init : {"kmeans++", "random", "maximin"} or array_like, shape (n_codewords, k)
        The start: training vectors that are likely to be far from each other; training vectors
        drawn at random; training vectors as far from each other as possible; or a codebook.
    distortion : {"squared", "weighted"}
        "weighted" lets every component of every vector have its own weight, see `fit`.
    tol : float
        Stop when an iteration lowers the distortion by less than this fraction of it.
    max_iter : int
        Stop after this many iterations.
    random_state : int, numpy.random.Generator or None
        Seed of all random draws; an integer makes the result repeat exactly.
    n_threads : int, optional
        Number of threads; all processors of this process if not given. It changes no result.
    verbose : bool
        Print the distortion after each iteration.

    Attributes
    ----------
    codebook_ : ndarray, shape (n_codewords, k)
        The codewords, float32 if the training vectors are, else float64.
    distortion_history_ : ndarray, shape (n_iter_ + 1,)
        Weighted mean squared error per component at the start and after each iteration. It never
        rises, and its last value belongs to the final codebook.
    n_iter_ : int
        Number of iterations.
    n_features_in_ : int
        Number of components of a vector.

    Notes
    -----
    Subclasses name in `_fitted` the attributes that a file keeps: numbers, arrays or tuples of
    arrays; in `_optional` those that may be None; in `_checks` parameters whose check is not the
    common one.
    """

    _fitted: ClassVar[tuple[str, ...]]
    _optional: ClassVar[tuple[str, ...]] = ()
    _distortions: ClassVar[tuple[str, ...]] = ("squared", "weighted")
    _checks: ClassVar[Mapping[str, _params.Check]] = {}

    distortion: str = "squared"

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.__doc__ = _docs.completed(cls)

    def fit(self, X: ArrayLike, y: object = None, sample_weight: ArrayLike | None = None) -> Self:
        """Design the quantizer.

        Parameters
        ----------
        X : array_like, shape (n, k)
            Training vectors, at least as many as codewords in a codebook.
        y : object
            Ignored; scikit-learn passes it.
        sample_weight : array_like, shape (n,), or (n, k) with ``distortion="weighted"``, optional
            Weight of each vector, or of each of its components [>= 0].

        Returns
        -------
        Self
            Itself.

        Raises
        ------
        ArgumentError
            If a parameter or a shape is wrong, a value is not finite or its square too large, a
            weight is negative, or fewer vectors than codewords have a weight above 0.
        """
        self._check_params()
        self._fit(X, sample_weight)
        return self

    def encode(self, X: ArrayLike, weight: ArrayLike | None = None) -> I64:
        """Return the indices of vectors.

        Parameters
        ----------
        X : array_like, shape (n, k)
            Vectors.
        weight : array_like, optional
            Weights of the squared errors: shape (n, k) or (k,) with ``distortion="weighted"``
            [>= 0], (n, k, k) with ``"matrix"``, and None otherwise.

        Returns
        -------
        ndarray of int64, shape (n,), or (n, n_codebooks) with several codebooks
            Rows of the codebooks; the first one on a tie.

        Raises
        ------
        ArgumentError
            If a shape is wrong, a value is not finite or its square too large, or `weight` is
            given where the distortion has none.
        NotFittedError
            Before `fit`.
        """
        X = self._vectors(X)
        return self._encode(X, self._search_weight(weight, X))

    def decode(self, indices: ArrayLike) -> Floats:
        """Return the vectors that indices stand for.

        Parameters
        ----------
        indices : array_like of int, of the shape that `encode` returns
            Rows of the codebooks.

        Returns
        -------
        ndarray, shape (n, k)
            The vectors, of the dtype of the training vectors.

        Raises
        ------
        ArgumentError
            If a shape is wrong, or an index is not in its codebook.
        NotFittedError
            Before `fit`.
        """
        return self._decode(self._indices(indices))

    def predict(self, X: ArrayLike) -> I64:
        """Return the indices of vectors, as `encode` does without weights."""
        return self.encode(X)

    def transform(self, X: ArrayLike) -> I64:
        """Return the indices of vectors as a matrix.

        Parameters
        ----------
        X : array_like, shape (n, k)
            Vectors.

        Returns
        -------
        ndarray of int64, shape (n, n_codebooks)
            Rows of the codebooks: one column per codebook, even if there is only one.

        Raises
        ------
        ArgumentError, NotFittedError
            As for `encode`.
        """
        codes = self.encode(X)
        return codes if codes.ndim == 2 else codes[:, None]

    def inverse_transform(self, X: ArrayLike) -> Floats:
        """Return the vectors of indices in the form that `transform` returns.

        Parameters
        ----------
        X : array_like of int, shape (n, n_codebooks)
            Rows of the codebooks.

        Returns
        -------
        ndarray, shape (n, k)
            The vectors that the indices stand for.

        Raises
        ------
        ArgumentError, NotFittedError
            As for `decode`.
        """
        self._check_fitted()
        codes = np.asarray(X)
        if isinstance(self._code_sizes, int) and codes.ndim == 2 and codes.shape[1] == 1:
            codes = codes[:, 0]
        return self.decode(codes)

    def fit_predict(self, X: ArrayLike, y: object = None, **fit_params: Any) -> I64:
        """Return ``fit(X, y, **fit_params).predict(X)``."""
        return self.fit(X, y, **fit_params).predict(X)

    def fit_transform(self, X: ArrayLike, y: object = None, **fit_params: Any) -> I64:
        """Return ``fit(X, y, **fit_params).transform(X)``."""
        return self.fit(X, y, **fit_params).transform(X)

    def score(self, X: ArrayLike, y: object = None,
              sample_weight: ArrayLike | None = None) -> float:  # fmt: skip
        """Return the negative distortion of `X`: greater is better.

        Parameters
        ----------
        X : array_like, shape (n, k)
            Vectors.
        y : object
            Ignored; scikit-learn passes it.
        sample_weight : array_like, optional
            As for `fit`.

        Returns
        -------
        float
            Minus the weighted mean squared error per component.

        Raises
        ------
        ArgumentError
            If a shape is wrong, a value is not finite or its square too large, or there is no
            vector or no weight above 0.
        NotFittedError
            Before `fit`.
        """
        return -self._distortion(self._vectors(X, least=1), sample_weight)

    def save(self, path: str | PathLike[str]) -> None:
        """Write parameters and results to the file `path`, a NumPy archive without pickles.

        A generator given as `random_state` is not kept; the loaded quantizer has None there.
        """
        self._check_fitted()
        _files.save(self, path)

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Self:
        """Read a file that `save` has written.

        Raises
        ------
        FormatError
            If the file holds another quantizer, is damaged, or has a value that is not finite.
        OSError
            If the file cannot be read.
        """
        loaded: Self = _files.load(cls, path)
        return loaded

    @property
    def n_features_in_(self) -> int:
        """The number of components of a vector."""
        self._check_fitted()
        return self._n_components

    @property
    @abstractmethod
    def _n_components(self) -> int:
        """The number of components of a vector."""

    @property
    @abstractmethod
    def _code_sizes(self) -> int | tuple[int, ...]:
        """The size of the codebook, or the size of each where a vector has several indices."""

    @abstractmethod
    def _fit(self, X: ArrayLike, sample_weight: ArrayLike | None) -> None:
        """Check the vectors and set the fitted attributes; the parameters are checked already."""

    @abstractmethod
    def _encode(self, X: Floats, weight: Floats) -> I64:
        """Return the indices of X (n, k) with weight as `_search_weight` returns it."""

    @abstractmethod
    def _decode(self, indices: I64) -> Floats:
        """Return the vectors (n, k) of indices that are in the codebooks."""

    @abstractmethod
    def _check_restored(self) -> None:
        """Raise `FormatError` unless the attributes from a file fit each other and `encode`."""

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, self._fitted[0])

    def _check_fitted(self) -> None:
        if not self.__sklearn_is_fitted__():
            name = type(self).__name__
            raise not_fitted(f"{name}: expected a fitted quantizer, got one before fit or load")

    def _check_params(self) -> None:
        """Raise unless all parameters of the constructor are in range."""
        checks = {**_params.CHECKS, **self._checks}
        for name, value in self.get_params().items():
            if name in checks:
                checks[name](value, name)
        _check.choice(self.distortion, "distortion", self._distortions)

    def _vectors(self, X: ArrayLike, *, least: int = 0) -> Floats:
        """Return X (n, k), checked to be vectors of this quantizer."""
        self._check_fitted()
        vectors, k = _check.vectors(X, "X", least=least), self._n_components
        if vectors.shape[1] != k:  # the second half in the words of scikit-learn
            got, name = vectors.shape[1], type(self).__name__
            raise ArgumentError(
                f"X: expected vectors of {k} components, got {got}: X has {got} features, but "
                f"{name} is expecting {k} features as input"
            )
        return vectors

    def _indices(self, indices: ArrayLike) -> I64:
        """Return `indices`, checked to be in the codebooks."""
        self._check_fitted()
        sizes = self._code_sizes
        if isinstance(sizes, int):
            return _check.indices(indices, sizes)
        return _check.codes(indices, sizes)

    def _distortion(self, X: Floats, sample_weight: ArrayLike | None) -> float:
        """Return the weighted mean squared error of X (n, k) after encoding and decoding."""
        searched = sample_weight if np.ndim(sample_weight) > 1 else None  # type: ignore[arg-type]
        return distortion(X, self.decode(self.encode(X, searched)), sample_weight)

    def _weight(self, sample_weight: ArrayLike | None, X: Floats) -> Floats:
        """Return the `sample_weight` of `fit`, as (1, 1), (n, 1), (n, k) or (n, k, k)."""
        return _check.sample_weight(sample_weight, X, ndims=self._weight_ndims)

    @property
    def _weight_ndims(self) -> tuple[int, ...]:
        """The numbers of dimensions that `sample_weight` may have."""
        return _WEIGHTS.get(self.distortion, (1,))

    def _search_weight(self, weight: ArrayLike | None, X: Floats) -> Floats:
        """Return the `weight` of `encode`, as (n, k) or (n, k, k), or (0, k) if there is none."""
        if weight is not None and self.distortion not in _WEIGHTS:
            raise ArgumentError(f"weight: expected None with distortion={self.distortion!r}")
        ndims = (3,) if self.distortion == "matrix" else (1, 2)
        return _check.search_weight(weight, X, ndims=ndims)

    def _keep(self, record: Record) -> None:
        """Set the attributes that tell how the design went."""
        self.distortion_history_ = np.array(record.history)
        self.n_iter_ = record.n_iter
