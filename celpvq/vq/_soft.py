"""Soft cells: each vector belongs to several codewords, to each of them in part.

Sums are made in strict order. Otherwise their rounding may depend on where in memory they lie, and
a seed would not repeat exactly.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from .._numba import strict
from .._threads import in_order, spans
from .._types import F64, I64, Floats
from .full_search import Tiles, tile_distances, tiled

_ROWS = 1024
_PARTS = 16  # of the vectors, each with sums of its own: fixed, so that threads change no rounding


class SoftCells(NamedTuple):
    """Sums over the vectors for each of K codewords, each vector to the extent it belongs there."""

    weights: F64  # (K,) sum of weights
    sums: F64  # (K, k) weighted sum of vectors
    errors: F64  # (K,) weighted sum of squared errors

    def centroids(self, codebook: F64) -> F64:
        """Return the weighted means (K, k); a codeword without weight stays as in `codebook`."""
        used = self.weights > 0
        means = codebook.copy()
        means[used] = self.sums[used] / self.weights[used, None]
        return means


def soft_survey(X: Floats, weight: Floats, codebook: Floats, n_threads: int | None,
                add: Callable[..., None], *args: F64 | float) -> SoftCells:  # fmt: skip
    """Return the sums over X (n, k) with weight (n, 1), the same for any number of threads.

    add : one of the kernels below; `args` are its last arguments.
    """
    book = tiled(codebook.astype(X.dtype, copy=False))

    def work(part: slice) -> SoftCells:
        cells = _zeros(codebook)
        add(X[part], weight[part], book, cells, *args)
        return cells

    parts = list(in_order(work, spans(len(X), max(_ROWS, -(-len(X) // _PARTS))), n_threads))
    return SoftCells(*(np.sum(sums, axis=0) for sums in zip(*parts, strict=True)))


def _zeros(codebook: Floats) -> SoftCells:
    return SoftCells(np.zeros(len(codebook)), np.zeros(codebook.shape), np.zeros(len(codebook)))


@strict(allocates=True)
def _order(values: F64) -> I64:
    """Return the order of values (n,); a kernel of its own, as it takes seconds to compile."""
    return np.argsort(values)


@strict(allocates=True)
def add_by_rank(X: Floats, weight: Floats, book: Tiles, cells: SoftCells, radius: float) -> None:
    """Add X (n, k) to each codeword with exp(-rank / radius); the nearest codeword has rank 0."""
    n_codewords = book.n_codewords
    n_near = min(n_codewords, int(radius * 14) + 1)  # exp(-14) is one in a million
    dist = np.empty(book.tiles.shape[0] * book.tiles.shape[2], X.dtype)
    parts = np.exp(-np.arange(n_near) / radius)
    for r in range(X.shape[0]):
        tile_distances(X[r], book, dist)
        order = _order(dist[:n_codewords].astype(np.float64))
        for rank in range(n_near):
            c = order[rank]
            w = parts[rank] * weight[r, 0]
            cells.weights[c] += w
            cells.errors[c] += w * dist[c]
            for i in range(X.shape[1]):
                cells.sums[c, i] += w * X[r, i]


@strict(allocates=True)
def add_by_distance(X: Floats, weight: Floats, book: Tiles, cells: SoftCells, share: F64,
                    temperature: float) -> None:  # fmt: skip
    """Add X (n, k) to each codeword in proportion to share * exp(-distance / temperature).

    share : (K,), the share of all vectors in each codeword; the parts of a vector sum to one.
    """
    n_codewords = book.n_codewords
    dist = np.empty(book.tiles.shape[0] * book.tiles.shape[2], X.dtype)
    parts = np.empty(n_codewords)
    for r in range(X.shape[0]):
        tile_distances(X[r], book, dist)
        low = dist[:n_codewords].min()
        total = 0.0
        for c in range(n_codewords):
            cold = (np.float64(dist[c]) - low) / temperature
            parts[c] = share[c] * np.exp(-cold) if cold < 40 else 0.0
            total += parts[c]
        for c in range(n_codewords):
            if parts[c] > 0:
                w = parts[c] / total * weight[r, 0]
                cells.weights[c] += w
                cells.errors[c] += w * dist[c]
                for i in range(X.shape[1]):
                    cells.sums[c, i] += w * X[r, i]
