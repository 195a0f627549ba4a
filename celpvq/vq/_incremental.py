"""Quantizers that learn from a few vectors at a time."""

from abc import abstractmethod
from typing import ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike

from .._random import generator
from .._types import F64, I64, Floats
from . import _check, init
from ._files import check_shape
from .cells import mass
from .codebook import CodebookVQ
from .lloyd import Design


class IncrementalVQ(CodebookVQ):
    """A quantizer that can go on learning: `partial_fit` passes once over some vectors.

    Parameters
    ----------
    batch_size : int
        Number of vectors per batch.
    tol : float
        Stop when a pass changes the distortion by less than this fraction of it.
    max_iter : int
        Stop after this many passes over the vectors.
    verbose : bool
        Print the distortion after each pass.

    Attributes
    ----------
    counts_ : ndarray, shape (n_codewords, k)
        Total weight behind each component of each codeword; old passes count less.
    distortion_history_ : ndarray, shape (n_iter_ + 1,)
        Weighted mean squared error per component at the start and after each pass of `fit`.
    n_iter_ : int
        Number of passes of `fit`.
    """

    _fitted: ClassVar[tuple[str, ...]] = (*CodebookVQ._fitted, "counts_")
    _kept: ClassVar[float] = 0.2  # of the counts after each pass, in which the codewords moved

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
        design.record.start(design.survey(codebook).distortion)
        full = np.broadcast_to(weight, X.shape)
        for _ in range(self.max_iter):
            order = rng.permutation(len(X))
            codebook, counts = self._learn(codebook, self._kept * counts, X, full, order)
            design.record.add(design.survey(codebook).distortion, len(codebook))
            before, now = design.record.history[-2:]
            if abs(before - now) <= self.tol * now:  # a pass may do harm: the last one counts
                break
        self.counts_ = counts
        self._finish(codebook, design)

    def partial_fit(self, X: ArrayLike, y: object = None,
                    sample_weight: ArrayLike | None = None) -> Self:  # fmt: skip
        """Learn from some more vectors, in one pass and in their order.

        The first call takes its start from its own vectors, unless `fit` came before.

        Parameters
        ----------
        X, y, sample_weight
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
        self._check_params()
        if not hasattr(self, "codebook_"):
            X, weight = self._checked(X, sample_weight)
            rng = generator(self.random_state, "random_state")
            codebook = init.start(self.init, X, mass(X, weight), self.n_codewords, rng)
            self.counts_, self.n_iter_ = np.zeros(codebook.shape), 0
            self.distortion_history_ = np.empty(0)
        else:
            codebook = self.codebook_
            X = self._vectors(_check.vectors(X, "X").astype(codebook.dtype, copy=False))
            weight = self._weight(sample_weight, X)
        full, order = np.broadcast_to(weight, X.shape), np.arange(len(X))
        self.codebook_, self.counts_ = self._learn(codebook, self.counts_, X, full, order)
        return self

    def _check_restored(self) -> None:
        super()._check_restored()
        check_shape("counts_", self.counts_, self.codebook_.shape)

    @abstractmethod
    def _learn(self, codebook: Floats, counts: F64, X: Floats, weight: Floats,
               order: I64) -> tuple[Floats, F64]:  # fmt: skip
        """Return codebook and counts, both (K, k), after the rows `order` of X and weight (n, k).

        The arguments stay as they are.
        """
