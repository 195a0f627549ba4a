"""Entropy-constrained quantization: distortion against the rate of a variable-length code."""

from concurrent.futures import Executor
from dataclasses import KW_ONLY, dataclass, field
from functools import partial
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from .._random import generator
from .._types import F64, I64, Floats
from ..errors import FormatError
from . import _check
from ._files import check_shape
from ._rows import Source
from .base import VectorQuantizer
from .cells import Cells, survey
from .codebook import CodebookVQ
from .distributed import DistributedVQ
from .full_search import Tiles, nearest, nearest_block, tiled
from .lloyd import descend, record_of


class _State(NamedTuple):
    """A codebook, the lengths of its codes [bit], and the sums over its cells."""

    codebook: Floats
    lengths: F64
    cells: Cells

    @property
    def rate(self) -> float:
        """The mean length over the training vectors."""
        weights = self.cells.weights[:, 0]
        return float(weights @ self.lengths / weights.sum())


@dataclass(eq=False, repr=False)
class EntropyConstrainedVQ(DistributedVQ, CodebookVQ):
    """A vector quantizer whose indices an entropy code will carry.

    It minimizes distortion plus `lagrangian` times rate. A vector goes to the codeword with the
    least sum of squared error and price of its code. The code of a codeword takes as many bits as
    minus the binary logarithm of its relative frequency. Codewords without vectors disappear.

    Parameters
    ----------
    n_codewords : int
        Size of the codebook at the start.
    lagrangian : float
        Price of a bit, as a squared error of a vector; with 0 the design is a plain one.
    init
        As in `VectorQuantizer`.
    tol : float
        Stop when an iteration lowers the cost by less than this fraction of it.
    max_iter, random_state, n_threads
        As in `VectorQuantizer`.
    verbose : bool
        Print the cost after each iteration.

    Attributes
    ----------
    codebook_ : ndarray, shape (n, k)
        The codewords that are used.
    lengths_ : ndarray, shape (n,)
        Ideal length of the code of each codeword [bit].
    rate_ : float
        Mean length over the training vectors [bit per vector].
    distortion_history_ : ndarray, shape (n_iter_ + 1,)
        Weighted mean squared error per component at the start and after each iteration.
    cost_history_ : ndarray, shape (n_iter_ + 1,)
        Weighted mean of squared error plus `lagrangian` times length, per component. It never
        rises.
    n_iter_
        As in `VectorQuantizer`.

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

    n_codewords: int = 256
    _: KW_ONLY
    lagrangian: float = 0.1
    init: str | ArrayLike = "kmeans++"
    tol: float = 1e-4
    max_iter: int = 50
    random_state: int | np.random.Generator | None = None
    n_threads: int | None = None
    verbose: bool = False

    _fitted: ClassVar[tuple[str, ...]] = (
        *CodebookVQ._fitted, "lengths_", "rate_", "cost_history_",
    )  # fmt: skip

    lengths_: F64 = field(init=False)
    rate_: float = field(init=False)
    cost_history_: F64 = field(init=False)

    def _fit(self, X: Source, sample_weight: Source | None,
             executor: Executor | None = None) -> None:  # fmt: skip
        data = self._training(X, sample_weight, executor, least=self.n_codewords)
        self._check_weighty(data.n_weighty)
        rng = generator(self.random_state, "random_state")
        k, record, costs = data.X.shape[1], record_of(self), list[float]()

        def state(codebook: Floats, lengths: F64) -> _State:
            book = tiled(self._priced(codebook, lengths, codebook.dtype))
            assign = partial(_cheapest, book=book)
            return _State(codebook, lengths, survey(data.X, data.weight, codebook, self.n_threads,
                                                    executor=executor, assign=assign))  # fmt: skip

        def step(before: _State) -> _State:
            codebook, _, cells = before
            used = ~cells.empty
            lengths = -np.log2(cells.weights[used, 0] / cells.weights[:, 0].sum()) + 0.0  # no -0.0
            return state(cells.centroids(codebook)[used], lengths)

        def cost(now: _State) -> float:
            return float(now.cells.distortion + self.lagrangian * (now.rate / k))

        def report(now: _State, least: float) -> None:
            record.add(now.cells.distortion, len(now.codebook))
            costs.append(least)

        codebook = data.start(self.init, self.n_codewords, rng)
        start = state(codebook, np.full(len(codebook), np.log2(len(codebook))))
        record.start(start.cells.distortion)
        costs.append(cost(start))
        best, _ = descend(start, step, cost, max_iter=self.max_iter, tol=self.tol, report=report)
        self.codebook_, self.lengths_, self.rate_ = best.codebook, best.lengths, best.rate
        self.cost_history_ = np.array(costs)
        self._keep(record)

    def _encode(self, X: Floats, weight: Floats) -> I64:
        book = self._priced(self.codebook_, self.lengths_, X.dtype)
        return nearest(_longer(X), book, n_threads=self.n_threads)[0]

    def _distortion(self, X: Floats, sample_weight: ArrayLike | None) -> float:
        return VectorQuantizer._distortion(self, X, sample_weight)  # not by the nearest codeword

    def _priced(self, codebook: Floats, lengths: F64, dtype: np.dtype[Any]) -> Floats:
        """Return the codebook with one more dimension, which holds the square root of the price."""
        with np.errstate(over="ignore"):
            price = np.sqrt(self.lagrangian * lengths)[:, None].astype(dtype)
        _check.squares_fit(price, "lagrangian")
        return np.hstack([codebook, price]).astype(dtype)

    def _check_restored(self) -> None:
        check_shape("codebook_", self.codebook_, ("n", "k"))
        check_shape("lengths_", self.lengths_, (len(self.codebook_),))
        if (self.lengths_ < 0).any():
            raise FormatError("lengths_: expected none below 0")


def _longer(X: Floats) -> Floats:
    """Return X (n, k) with one more dimension, which is zero."""
    return np.hstack([X, np.zeros((len(X), 1), X.dtype)])


def _cheapest(X: Floats, weight: Floats, *, book: Tiles) -> I64:
    """Return the codewords of least cost: the nearest ones in the longer space."""
    longer = _longer(X)
    return nearest_block(longer, longer[:0], book)[0]
