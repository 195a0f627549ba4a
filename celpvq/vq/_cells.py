"""What a pass over the training vectors learns about each cell; all that iterative design needs."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .._jit import kernel
from ._threads import in_order, spans
from ._types import F64, Floats, Indices
from .full_search import nearest_block, tiled

_ROWS = 4096
_PARTS = 16  # of the vectors, each with sums of its own: fixed, so that threads change no rounding


class Cells(NamedTuple):
    """Sums over the vectors of each of K cells, each entry of a vector counting with its weight."""

    weights: F64  # (K, k) sum of weights
    sums: F64  # (K, k) weighted sum of vectors
    errors: F64  # (K, k) weighted sum of squared errors against the codeword

    @property
    def distortion(self) -> float:
        """The weighted mean squared error per component."""
        return float(self.errors.sum() / self.weights.sum())

    @property
    def empty(self) -> NDArray[np.bool_]:
        """Which of the K cells have no weight."""
        empty: NDArray[np.bool_] = np.equal(self.weights.sum(axis=1), 0)
        return empty

    def centroids(self, codebook: Floats) -> Floats:
        """Return the weighted means (K, k); a component without weight stays as in `codebook`."""
        idle = self.weights == 0
        means = self.sums / np.where(idle, 1, self.weights)
        return np.where(idle, codebook, means).astype(codebook.dtype)


@kernel
def _add(X: Floats, weight: Floats, codebook: Floats, best: Indices, cells: Cells) -> None:
    """Add X (n, k), with weight (n, k), to the sums of the cells best (n,).

    In strict order: else rounding may depend on where in memory the sums lie.
    """
    for r in range(X.shape[0]):
        c = best[r]
        for i in range(X.shape[1]):
            w = np.float64(weight[r, i])
            x = np.float64(X[r, i])
            error = x - codebook[c, i]
            cells.weights[c, i] += w
            cells.sums[c, i] += w * x
            cells.errors[c, i] += w * (error * error)


def survey(X: Floats, weight: Floats, codebook: Floats, n_threads: int | None = None, *,
           assign: Callable[[slice], Indices] | None = None) -> Cells:  # fmt: skip
    """Return the sums over the cells of codebook (K, k) in X (n, k), the same for any `n_threads`.

    weight : (1, 1), (n, 1) or (n, k); only the last has a say in which cell a vector belongs to.
    assign : the cells of a slice of X; the nearest ones if not given.
    """
    n, k = X.shape
    full = np.broadcast_to(weight, (n, k))
    if assign is None:
        book, searched = tiled(codebook), full if weight.shape[1] == k > 1 else full[:0]

        def assign(rows: slice) -> Indices:
            return nearest_block(X[rows], searched[rows], book)[0]

    def work(part: slice) -> Cells:
        cells = Cells(*np.zeros((3, *codebook.shape)))
        for start in range(part.start, part.stop, _ROWS):
            rows = slice(start, min(start + _ROWS, part.stop))
            _add(X[rows], full[rows], codebook, assign(rows), cells)
        return cells

    total = np.zeros((3, *codebook.shape))
    for cells in in_order(work, spans(n, max(_ROWS, -(-n // _PARTS))), n_threads):
        total += cells
    return Cells(*total)
