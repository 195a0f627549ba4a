"""Quantizers with a single codebook that is searched in full."""

from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from .._types import F64, I64, Floats
from ..errors import ArgumentError
from . import _check
from ._files import check_shape
from .base import VectorQuantizer
from .cells import mass, survey
from .full_search import nearest
from .lloyd import Design


class CodebookVQ(VectorQuantizer):
    """A quantizer that codes each vector as the index of its nearest codeword."""

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
    def _code_sizes(self) -> int | tuple[int, ...]:
        return len(self.codebook_)

    def _encode(self, X: Floats, weight: Floats) -> I64:
        given = weight if len(weight) else None
        return nearest(self._space(X), self._space(self.codebook_), given,
                       n_threads=self.n_threads)[0]  # fmt: skip

    def _decode(self, indices: I64) -> Floats:
        return self.codebook_[indices]

    def _distortion(self, X: Floats, sample_weight: ArrayLike | None) -> float:
        X = self._space(X)
        weight = self._weight(sample_weight, X)
        if not weight.any():
            raise ArgumentError("sample_weight: expected some weight above zero, got none")
        codebook = self._space(self.codebook_).astype(X.dtype, copy=False)
        return survey(X, weight, codebook, self.n_threads).distortion

    def _space(self, X: Floats) -> Floats:
        """Return X (n, k) in the space where the distortion is the squared error."""
        return X

    def _checked(self, X: ArrayLike, sample_weight: ArrayLike | None) -> tuple[Floats, Floats]:
        """Return the arguments of `fit` as arrays; enough vectors have some weight."""
        X = _check.vectors(X, "X", least=self.n_codewords)
        weight = self._weight(sample_weight, X)
        self._check_weighty(int(np.count_nonzero(mass(X, weight))))
        return X, weight

    def _check_weighty(self, n_weighty: int) -> None:
        """Raise unless the number of vectors that have some weight is enough."""
        if n_weighty < self.n_codewords:
            expected = f"{self.n_codewords} vectors or more with weight above zero"
            raise ArgumentError(f"sample_weight: expected {expected}, got {n_weighty}")

    def _finish(self, codebook: Floats, design: Design) -> None:
        """Set the fitted attributes from a design; `codebook` is in the space of the vectors."""
        self.codebook_ = np.ascontiguousarray(codebook)
        self._keep(design.record)

    def _check_restored(self) -> None:
        check_shape("codebook_", self.codebook_, (self.n_codewords, "k"))
