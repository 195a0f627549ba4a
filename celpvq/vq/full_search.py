"""Exhaustive search of a codebook: the nearest codeword, or the M nearest."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from .._numba import fast
from .._threads import in_order, spans
from .._types import I64, Floats
from . import _check

_TILE = 256  # codewords whose distances are computed together
_LANES = 32  # codewords, of which a tile is a multiple, as are the vector registers
_BLOCK = 32  # vectors that are compared with a tile while it is in the first-level cache
_ROWS = 4096  # vectors per call of a kernel; also the grain of work for threads


class Tiles(NamedTuple):
    """A codebook for the kernels: consecutive codewords lie side by side in memory.

    So the loops over them become vector instructions. The last tile is filled up with copies of the
    first codeword; none of them can win, as the first one wins a tie.
    """

    n_codewords: int
    tiles: Floats  # (n_tiles, k, width)


def tiled(codebook: Floats) -> Tiles:
    """Return codebook (K, k) as tiles."""
    n, k = codebook.shape
    width = min(_TILE, -(-n // _LANES) * _LANES)
    padded = np.empty((-(-n // width) * width, k), codebook.dtype)
    padded[:n] = codebook
    padded[n:] = codebook[0]
    return Tiles(n, np.ascontiguousarray(padded.reshape(-1, width, k).transpose(0, 2, 1)))


def entries(matrices: Floats) -> Floats:
    """Return the form x'Wx of each W (..., k, k) as its coefficients (..., k (k + 1) / 2)."""
    i, j = np.tril_indices(matrices.shape[-1])
    packed: Floats = np.ascontiguousarray(matrices[..., i, j])
    packed[..., i != j] += matrices[..., j[i != j], i[i != j]]
    return packed


@fast(allocates=True)
def _distances(x: Floats, tile: Floats, out: Floats) -> None:
    """Write the squared errors of x (k,) against tile (k, width) into out (width,)."""
    k, width = tile.shape
    for j in range(width):
        out[j] = (x[0] - tile[0, j]) ** 2 if k % 2 else 0
    for i in range(k % 2, k, 2):  # two components at a time: half the traffic to `out`
        for j in range(width):
            a, b = x[i] - tile[i, j], x[i + 1] - tile[i + 1, j]
            out[j] += a * a + b * b


@fast(allocates=True)
def _distances_of_four(X: Floats, first: int, last: int, tile: Floats, out: Floats) -> None:
    """Write the squared errors of the rows first to last of X (n, k), at most four, into out.

    out : (4, width). Four together, as the tile is then read from the cache only once.
    """
    k, width = tile.shape
    p, q = min(first + 1, last), min(first + 2, last)
    if k % 2:
        a, b, c, d = X[first, 0], X[p, 0], X[q, 0], X[last, 0]
        for j in range(width):
            t = tile[0, j]
            out[0, j], out[1, j] = (a - t) ** 2, (b - t) ** 2
            out[2, j], out[3, j] = (c - t) ** 2, (d - t) ** 2
    else:
        out[:] = 0
    for i in range(k % 2, k, 2):
        a, b, c, d = X[first, i], X[p, i], X[q, i], X[last, i]
        e, f, g, h = X[first, i + 1], X[p, i + 1], X[q, i + 1], X[last, i + 1]
        for j in range(width):
            t, s = tile[i, j], tile[i + 1, j]
            out[0, j] += (a - t) ** 2 + (e - s) ** 2
            out[1, j] += (b - t) ** 2 + (f - s) ** 2
            out[2, j] += (c - t) ** 2 + (g - s) ** 2
            out[3, j] += (d - t) ** 2 + (h - s) ** 2


@fast(allocates=True)
def tile_distances(x: Floats, book: Tiles, out: Floats) -> None:
    """Write the squared errors of x (k,) against all codewords into out, padded like the tiles."""
    width = book.tiles.shape[2]
    for t in range(book.tiles.shape[0]):
        _distances(x, book.tiles[t], out[t * width : (t + 1) * width])


@fast(allocates=True)
def _weighted_distances(x: Floats, weight: Floats, tile: Floats, out: Floats) -> None:
    """Write the squared errors of x (k,), weighted by weight (k,), into out (width,)."""
    out[:] = 0
    for i in range(x.shape[0]):
        w = weight[i]
        for j in range(out.shape[0]):
            a = x[i] - tile[i, j]
            out[j] += w * (a * a)


