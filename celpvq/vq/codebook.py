"""What the quantizers with a single codebook, searched in full, have in common."""

from typing import ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike

from ..errors import ArgumentError
from . import _check
from ._cells import survey
from ._lloyd import Design
from ._types import F64, Floats, Indices
from .base import VectorQuantizer, check_shape
from .full_search import nearest


class CodebookVQ(VectorQuantizer):
    """A quantizer that codes each vector as the row of its nearest codeword."""

    _fitted: ClassVar[tuple[str, ...]] = ("codebook_", "distortion_history_", "n_iter_")

    _distortions: ClassVar[tuple[str, ...]] = ("squared", "weighted")

    n_codewords: int
    n_threads: int | None = None
    codebook_: Floats
    distortion_history_: F64
    n_iter_: int

    def encode(self, X: ArrayLike, weight: ArrayLike | None = None) -> Indices:
        """Return the index of the nearest codeword of each vector.

        Parameters
        ----------
        X : array_like, shape (n, k)
            Vectors.
        weight : array_like, optional
            Weights of the squared errors: shape (n, k) or (k,) with ``distortion="weighted"``
            [>= 0], (n, k, k) with ``"matrix"``, and none with any other.

        Returns
        -------
        ndarray of int64, shape (n,)
            Rows of the codebook; the first one on a tie.

        Raises
        ------
        ArgumentError
            If a shape is wrong or a value not finite.
        NotFittedError
            Before `fit`.
        """
        self._check_fitted()
        X = self._space(_check.vectors(X, "X", k=self.codebook_.shape[1]))
        codebook = self._space(self.codebook_)
        if weight is not None:
            weight = self._search_weight(weight, X)
        return nearest(X, codebook, weight, n_threads=self.n_threads)[0]

    def decode(self, indices: ArrayLike) -> Floats:
        """Return the codewords of `indices`.

        Parameters
        ----------
        indices : array_like of int, shape (n,)
            Rows of the codebook.

        Returns
        -------
        ndarray, shape (n, k)
            Their codewords.

        Raises
        ------
        ArgumentError
            If an index is not in the codebook.
        NotFittedError
            Before `fit`.
        """
        self._check_fitted()
        return self.codebook_[_check.indices(indices, len(self.codebook_))]

    def score(self, X: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """Return the negative distortion of `X`: greater is better.

        Parameters
        ----------
        X, sample_weight
            As for `fit`.

        Returns
        -------
        float
            Minus the weighted mean squared error per component.
        """
        self._check_fitted()
        X = self._space(_check.vectors(X, "X", k=self.codebook_.shape[1], least=1))
        codebook = self._space(self.codebook_).astype(X.dtype, copy=False)
        return -survey(X, self._weight(sample_weight, X), codebook, self.n_threads).distortion

    def _space(self, X: Floats) -> Floats:
        """Return X (n, k) in the space where the distortion is the squared error."""
        return X

    def _checked(self, X: ArrayLike, sample_weight: ArrayLike | None) -> tuple[Floats, Floats]:
        """Return the arguments of `fit` as arrays, with the common parameters checked.

        At least as many vectors as codewords have some weight.
        """
        self._check_params()
        X = _check.vectors(X, "X", least=self.n_codewords)
        weight = self._weight(sample_weight, X)
        self._check_weighty(int(np.count_nonzero(mass(X, weight))))
        return X, weight

    def _check_params(self) -> None:
        params = self.get_params()
        _check.count(self.n_codewords, "n_codewords", least=1)
        _check.count(params["max_iter"], "max_iter", least=0)
        if "tol" in params:
            _check.number(params["tol"], "tol")
        if "distortion" in params:
            _check.choice(self.distortion, "distortion", self._distortions)

    def _check_weighty(self, n_weighty: int) -> None:
        """Raise unless the number of vectors that have some weight is enough."""
        if n_weighty < self.n_codewords:
            raise ArgumentError(f"sample_weight: expected {self.n_codewords} vectors or more with "
                                f"weight, got {n_weighty}")  # fmt: skip

    def _finish(self, codebook: Floats, design: Design) -> Self:
        """Take over the result of a design, in the space of the vectors."""
        self.codebook_ = np.ascontiguousarray(codebook)
        self.distortion_history_ = np.array(design.history)
        self.n_iter_ = design.n_iter
        return self

    def _check_restored(self) -> None:
        check_shape("codebook_", self.codebook_, (self.n_codewords, "k"))


def mass(X: Floats, weight: Floats) -> F64:
    """Return the weight (n,) of each vector of X (n, k): over all its components."""
    total: F64
    if weight.ndim == 3:
        total = np.einsum("nii->n", weight, dtype=np.float64)
    else:
        total = np.broadcast_to(weight, X.shape).sum(axis=1, dtype=np.float64)
    return total
