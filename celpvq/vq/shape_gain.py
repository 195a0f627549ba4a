"""Shape-gain quantization: a direction times a length."""

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, field
from types import MappingProxyType
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from .._numba import strict
from .._random import generator
from .._threads import in_order, spans
from .._types import F64, I64, Floats
from ..errors import ArgumentError
from . import _check, _params, init
from ._files import check_shape
from .base import VectorQuantizer
from .lloyd import descend, record_of

_ROWS = 4096


class _State(NamedTuple):
    """Shapes and gains, and the codes and distortion of the training vectors."""

    shapes: Floats
    gains: Floats
    codes: I64
    distortion: float


@dataclass(eq=False, repr=False)
class ShapeGainVQ(VectorQuantizer):
    """A quantizer that codes a vector as a shape of unit length times a gain >= 0.

    The shape with the greatest inner product with the vector is best for every gain. The gain
    nearest to that product is best for this shape. So a search in two steps finds the best pair.

    Parameters
    ----------
    n_codewords : pair of int
        Number of shapes and of gains.
    tol, max_iter, random_state, n_threads, verbose
        As in `VectorQuantizer`.

    Attributes
    ----------
    shapes_ : ndarray, shape (n_codewords[0], k)
        Vectors of unit length.
    gains_ : ndarray, shape (n_codewords[1],)
        Their factors, rising.
    distortion_history_, n_iter_
        As in `VectorQuantizer`.

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

    n_codewords: Sequence[int] = (16, 16)
    _: KW_ONLY
    tol: float = 1e-4
    max_iter: int = 50
    random_state: int | np.random.Generator | None = None
    n_threads: int | None = None
    verbose: bool = False

    _fitted: ClassVar[tuple[str, ...]] = ("shapes_", "gains_", "distortion_history_", "n_iter_")

    shapes_: Floats = field(init=False)
    gains_: Floats = field(init=False)

    _checks = MappingProxyType({"n_codewords": _params.SIZES})

    def _fit(self, X: ArrayLike, sample_weight: ArrayLike | None) -> None:
        n_shapes, n_gains = self._sizes()
        X = _check.vectors(X, "X", least=max(n_shapes, n_gains))
        weight: F64 = np.ones(len(X))
        weight *= self._weight(sample_weight, X)[:, 0]
        weight = np.ldexp(weight, -np.frexp(weight.max())[1])  # squares of them are to be finite
        energy = (X.astype(np.float64) ** 2).sum(axis=1)
        n_useful = np.count_nonzero((weight > 0) & (energy > 0))
        if n_useful < max(n_shapes, n_gains):
            expected = f"{max(n_shapes, n_gains)} vectors or more with weight and length above zero"
            raise ArgumentError(f"X: expected {expected}, got {n_useful}")

        def state(shapes: Floats, gains: Floats) -> _State:
            codes, product = self._search(X, shapes, gains)
            gain = gains[codes[:, 1]].astype(np.float64)
            error = weight @ (energy - 2 * gain * product + gain**2)
            distortion = float(max(error, 0) / (weight.sum() * X.shape[1]))
            return _State(shapes, gains, codes, distortion)

        rng = generator(self.random_state, "random_state")
        record, start = record_of(self), state(*self._start(X, weight, energy, rng))
        record.start(start.distortion)
        best, _ = descend(
            start, lambda now: state(*_moved(X, weight, now)), lambda now: now.distortion,
            max_iter=self.max_iter, tol=self.tol, report=lambda _, least: record.add(least),
        )  # fmt: skip
        self.shapes_, self.gains_ = best.shapes, best.gains
        self._keep(record)

    @property
    def _n_components(self) -> int:
        return int(self.shapes_.shape[1])

    @property
    def _code_sizes(self) -> tuple[int, ...]:
        return len(self.shapes_), len(self.gains_)

    def _encode(self, X: Floats, weight: Floats) -> I64:
        return self._search(X, self.shapes_, self.gains_)[0]

    def _decode(self, indices: I64) -> Floats:
        vectors: Floats = self.shapes_[indices[:, 0]] * self.gains_[indices[:, 1], None]
        return vectors

    def _sizes(self) -> tuple[int, int]:
        sizes = tuple(self.n_codewords)
        if len(sizes) != 2:
            raise ArgumentError(f"n_codewords: expected shapes and gains, got {sizes}")
        return sizes

    def _start(self, X: Floats, weight: F64, energy: F64,
               rng: np.random.Generator) -> tuple[Floats, Floats]:  # fmt: skip
        """Return the directions of vectors far from each other, and quantiles of all lengths."""
        n_shapes, n_gains = self._sizes()
        length = np.sqrt(energy)
        unit = (X / np.where(length > 0, length, 1)[:, None]).astype(X.dtype)
        chance = weight * energy
        shapes = init.kmeans_pp(unit, chance / chance.sum(), n_shapes, rng)
        order = np.argsort(length, kind="stable")
        share = np.cumsum(weight[order]) / weight.sum()
        rows = np.searchsorted(share, (np.arange(n_gains) + 0.5) / n_gains)
        return shapes, length[order[rows]].astype(X.dtype)

    def _search(self, X: Floats, shapes: Floats, gains: Floats) -> tuple[I64, F64]:
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


@strict(allocates=True)
def _best(X: Floats, columns: Floats, best: I64, product: F64) -> None:
    """Write the column of columns (k, K) with the greatest product with each row of X (n, k)."""
    products = np.empty(columns.shape[1], X.dtype)
    for r in range(X.shape[0]):
        products[:] = 0
        for i in range(X.shape[1]):
            for j in range(products.shape[0]):
                products[j] += X[r, i] * columns[i, j]
        best[r] = np.argmax(products)
        product[r] = products[best[r]]


def _moved(X: Floats, weight: F64, state: _State) -> tuple[Floats, Floats]:
    """Return the best shapes for the codes and gains, then the best gains for those shapes.

    With gain g, ``|x - g s|^2`` is least for s along the sum of g x; then g is the mean of <x, s>.
    """
    shapes, gains, codes, _ = state
    n_shapes, n_gains = len(shapes), len(gains)
    unit = np.ldexp(gains, -np.frexp(gains.max())[1])  # only the directions of sums matter
    pull = weight * unit[codes[:, 1]]
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
