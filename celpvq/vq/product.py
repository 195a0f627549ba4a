"""Product quantization: many codewords from small codebooks, searched without decoding."""

from dataclasses import KW_ONLY, dataclass

import numpy as np
from numpy.typing import ArrayLike

from .._numba import fast
from .._threads import in_order, spans
from .._types import I64, Floats
from ..errors import ArgumentError
from . import _check
from .full_search import insert
from .split import PartsVQ, width_of_parts

_ROWS = 4096  # codes whose distances to all queries of a thread are worked out together


@dataclass(eq=False, repr=False)
class ProductVQ(PartsVQ):
    """A quantizer of long vectors that codes equal parts with codebooks of equal size.

    `search` finds coded vectors near to vectors that are not coded, called queries. One table per
    query holds the distances of its parts to all codewords; the distance to a coded vector is then
    a sum of a few look-ups.

    Parameters
    ----------
    n_codewords : int
        Size of the codebook of each part.
    n_parts : int
        Number of parts; it divides the number of components.
    tol : float
        Stop a design when an iteration lowers the distortion by less than this fraction of it.
    max_iter : int
        Stop a design after this many iterations for each size of the codebook.
    random_state, n_threads, verbose
        As in `VectorQuantizer`.

    Attributes
    ----------
    codebooks_ : tuple of ndarray, each of shape (n_codewords, k // n_parts)
        The codewords of the parts.
    n_iter_ : int
        Number of iterations, over all parts.

    References
    ----------
    .. [1] H. Jegou, M. Douze and C. Schmid, "Product quantization for nearest neighbor search",
       IEEE Trans. Pattern Anal. Mach. Intell. 33(1), 2011.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.random.default_rng(1).normal(size=(2000, 8))
    >>> quantizer = ProductVQ(16, n_parts=4, random_state=1).fit(X)
    >>> codes = quantizer.encode(X)
    >>> quantizer.search(X[:3], codes, 10)[0].shape
    (3, 10)
    """

    n_codewords: int = 256
    _: KW_ONLY
    n_parts: int = 8
    tol: float = 1e-4
    max_iter: int = 50
    random_state: int | np.random.Generator | None = None
    n_threads: int | None = None
    verbose: bool = False

    def distances(self, Q: ArrayLike, codes: ArrayLike) -> Floats:
        """Return the squared distances of vectors to coded vectors.

        Parameters
        ----------
        Q : array_like, shape (n_queries, k)
            Vectors, not coded.
        codes : array_like of int, shape (n, n_parts)
            I64 from `encode`.

        Returns
        -------
        ndarray, shape (n_queries, n)
            The squared distance of each vector to each decoded vector.

        Raises
        ------
        ArgumentError
            If a shape is wrong, a value is not finite, or an index not in its codebook.
        NotFittedError
            Before `fit`.
        """
        codes = self._indices(codes)
        tables = self._tables(Q)
        out = np.empty((len(tables), len(codes)), tables.dtype)

        def work(rows: slice) -> None:
            for query in range(len(tables)):
                _look_up(tables[query], codes[rows], out[query, rows])

        for _ in in_order(work, spans(len(codes), _ROWS), self.n_threads):
            pass
        return out

    def search(self, Q: ArrayLike, codes: ArrayLike, m: int = 1) -> tuple[I64, Floats]:
        """Find the coded vectors nearest to each query.

        Parameters
        ----------
        Q, codes
            As for `distances`.
        m : int
            Number of neighbours to find, at most n.

        Returns
        -------
        indices : ndarray of int64, shape (n_queries, m)
            Rows of `codes`, nearest first; the first one comes first on a tie.
        distances : ndarray, shape (n_queries, m)
            Their squared distances, rising along the rows.

        Raises
        ------
        ArgumentError
            As for `distances`, and if `m` is not from 1 to n.
        NotFittedError
            Before `fit`.
        """
        codes = self._indices(codes)
        if len(codes) == 0:
            raise ArgumentError("codes: expected one or more, got none")
        _check.count(m, "m", least=1, most=len(codes))
        tables = self._tables(Q)
        indices = np.empty((len(tables), m), np.int64)
        distances = np.empty((len(tables), m), tables.dtype)

        def work(rows: slice) -> None:
            all_distances = np.empty(len(codes), tables.dtype)
            for query in range(rows.start, rows.stop):
                _look_up(tables[query], codes, all_distances)
                _least(all_distances, indices[query], distances[query])

        for _ in in_order(work, spans(len(tables), 16), self.n_threads):
            pass
        return indices, distances

    def _tables(self, Q: ArrayLike) -> Floats:
        """Return the squared distances (n_queries, n_parts, n_codewords) of parts to codewords."""
        width = self.codebooks_[0].shape[1]
        Q = _check.vectors(Q, "Q", k=width * len(self.codebooks_))
        tables = np.empty((len(Q), len(self.codebooks_), len(self.codebooks_[0])), Q.dtype)
        for p, book in enumerate(self.codebooks_):
            part = Q[:, p * width : (p + 1) * width]
            for j, codeword in enumerate(book.astype(Q.dtype, copy=False)):
                tables[:, p, j] = ((part - codeword) ** 2).sum(axis=1)
        return tables

    def _shapes(self, k: int) -> list[tuple[int, int]]:
        return [(self.n_codewords, width_of_parts(k, self.n_parts))] * self.n_parts


@fast(allocates=True)
def _look_up(table: Floats, codes: I64, out: Floats) -> None:
    """Write the sum of the entries codes (n, n_parts) of table (n_parts, K) into out (n,)."""
    for r in range(codes.shape[0]):
        total = table[0, codes[r, 0]]
        for p in range(1, codes.shape[1]):
            total += table[p, codes[r, p]]
        out[r] = total


@fast(allocates=True)
def _least(values: Floats, indices: I64, least: Floats) -> None:
    """Write the m least of values (n,) into least (m,), rising, and their places into indices."""
    m, found = least.shape[0], 0
    for j in range(values.shape[0]):
        if found < m or values[j] < least[m - 1]:
            found = min(found + 1, m)
            insert(values[j], j, least[:found], indices[:found])
