"""Entropy-constrained quantization: distortion against the rate of a variable-length code."""

from concurrent.futures import Executor
from functools import partial
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike

from .._random import generator
from ..errors import FormatError
from . import _check
from ._cells import Cells, survey
from ._lloyd import Design
from ._rows import Source
from ._types import F64, Floats, Indices
from .base import VectorQuantizer, check_shape
from .codebook import CodebookVQ
from .distributed import DistributedVQ
from .full_search import Tiles, nearest, nearest_block, tiled


class EntropyConstrainedVQ(DistributedVQ, CodebookVQ):
    """A vector quantizer whose indices an entropy code will carry.

    It minimizes distortion plus `lagrangian` times rate: a vector goes to the codeword with the
    least sum of squared error and price of its bits, of which a codeword costs as many as minus
    the logarithm of how often it is used. Codewords that nobody wants any more disappear.

    Parameters
    ----------
    n_codewords : int
        Size of the codebook at the start.
    lagrangian : float
        Squared error of a vector that a bit is worth; with 0 the design is a plain one.
    init : {"kmeans++", "random", "maximin"} or array_like, shape (n_codewords, k)
        The start: training vectors likely to be far from each other, at random, or as far as there
        are; or a codebook.
    tol : float
        Stop when an iteration lowers the cost by less than this part of it.
    max_iter : int
        Stop after this many iterations.
    random_state : int, numpy.random.Generator or None
        Seed of whatever is drawn; a number makes the result repeat exactly.
    n_threads : int, optional
        Number of threads; all processors of this process if not given. The result is the same.
    verbose : bool
        Print the cost after each iteration.

    Attributes
    ----------
    codebook_ : ndarray, shape (n, k)
        The codewords that are used.
    lengths_ : ndarray, shape (n,)
        Ideal length of the code of each [bit]: of all training vectors' the mean is their entropy.
    rate_ : float
        Mean length over the training vectors [bit per vector].
    distortion_history_ : ndarray, shape (n_iter_ + 1,)
        Weighted mean squared error per component at the start and after each iteration.
    cost_history_ : ndarray, shape (n_iter_ + 1,)
        Weighted mean of squared error plus `lagrangian` times length, per component; it never
        rises.
    n_iter_ : int
        Number of iterations.

    References
    ----------
    .. [1] P. A. Chou, T. Lookabaugh and R. M. Gray, "Entropy-constrained vector quantization",
       IEEE Trans. Acoust., Speech, Signal Process. 37(1), 1989.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.random.default_rng(1).normal(size=(2000, 1))
    >>> quantizer = EntropyConstrainedVQ(32, lagrangian=0.1, random_state=1).fit(X)
    >>> bool(quantizer.rate_ < np.log2(len(quantizer.codebook_)))
    True
    """

    _fitted: ClassVar[tuple[str, ...]] = (
        *CodebookVQ._fitted, "lengths_", "rate_", "cost_history_",
    )  # fmt: skip

    lengths_: F64
    rate_: float
    cost_history_: F64

    def __init__(self, n_codewords: int, *, lagrangian: float = 0.1,
                 init: Literal["kmeans++", "random", "maximin"] | ArrayLike = "kmeans++",
                 tol: float = 1e-4, max_iter: int = 50,
                 random_state: int | np.random.Generator | None = None,
                 n_threads: int | None = None, verbose: bool = False) -> None:  # fmt: skip
        self.n_codewords = n_codewords
        self.lagrangian = lagrangian
        self.init = init
        self.tol = tol
        self.max_iter = max_iter
        self.random_state = random_state
        self.n_threads = n_threads
        self.verbose = verbose

    def _fit(self, X: Source, sample_weight: Source | None,
             executor: Executor | None = None) -> None:  # fmt: skip
        self._check_params()
        _check.number(self.lagrangian, "lagrangian")
        data = self._training(X, sample_weight, executor, least=self.n_codewords)
        self._check_weighty(data.n_weighty)
        rng = generator(self.random_state, "random_state")
        design = Design(data.X, data.weight, self, rng, executor=executor)
        codebook = data.start(self.init, self.n_codewords, rng)
        lengths = np.full(len(codebook), np.log2(len(codebook)))
        cells = self._survey(design, codebook, lengths)
        design.history.append(cells.distortion)
        costs = [self._cost(cells, lengths)]
        for _ in range(self.max_iter):
            used = ~cells.empty
            moved = cells.centroids(codebook)[used]
            new = -np.log2(cells.weights[used, 0] / cells.weights[:, 0].sum()) + 0.0  # no -0.0
            after = self._survey(design, moved, new)
            cost = self._cost(after, new)
            if cost > costs[-1]:  # by rounding only
                break
            codebook, lengths, cells = moved, new, after
            costs.append(cost)
            design.record(cells.distortion, len(codebook))
            if costs[-2] - cost <= self.tol * cost:
                break
        self.lengths_ = lengths
        self.rate_ = _mean_length(cells, lengths)
        self.cost_history_ = np.array(costs)
        self._finish(codebook, design)

    def _encode(self, X: Floats, weight: Floats) -> Indices:
        book = self._priced(self.codebook_, self.lengths_, X.dtype)
        return nearest(_longer(X), book, n_threads=self.n_threads)[0]

    def _distortion(self, X: Floats, sample_weight: ArrayLike | None) -> float:
        return VectorQuantizer._distortion(self, X, sample_weight)  # as coded: not by the nearest

    def _priced(self, codebook: Floats, lengths: F64, dtype: np.dtype[Any]) -> Floats:
        """Return the codebook with one more dimension, in which the price lies."""
        price = np.sqrt(self.lagrangian * lengths)[:, None]
        return np.hstack([codebook, price]).astype(dtype)

    def _survey(self, design: Design, codebook: Floats, lengths: F64) -> Cells:
        book = tiled(self._priced(codebook, lengths, codebook.dtype))
        return survey(design.X, design.weight, codebook, self.n_threads,
                      executor=design.executor, assign=partial(_cheapest, book=book))  # fmt: skip

    def _cost(self, cells: Cells, lengths: F64) -> float:
        rate = _mean_length(cells, lengths) / cells.weights.shape[1]
        return float(cells.distortion + self.lagrangian * rate)

    def _check_restored(self) -> None:
        check_shape("codebook_", self.codebook_, ("n", "k"))
        check_shape("lengths_", self.lengths_, (len(self.codebook_),))
        if (self.lengths_ < 0).any():
            raise FormatError("lengths_: expected none below 0")


def _longer(X: Floats) -> Floats:
    """Return X (n, k) with one more dimension, in which nothing has a price."""
    return np.hstack([X, np.zeros((len(X), 1), X.dtype)])


def _cheapest(X: Floats, weight: Floats, *, book: Tiles) -> Indices:
    """Return the codewords of least cost: the nearest ones in the longer space."""
    longer = _longer(X)
    return nearest_block(longer, longer[:0], book)[0]


def _mean_length(cells: Cells, lengths: F64) -> float:
    return float(cells.weights[:, 0] @ lengths / cells.weights[:, 0].sum())
