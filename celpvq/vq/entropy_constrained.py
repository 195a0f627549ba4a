"""Entropy-constrained quantization: distortion against the rate of a variable-length code."""

from typing import ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike

from ..errors import FormatError
from . import _check
from . import init as starts
from ._cells import Cells, survey
from ._lloyd import Design
from ._types import F64, Floats, Indices
from .base import VectorQuantizer, check_shape
from .codebook import CodebookVQ, mass
from .full_search import nearest


class EntropyConstrainedVQ(CodebookVQ):
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

    def _fit(self, X: ArrayLike, sample_weight: ArrayLike | None) -> None:
        _check.number(self.lagrangian, "lagrangian")
        X, weight = self._checked(X, sample_weight)
        rng = np.random.default_rng(self.random_state)
        design = Design(X, weight, self, rng)
        codebook = starts.start(self.init, X, mass(X, weight), self.n_codewords, rng)
        lengths = np.full(len(codebook), np.log2(len(codebook)))
        cells = self._survey(X, weight, codebook, lengths)
        design.history.append(cells.distortion)
        costs = [self._cost(cells, lengths)]
        for _ in range(self.max_iter):
            used = ~cells.empty
            moved = cells.centroids(codebook)[used]
            new = -np.log2(cells.weights[used, 0] / cells.weights[:, 0].sum()) + 0.0  # no -0.0
            after = self._survey(X, weight, moved, new)
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
        return self._search(X, self.codebook_, self.lengths_)

    def _distortion(self, X: Floats, sample_weight: ArrayLike | None) -> float:
        return VectorQuantizer._distortion(self, X, sample_weight)  # as coded: not by the nearest

    def _search(self, X: Floats, codebook: Floats, lengths: F64) -> Indices:
        """Return the codewords of least cost: nearest, with the cost as one more dimension."""
        price = np.sqrt(self.lagrangian * lengths)[:, None]
        book = np.hstack([codebook, price]).astype(X.dtype)
        longer = np.hstack([X, np.zeros((len(X), 1), X.dtype)])
        return nearest(longer, book, n_threads=self.n_threads)[0]

    def _survey(self, X: Floats, weight: Floats, codebook: Floats, lengths: F64) -> Cells:
        best = self._search(X, codebook, lengths)
        return survey(X, weight, codebook, self.n_threads, assign=lambda rows: best[rows])

    def _cost(self, cells: Cells, lengths: F64) -> float:
        rate = _mean_length(cells, lengths) / cells.weights.shape[1]
        return float(cells.distortion + self.lagrangian * rate)

    def _check_restored(self) -> None:
        check_shape("codebook_", self.codebook_, ("n", "k"))
        check_shape("lengths_", self.lengths_, (len(self.codebook_),))
        if (self.lengths_ < 0).any():
            raise FormatError("lengths_: expected none below 0")


def _mean_length(cells: Cells, lengths: F64) -> float:
    return float(cells.weights[:, 0] @ lengths / cells.weights[:, 0].sum())