@fast(allocates=True)
def _form_distances(x: Floats, form: Floats, tile: Floats, out: Floats) -> None:
    """Write the quadratic form of the errors of x (k,) against tile (k, width) into out (width,).

    form : (k (k + 1) / 2,), its coefficients as `entries` gives them.
    """
    k, width = tile.shape
    error, row = np.empty((k, width), x.dtype), np.empty(width, x.dtype)
    out[:] = 0
    e = 0
    for i in range(k):
        for j in range(width):
            error[i, j] = x[i] - tile[i, j]
            row[j] = form[e + i] * error[i, j]
        for h in range(0, i - 1, 2):
            for j in range(width):
                row[j] += form[e + h] * error[h, j] + form[e + h + 1] * error[h + 1, j]
        for h in range(i - i % 2, i):
            for j in range(width):
                row[j] += form[e + h] * error[h, j]
        for j in range(width):
            out[j] += error[i, j] * row[j]
        e += i + 1
    for j in range(width):
        out[j] = max(out[j], 0)  # it may be negative by rounding


@fast(allocates=True)
def _any_distances(x: Floats, weight: Floats, tile: Floats, out: Floats) -> None:
    """Write the distances by weight: (1, k), a form (1, k (k + 1) / 2), or no row for none."""
    if weight.shape[0] == 0:
        _distances(x, tile, out)
    elif weight.shape[1] == x.shape[0]:
        _weighted_distances(x, weight[0], tile, out)
    else:
        _form_distances(x, weight[0], tile, out)


@fast(allocates=True)
def _least(bits: I64) -> int:
    """Return the least of bits (width,)."""
    low = bits[0]
    for j in range(1, bits.shape[0]):
        low = min(low, bits[j])
    return low  # type: ignore[no-any-return]


@fast(allocates=True)
def _place(bits: I64, low: int) -> int:
    """Return the first place of `low` in bits (width,), where it is somewhere."""
    index: Any = bits.dtype.type  # as wide as they are, for vector instructions
    first: int = index(bits.shape[0])
    for j in range(bits.shape[0]):
        first = min(first, index(j if bits[j] == low else bits.shape[0]))
    return first


@fast(allocates=True)
def _nearest(X: Floats, weight: Floats, book: Tiles, best: I64, best_bits: I64) -> None:
    """Write the nearest codeword of each row of X (n, k) into best (n,), its error into best_bits.

    weight : (n, k), `entries` of matrices, or (0, k) for none.
    best_bits : (n,), errors as integers. Floats that are not negative sort like their bits, and
    a minimum of integers is a vector instruction where one of floats, because of NaN, is not.
    """
    n, tiles = X.shape[0], book.tiles
    width = tiles.shape[2]
    dist = np.empty((4, width), X.dtype)
    bits = dist.view(best_bits.dtype)
    for start in range(0, n, _BLOCK):
        stop = min(start + _BLOCK, n)
        for t in range(tiles.shape[0]):
            for first in range(start, stop, 4):
                last = min(first + 4, stop) - 1
                if weight.shape[0]:
                    for r in range(first, last + 1):
                        _any_distances(X[r], weight[r : r + 1], tiles[t], dist[r - first])
                else:
                    _distances_of_four(X, first, last, tiles[t], dist)
                for r in range(first, last + 1):
                    low = _least(bits[r - first])
                    if t == 0 or low < best_bits[r]:
                        best_bits[r] = low
                        best[r] = t * width + _place(bits[r - first], low)


@fast(allocates=True)
def insert(value: float, item: int, values: Floats, items: I64) -> None:
    """Put item among items (m,), by its value among values (m,), which rise; the last one goes."""
    i = values.shape[0] - 1
    while i > 0 and value < values[i - 1]:
        values[i] = values[i - 1]
        items[i] = items[i - 1]
        i -= 1
    values[i] = value
    items[i] = item


@fast(allocates=True)
def _m_best(X: Floats, weight: Floats, book: Tiles, best: I64, best_dist: Floats) -> None:
    """Write the m best ways to add a codeword to one of the s vectors of each row of X (n, s, k).

    weight : (n, k), `entries` of matrices, or (0, k) for none.
    best : (n, m), index + K times vector; on a tie the first vector and codeword come first.
    best_dist : (n, m), rising along the rows.
    """
    m, tiles = best.shape[1], book.tiles
    width = tiles.shape[2]
    dist = np.empty(width, X.dtype)
    for r in range(X.shape[0]):
        found = 0
        for st in range(X.shape[1] * tiles.shape[0]):
            s, t = st // tiles.shape[0], st % tiles.shape[0]
            _any_distances(X[r, s], weight[r : r + 1], tiles[t], dist)
            for j in range(min(width, book.n_codewords - t * width)):
                d = dist[j]
                if found == m and not d < best_dist[r, m - 1]:
                    continue
                found = min(found + 1, m)
                insert(d, s * book.n_codewords + t * width + j, best_dist[r, :found],
                       best[r, :found])  # fmt: skip


