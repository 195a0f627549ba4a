"""Sums over the cells of a codebook, from which iterative design makes centroids."""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from functools import partial
from typing import NamedTuple, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from .._numba import strict
from .._threads import in_order, spans
from .._types import F64, I64, Floats
from ._rows import Rows, part
from .full_search import entries, nearest_block, tiled

BLOCK = 4096  # vectors that are in memory at a time, if they lie in files
_PARTS = 16  # of the vectors, each with sums of its own: fixed, so that workers change no rounding
_MOST = 1 << 18  # vectors in a part; with many vectors there are more parts

R = TypeVar("R")


class Cells(NamedTuple):
    """Sums over the vectors in each of K cells, where each component has a weight."""

    weights: F64  # (K, k) sum of weights
    sums: F64  # (K, k) weighted sum of vectors
    errors: F64  # (K, k) weighted sum of squared errors against the codeword

    @classmethod
    def zeros(cls, codebook: Floats) -> Self:
        """Return the sums over no vectors for codebook (K, k)."""
        return cls(*np.zeros((3, *codebook.shape)))

    def add(self, X: Floats, weight: Floats, codebook: Floats, indices: I64) -> Self:
        """Add X (n, k) to the cells indices (n,), in place.

        weight : (n or 1, k or 1); for `FormCells` the `entries` of the matrices.
        """
        _add(X, weight, codebook, indices, *self)
        return self

    def plus(self, other: Self) -> Self:
        """Return the sums over the vectors of both."""
        return type(self)(*(a + b for a, b in zip(self, other, strict=True)))

    @property
    def total(self) -> F64:
        """The weight in each cell (K,), over all components."""
        total: F64 = self.weights.sum(axis=1)
        return total

    @property
    def distortion(self) -> float:
        """The weighted mean squared error per component."""
        return float(self.errors.sum() / self.total.sum())

    @property
    def empty(self) -> NDArray[np.bool_]:
        """Which of the K cells have no weight."""
        empty: NDArray[np.bool_] = np.equal(self.total, 0)
        return empty

    def centroids(self, codebook: Floats) -> Floats:
        """Return the weighted means (K, k); a component without weight stays as in `codebook`."""
        idle = self.weights == 0
        means = self.sums / np.where(idle, 1, self.weights)
        return np.where(idle, codebook, means).astype(codebook.dtype)

    def spread(self, rows: I64) -> F64:
        """Return the root mean squared error of each component in some of the cells."""
        weights = self.weights[rows]
        spread: F64 = np.sqrt(self.errors[rows] / np.where(weights == 0, 1, weights))
        return spread


