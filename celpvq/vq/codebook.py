"""What the quantizers with a single codebook, searched in full, have in common."""

from typing import ClassVar

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

    n_codewords: int
    n_threads: int | None = None
    codebook_: Floats
    distortion_history_: F64
    n_iter_: int

    @property
    def _n_components(self) -> int:
        return int(self.codebook_.shape[1])

    @property
    def _code_sizes(self) -> int:
        return len(self.codebook_)

    def _encode(self, X: Floats, weight: Floats) -> Indices:
        given = weight if len(weight) else None
        return nearest(self._space(X), self._space(self.codebook_), given,
                       n_threads=self.n_threads)[0]  # fmt: skip

    def _decode(self, indices: Indices) -> Floats:
        return self.codebook_[indices]

    def _distortion(self, X: Floats, sample_weight: ArrayLike | None) -> float:
        X = self._space(X)
        codebook = self._space(self.codebook_).astype(X.dtype, copy=False)
        return survey(X, self._weight(sample_weight, X), codebook, self.n_threads).distortion

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

    def _check_weighty(self, n_weighty: int) -> None:
        """Raise unless the number of vectors that have some weight is enough."""
        if n_weighty < self.n_codewords:
            raise ArgumentError(f"sample_weight: expected {self.n_codewords} vectors or more with "
                                f"weight, got {n_weighty}")  # fmt: skip

    def _finish(self, codebook: Floats, design: Design) -> None:
        """Take over the result of a design, in the space of the vectors."""
        self.codebook_ = np.ascontiguousarray(codebook)
        self.distortion_history_ = np.array(design.history)
        self.n_iter_ = design.n_iter

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
