"""Exhaustive search of a codebook: the nearest codeword, or the M nearest."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from .._jit import search
from . import _check
from ._threads import in_order, spans
from ._types import Floats, Indices

_TILE = 128  # codewords whose distances are worked out together: a multiple of any vector register
_BLOCK = 32  # vectors that meet a tile while it is in the first-level cache
_ROWS = 4096  # vectors per call of a kernel; also the grain of work for threads


class Tiles(NamedTuple):
    """A codebook as the kernels want it: consecutive codewords lie side by side in memory.

    So the loops over them become vector instructions. The last tile is filled up with copies of the
    first codeword, none of which can win, as the first one wins ties.
    """

    n_codewords: int
    tiles: Floats  # (n_tiles, k, _TILE)


def tiled(codebook: Floats) -> Tiles:
    """Return codebook (K, k) as tiles."""
    n, k = codebook.shape
    padded = np.empty((-(-n // _TILE) * _TILE, k), codebook.dtype)
    padded[:n] = codebook
    padded[n:] = codebook[0]
    return Tiles(n, np.ascontiguousarray(padded.reshape(-1, _TILE, k).transpose(0, 2, 1)))


@search
def _distances(x: Floats, tile: Floats, out: Floats) -> None:
    """Write the squared errors of x (k,) against tile (k, _TILE) into out (_TILE,)."""
    k = x.shape[0]
    for j in range(_TILE):
        out[j] = (x[0] - tile[0, j]) ** 2
    for i in range(1, k - 1, 2):  # two components at a time: half the traffic to `out`
        for j in range(_TILE):
            a, b = x[i] - tile[i, j], x[i + 1] - tile[i + 1, j]
            out[j] += a * a + b * b
    if k % 2 == 0:
        for j in range(_TILE):
            out[j] += (x[k - 1] - tile[k - 1, j]) ** 2


@search
def tile_distances(x: Floats, book: Tiles, out: Floats) -> None:
    """Write the squared errors of x (k,) against all codewords into out, padded like the tiles."""
    for t in range(book.tiles.shape[0]):
        _distances(x, book.tiles[t], out[t * _TILE : (t + 1) * _TILE])


@search
def _weighted_distances(x: Floats, weight: Floats, tile: Floats, out: Floats) -> None:
    """Write the squared errors of x (k,), weighted by weight (k,), into out (_TILE,)."""
    out[:] = 0
    for i in range(x.shape[0]):
        w = weight[i]
        for j in range(_TILE):
            a = x[i] - tile[i, j]
            out[j] += w * (a * a)


@search
def _nearest(X: Floats, weight: Floats, book: Tiles, best: Indices, best_bits: Indices) -> None:
    """Write the nearest codeword of each row of X (n, k) into best (n,), its error into best_bits.

    weight : (n, k), or (0, k) for none.
    best_bits : (n,), errors as integers. Floats that are not negative sort like their bits, and
    a minimum of integers is a vector instruction where one of floats, because of NaN, is not.
    """
    n, tiles = X.shape[0], book.tiles
    dist = np.empty(_TILE, X.dtype)
    bits = dist.view(best_bits.dtype)
    for start in range(0, n, _BLOCK):
        for t in range(tiles.shape[0]):
            for r in range(start, min(start + _BLOCK, n)):
                if weight.shape[0]:
                    _weighted_distances(X[r], weight[r], tiles[t], dist)
                else:
                    _distances(X[r], tiles[t], dist)
                low = bits[0]
                for j in range(1, _TILE):
                    low = min(low, bits[j])
                if t == 0 or low < best_bits[r]:
                    best_bits[r] = low
                    j = 0
                    while bits[j] != low:
                        j += 1
                    best[r] = t * _TILE + j


@search
def _m_best(X: Floats, weight: Floats, book: Tiles, best: Indices, best_dist: Floats) -> None:
    """Write the m best ways to add a codeword to one of the s vectors of each row of X (n, s, k).

    weight : (n, k), or (0, k) for none.    best_dist : (n, m), rising along the rows.
    best : (n, m), codeword + K times vector; of equals the first vector and codeword comes first.
    """
    m, tiles = best.shape[1], book.tiles
    dist = np.empty(_TILE, X.dtype)
    for r in range(X.shape[0]):
        found = 0
        for st in range(X.shape[1] * tiles.shape[0]):
            s, t = st // tiles.shape[0], st % tiles.shape[0]
            if weight.shape[0]:
                _weighted_distances(X[r, s], weight[r], tiles[t], dist)
            else:
                _distances(X[r, s], tiles[t], dist)
            for j in range(min(_TILE, book.n_codewords - t * _TILE)):
                d = dist[j]
                if found == m and not d < best_dist[r, m - 1]:
                    continue
                if found < m:
                    found += 1
                i = found - 1
                while i > 0 and d < best_dist[r, i - 1]:
                    best_dist[r, i] = best_dist[r, i - 1]
                    best[r, i] = best[r, i - 1]
                    i -= 1
                best_dist[r, i] = d
                best[r, i] = s * book.n_codewords + t * _TILE + j


def m_best_block(X: Floats, weight: Floats, book: Tiles, m: int) -> tuple[Indices, Floats]:
    """Return the `m` best pairs of a vector of each row of X (n, s, k) and a codeword, unchecked.

    They are written as codeword + K times vector, and stand with their distances, both (n, m).
    """
    best, best_dist = np.empty((len(X), m), np.int64), np.empty((len(X), m), X.dtype)
    _m_best(X, weight, book, best, best_dist)
    return best, best_dist


def nearest_block(X: Floats, weight: Floats, book: Tiles) -> tuple[Indices, Floats]:
    """Return the nearest codewords of X (n, k) and their distances, unchecked, in this thread."""
    best, best_dist = np.empty(len(X), np.int64), np.empty(len(X), X.dtype)
    _nearest(X, weight, book, best, best_dist.view(f"i{X.dtype.itemsize}"))
    return best, best_dist


def nearest(X: ArrayLike, codebook: ArrayLike, weight: ArrayLike | None = None, *,
            n_threads: int | None = None) -> tuple[Indices, Floats]:  # fmt: skip
    """Find the nearest codeword of each vector.

    Parameters
    ----------
    X : array_like, shape (n, k)
        Vectors; float32 is searched in float32, anything else in float64.
    codebook : array_like, shape (K, k)
        One codeword per row.
    weight : array_like, shape (n, k) or (k,), optional
        Weight of each squared error, per vector and component or per component [>= 0].
    n_threads : int, optional
        Number of threads; all processors of this process if not given. The result is the same.

    Returns
    -------
    indices : ndarray of int64, shape (n,)
        Rows of the codebook; the first one on a tie.
    distortions : ndarray, shape (n,)
        Squared errors, weighted and summed over the components.

    Raises
    ------
    ArgumentError
        If a shape does not agree, a value is not finite, or a weight is negative.
    """
    X, codebook, weight = _checked(X, codebook, weight)
    indices, distortions = np.empty(len(X), np.int64), np.empty(len(X), X.dtype)
    book = tiled(codebook)

    def work(rows: slice) -> None:
        indices[rows], distortions[rows] = nearest_block(X[rows], weight[rows], book)

    for _ in in_order(work, spans(len(X), _ROWS), n_threads):
        pass
    return indices, distortions


def m_best(X: ArrayLike, codebook: ArrayLike, m: int, weight: ArrayLike | None = None, *,
           n_threads: int | None = None) -> tuple[Indices, Floats]:  # fmt: skip
    """Find the `m` nearest codewords of each vector, nearest first.

    Parameters
    ----------
    X, codebook, weight, n_threads
        As for `nearest`.
    m : int
        Number of codewords to find, at most the size of the codebook.

    Returns
    -------
    indices : ndarray of int64, shape (n, m)
        Rows of the codebook; of equally near ones the first comes first.
    distortions : ndarray, shape (n, m)
        Their weighted squared errors, rising along the rows.

    Raises
    ------
    ArgumentError
        As for `nearest`, and if `m` is not from 1 to the size of the codebook.
    """
    X, codebook, weight = _checked(X, codebook, weight)
    _check.count(m, "m", least=1, most=len(codebook))
    indices, distortions = np.empty((len(X), m), np.int64), np.empty((len(X), m), X.dtype)
    book = tiled(codebook)

    def work(rows: slice) -> None:
        found = m_best_block(X[rows, None], weight[rows], book, m)
        indices[rows], distortions[rows] = found

    for _ in in_order(work, spans(len(X), _ROWS), n_threads):
        pass
    return indices, distortions


def _checked(X: ArrayLike, codebook: ArrayLike,
             weight: ArrayLike | None) -> tuple[Floats, Floats, Floats]:  # fmt: skip
    """Return the arguments of a search as arrays of one type; the weight (0, k) stands for none."""
    X = _check.vectors(X, "X")
    codebook = _check.vectors(codebook, "codebook", k=X.shape[1], least=1).astype(X.dtype)
    return X, codebook, _check.component_weight(weight, X)