def m_best_block(X: Floats, weight: Floats, book: Tiles, m: int) -> tuple[I64, Floats]:
    """Return the `m` best pairs of a vector of each row of X (n, s, k) and a codeword, unchecked.

    A pair is the number index + K times vector. The distances come with them; both are (n, m).
    """
    weight = entries(weight) if weight.ndim == 3 else np.ascontiguousarray(weight)
    best, best_dist = np.empty((len(X), m), np.int64), np.empty((len(X), m), X.dtype)
    _m_best(X, weight, book, best, best_dist)
    return best, best_dist


def nearest_block(X: Floats, weight: Floats, book: Tiles) -> tuple[I64, Floats]:
    """Return the nearest codewords of X (n, k) and their distances, unchecked, in this thread."""
    weight = entries(weight) if weight.ndim == 3 else np.ascontiguousarray(weight)
    best, best_dist = np.empty(len(X), np.int64), np.empty(len(X), X.dtype)
    _nearest(X, weight, book, best, best_dist.view(f"i{X.dtype.itemsize}"))
    return best, best_dist


def nearest(X: ArrayLike, codebook: ArrayLike, weight: ArrayLike | None = None, *,
            n_threads: int | None = None) -> tuple[I64, Floats]:  # fmt: skip
    """Find the nearest codeword of each vector.

    Parameters
    ----------
    X : array_like, shape (n, k)
        Vectors; float32 is searched in float32, anything else in float64.
    codebook : array_like, shape (K, k)
        One codeword per row.
    weight : array_like, shape (n, k), (k,) or (n, k, k), optional
        Weight of each squared error, per vector and component or per component [>= 0]; or a matrix
        W per vector, positive semidefinite: the distortion of an error e is then ``e' W e``.
    n_threads : int, optional
        Number of threads; all processors of this process if not given. It changes no result.

    Returns
    -------
    indices : ndarray of int64, shape (n,)
        Rows of the codebook; the first one on a tie.
    distortions : ndarray, shape (n,)
        Squared errors, weighted and summed over the components.

    Raises
    ------
    ArgumentError
        If a shape does not agree, a value is not finite or its square too large, or a weight is
        negative; of matrices only the diagonals are checked.
    """
    X, codebook, weight = _checked(X, codebook, weight, n_threads)
    indices, distortions = np.empty(len(X), np.int64), np.empty(len(X), X.dtype)
    book = tiled(codebook)

    def work(rows: slice) -> None:
        indices[rows], distortions[rows] = nearest_block(X[rows], weight[rows], book)

    for _ in in_order(work, spans(len(X), _ROWS), n_threads):
        pass
    return indices, distortions


def m_best(X: ArrayLike, codebook: ArrayLike, m: int, weight: ArrayLike | None = None, *,
           n_threads: int | None = None) -> tuple[I64, Floats]:  # fmt: skip
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
        Rows of the codebook; the first one comes first on a tie.
    distortions : ndarray, shape (n, m)
        Their weighted squared errors, rising along the rows.

    Raises
    ------
    ArgumentError
        As for `nearest`, and if `m` is not from 1 to the size of the codebook.
    """
    X, codebook, weight = _checked(X, codebook, weight, n_threads)
    _check.count(m, "m", least=1, most=len(codebook))
    indices, distortions = np.empty((len(X), m), np.int64), np.empty((len(X), m), X.dtype)
    book = tiled(codebook)

    def work(rows: slice) -> None:
        found = m_best_block(X[rows, None], weight[rows], book, m)
        indices[rows], distortions[rows] = found

    for _ in in_order(work, spans(len(X), _ROWS), n_threads):
        pass
    return indices, distortions


def _checked(X: ArrayLike, codebook: ArrayLike, weight: ArrayLike | None,
             n_threads: int | None) -> tuple[Floats, Floats, Floats]:  # fmt: skip
    """Return the arguments of a search as arrays of one type; the weight is (0, k) for none."""
    if n_threads is not None:
        _check.count(n_threads, "n_threads", least=1)
    X = _check.vectors(X, "X")
    codebook = _check.vectors(codebook, "codebook", k=X.shape[1], least=1)
    if codebook.dtype != X.dtype:
        with np.errstate(over="ignore"):
            codebook = codebook.astype(X.dtype)
        _check.squares_fit(codebook, "codebook")
    return X, codebook, _check.search_weight(weight, X, ndims=(1, 2, 3))