class FormCells(Cells):
    """Sums over cells where each vector x has a matrix W, and its error e counts as e'We.

    Here `weights` (K, k (k + 1) / 2) are the sums of the coefficients of e'We, as `entries` gives
    them, `sums` (K, k) the sums of Wx, and `errors` (K, 1) the sums of e'We.
    """

    @classmethod
    def zeros(cls, codebook: Floats) -> Self:
        """Return the sums over no vectors for codebook (K, k)."""
        n, k = codebook.shape
        return cls(np.zeros((n, k * (k + 1) // 2)), np.zeros((n, k)), np.zeros((n, 1)))

    def add(self, X: Floats, weight: Floats, codebook: Floats, indices: I64) -> Self:
        """Add X (n, k) to the cells indices (n,), in place, with the `entries` of its matrices."""
        _add_forms(X, weight, codebook, indices, *self)
        return self

    @property
    def total(self) -> F64:
        """The trace of the sum of matrices in each cell (K,)."""
        place = np.arange(self.sums.shape[1])
        total: F64 = self.weights[:, place * (place + 3) // 2].sum(axis=1)
        return total

    def centroids(self, codebook: Floats) -> Floats:
        """Return the solutions c (K, k) of ``(sum W) c = sum W x``, near `codebook` if many are."""
        k = codebook.shape[1]
        i, j = np.tril_indices(k)
        matrices = np.zeros((len(codebook), k, k))
        matrices[:, i, j] = self.weights / 2
        matrices += matrices.transpose(0, 2, 1)
        ridge = 1e-12 * self.total / k
        ridge[ridge == 0] = 1
        return solved(matrices, self.sums, codebook, ridge).astype(codebook.dtype)

    def spread(self, rows: I64) -> F64:
        """Return the root mean error, the same for each component, in some of the cells."""
        total = self.total[rows]
        mean = self.errors[rows, 0] / np.where(total == 0, 1, total)
        return np.repeat(np.sqrt(mean)[:, None], self.sums.shape[1], axis=1)


def solved(matrices: F64, vectors: F64, codebook: Floats, ridge: float | F64) -> F64:
    """Return the codewords (K, k) of least error where each cell has normal equations.

    The error of codeword c is ``c' M c - 2 v' c`` for M in matrices (K, k, k), symmetric, and v in
    vectors (K, k), plus `ridge`, a number or (K,), times the squared distance to its old place in
    codebook (K, k). Where M leaves c open, it stays there, and no step raises the error.
    """
    k, pull = codebook.shape[1], np.broadcast_to(ridge, len(codebook))
    matrices = matrices.copy()
    matrices[:, range(k), range(k)] += pull[:, None]
    right = vectors + pull[:, None] * codebook
    return np.linalg.solve(matrices, right[:, :, None])[:, :, 0].astype(np.float64, copy=False)


def mass(X: Floats, weight: Floats) -> F64:
    """Return the weight (n,) of each vector of X (n, k), summed over all its components."""
    total: F64
    if weight.ndim == 3:
        total = np.einsum("nii->n", weight, dtype=np.float64)
    else:
        total = np.broadcast_to(weight, X.shape).sum(axis=1, dtype=np.float64)
    return total


def survey(X: Rows, weight: Rows, codebook: Floats,
           n_threads: int | None = None, *, executor: Executor | None = None,
           transform: Floats | None = None,
           assign: Callable[[Floats, Floats], I64] | None = None) -> Cells:  # fmt: skip
    """Return the sums over the cells of codebook (K, k) in X (n, k), the same for any workers.

    weight : (1, 1), (n, 1), (n, k) or (n, k, k). The last two also decide which cell a vector
    belongs to; the last one gives `FormCells`.
    transform : (k, k) or None: each row of X is multiplied by it from the right.
    assign : returns the cells of some vectors (m, k) with weight (m, k), or (0, ...) if the weight
    does not decide; the nearest codewords if not given.
    """
    work = partial(_survey, codebook=codebook, transform=transform, assign=assign)
    total = (FormCells if weight.ndim == 3 else Cells).zeros(codebook)
    for cells in over_parts(work, X, weight, n_threads, executor):
        total = total.plus(cells)
    return total


def mapped(X: Floats, transform: Floats) -> Floats:
    """Return X (n, k) times transform (k, k), in an order that no number of threads changes."""
    product: Floats = np.einsum("nk,kj->nj", X, transform)
    return product


def over_parts(work: Callable[[int, Rows, Rows], R],
               X: Rows, weight: Rows, n_threads: int | None,
               executor: Executor | None) -> Iterator[R]:  # fmt: skip
    """Yield ``work(first row, X, weight)`` of each part of X (n, k), in order.

    The parts depend on n only. They go to the workers of `executor` if given, else to threads of
    this process.
    """
    n = len(X)
    parts = spans(n, min(max(BLOCK, -(-n // _PARTS)), _MOST))
    firsts = [rows.start for rows in parts]
    Xs = [part(X, rows) for rows in parts]
    weights = [part(weight, rows) if len(weight) == n else weight for rows in parts]
    if executor is not None:
        yield from executor.map(work, firsts, Xs, weights)
    else:
        tasks = zip(firsts, Xs, weights, strict=True)
        yield from in_order(lambda task: work(*task), tasks, n_threads)


def _survey(first: int, X: Rows, weight: Rows, *,
            codebook: Floats, transform: Floats | None,
            assign: Callable[[Floats, Floats], I64] | None) -> Cells:  # fmt: skip
    """Return the sums for the rows of a part."""
    cells = (FormCells if weight.ndim == 3 else Cells).zeros(codebook)
    book, k = tiled(codebook), codebook.shape[1]
    for rows in spans(len(X), BLOCK):
        x = X[rows] if transform is None else mapped(X[rows], transform)
        w = weight[rows] if len(weight) == len(X) else weight[:]
        if w.ndim == 3:
            w = entries(w)
        searched = w if w.shape[1] >= k > 1 else w[:0]
        best = nearest_block(x, searched, book)[0] if assign is None else assign(x, searched)
        cells.add(x, w, codebook, best)
    return cells


@strict(allocates=True)
def _add(X: Floats, weight: Floats, codebook: Floats, best: I64, weights: F64, sums: F64,
         errors: F64) -> None:  # fmt: skip
    """Add X (n, k), with weight (n or 1, k or 1), to the sums of the cells best (n,).

    In strict order: otherwise rounding may depend on where in memory the sums lie.
    """
    last_row, last_column = weight.shape[0] - 1, weight.shape[1] - 1
    for r in range(X.shape[0]):
        c = best[r]
        for i in range(X.shape[1]):
            w = np.float64(weight[min(r, last_row), min(i, last_column)])
            x = np.float64(X[r, i])
            error = x - codebook[c, i]
            weights[c, i] += w
            sums[c, i] += w * x
            errors[c, i] += w * (error * error)


@strict(allocates=True)
def _add_forms(X: Floats, forms: Floats, codebook: Floats, best: I64, weights: F64, sums: F64,
               errors: F64) -> None:  # fmt: skip
    """Add X (n, k), with the coefficients (n, k (k + 1) / 2) of its errors, to the cells best."""
    k = X.shape[1]
    for r in range(X.shape[0]):
        c, e = best[r], 0
        for i in range(k):
            x, error = np.float64(X[r, i]), np.float64(X[r, i]) - codebook[c, i]
            for j in range(i + 1):
                f = np.float64(forms[r, e])
                weights[c, e] += f
                sums[c, i] += f / 2 * X[r, j]
                sums[c, j] += f / 2 * x
                errors[c, 0] += f * error * (np.float64(X[r, j]) - codebook[c, j])
                e += 1
