"""Shape-gain quantization: a direction times a length."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from .._jit import kernel
from .._random import generator
from ..errors import ArgumentError
from . import _check, init
from ._threads import in_order, spans
from ._types import F64, Floats, Indices
from .base import VectorQuantizer, check_shape

_ROWS = 4096


class ShapeGainVQ(VectorQuantizer):
    """A quantizer whose vectors are a shape of unit length times a gain that is not negative.

    The shape with the greatest inner product is the best for every gain, and the gain nearest to
    that product is the best for the shape: the search in two steps finds the best pair.

    Parameters
    ----------
    n_codewords : pair of int
        Number of shapes and of gains.
    tol : float
        Stop when an iteration lowers the distortion by less than this part of it.
    max_iter : int
        Stop after this many iterations.
    random_state : int, numpy.random.Generator or None
        Seed of whatever is drawn; a number makes the result repeat exactly.
    n_threads : int, optional
        Number of threads; all processors of this process if not given. The result is the same.
    verbose : bool
        Print the distortion after each iteration.

    Attributes
    ----------
    shapes_ : ndarray, shape (n_codewords[0], k)
        Vectors of unit length.
    gains_ : ndarray, shape (n_codewords[1],)
        Their factors, rising.
    distortion_history_ : ndarray, shape (n_iter_ + 1,)
        Weighted mean squared error per component at the start and after each iteration; it never
        rises, and its last value belongs to the codebooks.
    n_iter_ : int
        Number of iterations.

    References
    ----------
    .. [1] M. J. Sabin and R. M. Gray, "Product code vector quantizers for waveform and voice
       coding", IEEE Trans. Acoust., Speech, Signal Process. 32(3), 1984.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.random.default_rng(1).normal(size=(2000, 4))
    >>> quantizer = ShapeGainVQ((32, 4), random_state=1).fit(X)
    >>> quantizer.encode(X).shape
    (2000, 2)
    """

    _fitted: ClassVar[tuple[str, ...]] = ("shapes_", "gains_", "distortion_history_", "n_iter_")

    shapes_: Floats
    gains_: Floats
    distortion_history_: F64
    n_iter_: int

    def __init__(self, n_codewords: Sequence[int], *, tol: float = 1e-4, max_iter: int = 50,
                 random_state: int | np.random.Generator | None = None,
                 n_threads: int | None = None, verbose: bool = False) -> None:  # fmt: skip
        self.n_codewords = n_codewords
        self.tol = tol
        self.max_iter = max_iter
        self.random_state = random_state
        self.n_threads = n_threads
        self.verbose = verbose

    def _fit(self, X: ArrayLike, sample_weight: ArrayLike | None) -> None:
        n_shapes, n_gains = self._sizes()
        _check.count(self.max_iter, "max_iter", least=0)
        _check.number(self.tol, "tol")
        X = _check.vectors(X, "X", least=max(n_shapes, n_gains))
        weight: F64 = np.ones(len(X))
        weight *= self._weight(sample_weight, X)[:, 0]
        energy = (X.astype(np.float64) ** 2).sum(axis=1)
        if np.count_nonzero(weight * energy) < max(n_shapes, n_gains):
            raise ArgumentError(
                f"X: expected {max(n_shapes, n_gains)} vectors or more with weight and length, "
                f"got {np.count_nonzero(weight * energy)}"
            )
        rng = generator(self.random_state, "random_state")
        shapes, gains = self._start(X, weight, energy, rng)
        history: list[float] = []
        while True:
            codes, product = self._search(X, shapes, gains)
            gain = gains[codes[:, 1]].astype(np.float64)
            error = weight @ (energy - 2 * gain * product + gain**2)
            history.append(float(max(error, 0) / (weight.sum() * X.shape[1])))
            if len(history) > 1 and history[-1] > history[-2]:  # by rounding only
                history.pop()
                break
            best = shapes, gains
            if self.verbose and len(history) > 1:
                print(f"ShapeGainVQ: iteration {len(history) - 1}: {history[-1]:.6g}")
            if len(history) > self.max_iter:
                break
            if len(history) > 1 and history[-2] - history[-1] <= self.tol * history[-1]:
                break
            shapes, gains = _moved(X, weight, shapes, gains, codes, product)
        self.shapes_, self.gains_ = best
        self.distortion_history_ = np.array(history)
        self.n_iter_ = len(history) - 1

    @property
    def _n_components(self) -> int:
        return int(self.shapes_.shape[1])

    @property
    def _code_sizes(self) -> tuple[int, ...]:
        return len(self.shapes_), len(self.gains_)

    def _encode(self, X: Floats, weight: Floats) -> Indices:
        return self._search(X, self.shapes_, self.gains_)[0]

    def _decode(self, indices: Indices) -> Floats:
        vectors: Floats = self.shapes_[indices[:, 0]] * self.gains_[indices[:, 1], None]
        return vectors

    def _sizes(self) -> tuple[int, int]:
        sizes = _check.counts(self.n_codewords, "n_codewords", least=1)
        if len(sizes) != 2:
            raise ArgumentError(f"n_codewords: expected shapes and gains, got {sizes}")
        return sizes[0], sizes[1]

    def _start(self, X: Floats, weight: F64, energy: F64,
               rng: np.random.Generator) -> tuple[Floats, Floats]:  # fmt: skip
        """Return directions of vectors far from each other, and the quantiles of all lengths."""
        n_shapes, n_gains = self._sizes()
        length = np.sqrt(energy)
        unit = (X / np.where(length > 0, length, 1)[:, None]).astype(X.dtype)
        chance = weight * energy
        shapes = init.kmeans_pp(unit, chance / chance.sum(), n_shapes, rng)
        order = np.argsort(length, kind="stable")
        share = np.cumsum(weight[order]) / weight.sum()
        rows = np.searchsorted(share, (np.arange(n_gains) + 0.5) / n_gains)
        return shapes, length[order[rows]].astype(X.dtype)

    def _search(self, X: Floats, shapes: Floats, gains: Floats) -> tuple[Indices, F64]:
        """Return the codes (n, 2) of X (n, k), and the inner products (n,) with their shapes."""
        codes, product = np.empty((len(X), 2), np.int64), np.empty(len(X))
        columns = np.ascontiguousarray(shapes.T.astype(X.dtype, copy=False))
        thresholds = ((gains[:-1] + gains[1:]) / 2).astype(np.float64)

        def work(rows: slice) -> None:
            _best(X[rows], columns, codes[rows, 0], product[rows])
            codes[rows, 1] = np.searchsorted(thresholds, product[rows], side="left")

        for _ in in_order(work, spans(len(X), _ROWS), self.n_threads):
            pass
        return codes, product

    def _check_restored(self) -> None:
        n_shapes, n_gains = self._sizes()
        check_shape("shapes_", self.shapes_, (n_shapes, "k"))
        check_shape("gains_", self.gains_, (n_gains,))


@kernel
def _best(X: Floats, columns: Floats, best: Indices, product: F64) -> None:
    """Write the column of columns (k, K) with the greatest product with each row of X (n, k)."""
    products = np.empty(columns.shape[1], X.dtype)
    for r in range(X.shape[0]):
        products[:] = 0
        for i in range(X.shape[1]):
            for j in range(products.shape[0]):
                products[j] += X[r, i] * columns[i, j]
        best[r] = np.argmax(products)
        product[r] = products[best[r]]


def _moved(X: Floats, weight: F64, shapes: Floats, gains: Floats, codes: Indices,
           product: F64) -> tuple[Floats, Floats]:  # fmt: skip
    """Return the best shapes for the codes and gains, then the best gains for those shapes.

    With gain g, ``|x - g s|^2`` is least for s along the sum of g x; then g is the mean of <x, s>.
    """
    n_shapes, n_gains = len(shapes), len(gains)
    pull = weight * gains[codes[:, 1]]
    sums = np.stack([np.bincount(codes[:, 0], pull * x, n_shapes) for x in X.T], axis=1)
    length = np.sqrt((sums**2).sum(axis=1, keepdims=True))
    used = length[:, 0] > 0
    moved = shapes.copy()
    moved[used] = (sums[used] / length[used]).astype(shapes.dtype)
    product = np.einsum("nk,nk->n", X, moved[codes[:, 0]], dtype=np.float64)
    total = np.bincount(codes[:, 1], weight, n_gains)
    mean = np.bincount(codes[:, 1], weight * product, n_gains) / np.where(total > 0, total, 1)
    new = np.where(total > 0, np.maximum(mean, 0), gains)
    return moved, np.sort(new).astype(gains.dtype)
