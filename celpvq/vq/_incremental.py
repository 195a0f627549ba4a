"""What the quantizers that learn from a few vectors at a time have in common."""

from abc import abstractmethod
from typing import ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike

from .._random import generator
from . import _check, init
from ._lloyd import Design
from ._types import F64, Floats, Indices
from .base import check_shape
from .codebook import CodebookVQ, mass


class IncrementalVQ(CodebookVQ):
    """A quantizer that goes on learning: `fit` passes over all vectors, `partial_fit` over some."""

    _fitted: ClassVar[tuple[str, ...]] = (*CodebookVQ._fitted, "counts_")
    _kept: ClassVar[float] = 0.2  # of a pass's counts in the next: codewords were elsewhere then

    init: str | ArrayLike
    tol: float
    max_iter: int
    random_state: int | np.random.Generator | None
    verbose: bool
    counts_: F64

    def _fit(self, X: ArrayLike, sample_weight: ArrayLike | None) -> None:
        X, weight = self._checked(X, sample_weight)
        rng = generator(self.random_state, "random_state")
        design = Design(X, weight, self, rng)
        codebook = init.start(self.init, X, mass(X, weight), self.n_codewords, rng)
        counts = np.zeros(codebook.shape)
        design.history.append(design.survey(codebook).distortion)
        full = np.broadcast_to(weight, X.shape)
        for _ in range(self.max_iter):
            order = rng.permutation(len(X))
            codebook, counts = self._learn(codebook, self._kept * counts, X, full, order)
            design.record(design.survey(codebook).distortion, len(codebook))
            before, now = design.history[-2:]
            if abs(before - now) <= self.tol * now:
                break
        self.counts_ = counts
        self._finish(codebook, design)

    def partial_fit(self, X: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Learn from some more vectors, in one pass and the order given.

        The first call, where `fit` has not been called, takes its start from its own vectors.

        Parameters
        ----------
        X, sample_weight
            As for `fit`; later calls may bring any number of vectors.

        Returns
        -------
        Self
            Itself.

        Raises
        ------
        ArgumentError
            As for `fit`.
        """
        if not hasattr(self, "codebook_"):
            X, weight = self._checked(X, sample_weight)
            rng = generator(self.random_state, "random_state")
            codebook = init.start(self.init, X, mass(X, weight), self.n_codewords, rng)
            self.counts_, self.n_iter_ = np.zeros(codebook.shape), 0
            self.distortion_history_ = np.empty(0)
        else:
            codebook = self.codebook_
            X = _check.vectors(X, "X", k=codebook.shape[1]).astype(codebook.dtype, copy=False)
            weight = self._weight(sample_weight, X)
        full, order = np.broadcast_to(weight, X.shape), np.arange(len(X))
        self.codebook_, self.counts_ = self._learn(codebook, self.counts_, X, full, order)
        return self

    def _check_restored(self) -> None:
        super()._check_restored()
        check_shape("counts_", self.counts_, self.codebook_.shape)

    @abstractmethod
    def _learn(self, codebook: Floats, counts: F64, X: Floats, weight: Floats,
               order: Indices) -> tuple[Floats, F64]:  # fmt: skip
        """Return codebook and counts, both (K, k), after the rows `order` of X and weight (n, k).

        Neither of those given changes.
        """
