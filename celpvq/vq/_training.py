"""Training vectors in memory or in files, and the workers for their parts."""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from functools import partial, reduce
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike

from .._threads import spans
from .._types import F64, Floats
from ..errors import ArgumentError
from . import _check, init
from ._rows import FileRows, Rows, Source, columns, opened
from .cells import BLOCK, mapped, mass, over_parts

R = TypeVar("R")


class Training:
    """The vectors X (n, k) of a `fit` and their weight, both checked.

    weight : (1, 1), (n, 1), (n, k) or (n, k, k), as for `survey`.
    n_weighty : number of vectors with some weight.
    heaviest : row of the first vector with the greatest weight.
    """

    def __init__(self, X: Source, sample_weight: Source | None, *, ndims: tuple[int, ...],
                 least: int, n_threads: int | None, executor: Executor | None) -> None:  # fmt: skip
        self.n_threads, self.executor = n_threads, executor
        given = opened(X, "X")
        self._map = X if isinstance(X, np.memmap) else None
        if not isinstance(given, FileRows):
            self.X: Rows = _check.vectors(given, "X", least=least)
        else:
            _check.vectors_shape(given.shape, "X", least=least)
            self.X = given
        weight = None if sample_weight is None else opened(sample_weight, "sample_weight")
        if not isinstance(weight, FileRows):
            self.weight: Rows = _check.sample_weight(weight, self.X, ndims=ndims)
        else:
            _check.sample_shape(weight.shape, self.X.shape, ndims)
            self.weight = weight.weight_of(self.X)
        self._given_weight = weight if isinstance(weight, FileRows | None) else np.asarray(weight)
        found = list(self.over_parts(_inspected))
        self.n_weighty = sum(n for n, *_ in found)
        self.heaviest = max(found, key=lambda part: part[1])[2]

    def over_parts(self, work: Callable[[int, Rows, Rows], R]) -> Iterator[R]:
        """Yield ``work(first row, X, weight)`` of each part, in order."""
        return over_parts(work, self.X, self.weight, self.n_threads, self.executor)

    def columns(self, chosen: slice) -> tuple[Rows, Rows | None]:
        """Return some components of the vectors, and their weight, as `fit` takes both."""
        weight = self._given_weight
        if weight is not None and weight.ndim == 2:
            weight = columns(weight, chosen)
        return columns(self.X, chosen), weight

    def start(self, start: str | ArrayLike, n_codewords: int, rng: np.random.Generator,
              transform: Floats | None = None) -> Floats:  # fmt: skip
        """Return the codebook that `start` describes, for vectors times `transform` (k, k)."""

        def moved(X: Floats) -> Floats:
            return X if transform is None else mapped(X, transform)

        if not isinstance(start, str):
            return moved(init.given(start, self.X.shape[1], n_codewords).astype(self.X.dtype))
        total = np.concatenate(list(self.over_parts(_mass)))
        if start == "random":
            return moved(init.random(self.X, total / total.sum(), n_codewords, rng))
        X = self.X
        if isinstance(X, FileRows):
            if self._map is None:
                raise ArgumentError(f"init: expected vectors in memory for {start!r}, got files")
            X = _check.vectors(self._map, "X")
        return init.start(start, moved(X), total, n_codewords, rng)

    @property
    def quick_start(self) -> str:
        """The name of a good start by chance: the best one that these vectors allow."""
        in_files = isinstance(self.X, FileRows) and self._map is None
        return "random" if in_files else "kmeans++"

    def inverse_covariance(self) -> Floats:
        """Return the inverse (k, k) of the weighted covariance."""
        total = reduce(np.add, self.over_parts(_sums))
        mean = total[:-1] / total[-1]
        covariance = reduce(np.add, self.over_parts(partial(_scatter, mean=mean))) / total[-1]
        if np.linalg.matrix_rank(covariance, hermitian=True) < len(covariance):
            expected = "a covariance of full rank"
            raise ArgumentError(f"X: expected {expected}, got one that has no inverse")
        return np.linalg.inv(covariance).astype(self.X.dtype)


def _blocks(X: Rows, weight: Rows) -> Iterator[tuple[int, Floats, Floats]]:
    """Yield first row, vectors and weight of blocks of a part."""
    for rows in spans(len(X), BLOCK):
        yield rows.start, X[rows], weight[rows] if len(weight) == len(X) else weight[:]


def _inspected(first: int, X: Rows, weight: Rows) -> tuple[int, float, int]:
    """Return the number of vectors with weight, the greatest weight and its row; check all."""
    n_weighty, greatest, heaviest = 0, -1.0, 0
    for start, x, w in _blocks(X, weight):
        if isinstance(X, FileRows):
            _check.squares_fit(x, "X", first=first + start)
        if isinstance(weight, FileRows):
            _check.finite(w, "sample_weight", first=first + start)
            _check.not_negative(w, "sample_weight")
        if isinstance(X, FileRows) or isinstance(weight, FileRows):
            _check.products_fit(w, x, "sample_weight")
        total = mass(x, w)
        n_weighty += int(np.count_nonzero(total))
        if total.max() > greatest:
            greatest, heaviest = float(total.max()), first + start + int(total.argmax())
    return n_weighty, greatest, heaviest


def _mass(first: int, X: Rows, weight: Rows) -> F64:
    return np.concatenate([mass(x, w) for _, x, w in _blocks(X, weight)])


def _sums(first: int, X: Rows, weight: Rows) -> F64:
    """Return the weighted sum of the vectors, and last the sum of the weights: (k + 1,)."""
    total = np.zeros(X.shape[1] + 1)
    for _, x, w in _blocks(X, weight):
        total[:-1] += (w * x.astype(np.float64)).sum(axis=0)
        total[-1] += mass(x, w).sum() / x.shape[1]
    return total


def _scatter(first: int, X: Rows, weight: Rows, *, mean: F64) -> F64:
    """Return the weighted sum (k, k) of products of the differences of the vectors from `mean`."""
    total = np.zeros((len(mean), len(mean)))
    for _, x, w in _blocks(X, weight):
        centred = x - mean
        total += mapped((w * centred).T, centred)
    return total
