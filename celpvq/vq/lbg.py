"""The generalized Lloyd algorithm of Linde, Buzo and Gray: k-means with a design's care."""

from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import ArgumentError
from . import _check, init
from ._cells import Cells, survey
from .base import VectorQuantizer
from .full_search import nearest

Floats = NDArray[np.floating[Any]]

_STEP = 0.05  # between a split codeword and its copy, in standard deviations of the cell


class LBG(VectorQuantizer):
    """A vector quantizer designed by Lloyd iterations.

    Each iteration assigns every training vector to its nearest codeword, and moves every codeword
    to the (weighted) mean of its cell. Neither can raise the distortion, so the design ends in a
    local minimum; what it is worth depends on the start.

    Parameters
    ----------
    n_codewords : int
        Size of the codebook; any number.
    init : {"splitting", "random", "kmeans++"} or array_like, shape (n_codewords, k)
        The start: codewords split in two and refined until there are enough, starting from the
        mean; training vectors at random; training vectors far from each other; or a codebook.
    empty : {"split"}
        A codeword without vectors moves next to that of the cell with the greatest distortion.
    distortion : {"squared", "weighted"}
        Whether errors may have weights per component, those of `fit`'s `sample_weight`.
    tol : float
        Stop when an iteration lowers the distortion by less than this part of it.
    max_iter : int
        Stop after this many iterations; with splitting, for each size of the codebook.
    random_state : int, numpy.random.Generator or None
        Seed of whatever is drawn; a number makes the result repeat exactly.
    n_threads : int, optional
        Number of threads; all processors of this process if not given. The result is the same.
    verbose : bool
        Print the distortion after each iteration.

    Attributes
    ----------
    codebook_ : ndarray, shape (n_codewords, k)
        The codewords, float32 if the training vectors are, else float64.
    distortion_history_ : ndarray, shape (n_iter_ + 1,) or longer with splitting
        Weighted mean squared error per component at the start, after each iteration and after
        each splitting; it never rises, and its last value belongs to `codebook_`.
    n_iter_ : int
        Number of iterations, over all sizes of the codebook.

    References
    ----------
    .. [1] Y. Linde, A. Buzo and R. M. Gray, "An algorithm for vector quantizer design", IEEE
       Trans. Commun. 28(1), 1980.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.random.default_rng(1).normal(size=(2000, 2))
    >>> quantizer = LBG(16, random_state=1).fit(X)
    >>> indices = quantizer.encode(X)
    >>> quantizer.decode(indices).shape
    (2000, 2)
    """

    distortion_history_: NDArray[np.float64]
    n_iter_: int

    def __init__(self, n_codewords: int, *,
                 init: Literal["splitting", "random", "kmeans++"] | ArrayLike = "splitting",
                 empty: Literal["split"] = "split",
                 distortion: Literal["squared", "weighted"] = "squared",
                 tol: float = 1e-4, max_iter: int = 50,
                 random_state: int | np.random.Generator | None = None,
                 n_threads: int | None = None, verbose: bool = False) -> None:  # fmt: skip
        self.n_codewords = n_codewords
        self.init = init
        self.empty = empty
        self.distortion = distortion
        self.tol = tol
        self.max_iter = max_iter
        self.random_state = random_state
        self.n_threads = n_threads
        self.verbose = verbose

    def fit(self, X: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Design the codebook.

        Parameters
        ----------
        X : array_like, shape (n, k)
            Training vectors, at least as many as codewords.
        sample_weight : array_like, shape (n,), or (n, k) with ``distortion="weighted"``, optional
            Weight of each vector, or of each of its components [>= 0].

        Returns
        -------
        LBG
            Itself.

        Raises
        ------
        ArgumentError
            If a parameter or a shape is wrong, a value is not finite, a weight negative, or fewer
            vectors than codewords have any weight.
        """
        self._check_params()
        X = _check.vectors(X, "X", least=self.n_codewords)
        weight = self._weight(sample_weight, X)
        design = _Design(X, weight, self)
        codebook = self._start(X, weight, design.rng)
        codebook = design.refine(codebook)
        while len(codebook) < self.n_codewords:
            codebook = design.refine(design.split(codebook, self.n_codewords))
        self.codebook_ = codebook
        self.distortion_history_ = np.array(design.history)
        self.n_iter_ = design.n_iter
        return self

    def encode(self, X: ArrayLike, weight: ArrayLike | None = None) -> NDArray[np.int64]:
        """Return the index of the nearest codeword of each vector.

        Parameters
        ----------
        X : array_like, shape (n, k)
            Vectors.
        weight : array_like, shape (n, k) or (k,), optional
            Weights of the squared errors, with ``distortion="weighted"`` only [>= 0].

        Returns
        -------
        ndarray of int64, shape (n,)
            Rows of the codebook; the first one on a tie.

        Raises
        ------
        ArgumentError
            If a shape is wrong or a value not finite.
        NotFittedError
            Before `fit`.
        """
        self._check_fitted()
        if weight is not None and self.distortion != "weighted":
            raise ArgumentError(f"weight: expected None with distortion={self.distortion!r}")
        X = _check.vectors(X, "X", k=self.codebook_.shape[1])
        return nearest(X, self.codebook_, weight, n_threads=self.n_threads)[0]

    def score(self, X: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """Return the negative distortion of `X`: greater is better.

        Parameters
        ----------
        X, sample_weight
            As for `fit`.

        Returns
        -------
        float
            Minus the weighted mean squared error per component.
        """
        self._check_fitted()
        X = _check.vectors(X, "X", k=self.codebook_.shape[1], least=1)
        codebook = self.codebook_.astype(X.dtype, copy=False)
        return -survey(X, self._weight(sample_weight, X), codebook, self.n_threads).distortion

    def _weight(self, sample_weight: ArrayLike | None, X: Floats) -> Floats:
        return _check.sample_weight(sample_weight, X, per_component=self.distortion == "weighted")

    def _check_params(self) -> None:
        _check.count(self.n_codewords, "n_codewords", least=1)
        _check.count(self.max_iter, "max_iter", least=0)
        _check.choice(self.empty, "empty", ("split",))
        _check.choice(self.distortion, "distortion", ("squared", "weighted"))
        if isinstance(self.init, str):
            _check.choice(self.init, "init", ("splitting", "random", "kmeans++"))
        if not self.tol >= 0:
            raise ArgumentError(f"tol: expected 0 or more, got {self.tol}")

    def _start(self, X: Floats, weight: Floats, rng: np.random.Generator) -> Floats:
        """Return the codebook that the iterations start from; for splitting, one codeword."""
        mass = np.broadcast_to(weight, X.shape).sum(axis=1, dtype=np.float64)
        if np.count_nonzero(mass) < self.n_codewords:
            raise ArgumentError(f"sample_weight: expected {self.n_codewords} vectors or more with "
                                f"weight, got {np.count_nonzero(mass)}")  # fmt: skip
        if not isinstance(self.init, str):
            codebook = _check.vectors(self.init, "init", k=X.shape[1])
            if len(codebook) != self.n_codewords:
                expected = f"{self.n_codewords} codewords"
                raise ArgumentError(f"init: expected {expected}, got {len(codebook)}")
            return codebook.astype(X.dtype)
        if self.init == "splitting":
            first = np.ascontiguousarray(X[np.argmax(mass)][None])
            return survey(X, weight, first, self.n_threads).centroids(first)
        draw = init.random if self.init == "random" else init.kmeans_pp
        return draw(X, mass / mass.sum(), self.n_codewords, rng)


class _Design:
    """The run of one `fit`: Lloyd iterations, splitting, and their record."""

    def __init__(self, X: Floats, weight: Floats, params: LBG) -> None:
        self.X, self.weight, self.params = X, weight, params
        self.rng = np.random.default_rng(params.random_state)
        self.history: list[float] = []
        self.n_iter = 0
        self.cells: Cells  # of the codebook that `refine` returned last

    def refine(self, codebook: Floats) -> Floats:
        """Return codebook (K, k) after Lloyd iterations."""
        self.cells = self._survey(codebook)
        self.history.append(self.cells.distortion)
        for _ in range(self.params.max_iter):
            moved = self.cells.centroids(codebook)
            moved = self._refill(moved, np.flatnonzero(self.cells.empty))
            cells = self._survey(moved)
            before, now = self.history[-1], cells.distortion
            if now > before:  # by rounding only
                break
            codebook, self.cells = moved, cells
            self.history.append(now)
            self.n_iter += 1
            if self.params.verbose:
                print(f"LBG: {len(codebook)} codewords, iteration {self.n_iter}: {now:.6g}")
            if before - now <= self.params.tol * now and not self._can_refill():
                break
        return codebook

    def split(self, codebook: Floats, n_codewords: int) -> Floats:
        """Return `codebook` twice as long, or of `n_codewords` if that is less."""
        n = len(codebook)
        longer = codebook[np.arange(min(2 * n, n_codewords)) % n]
        return self._refill(longer, np.arange(n, len(longer)))

    def _survey(self, codebook: Floats) -> Cells:
        return survey(self.X, self.weight, codebook, self.params.n_threads)

    def _can_refill(self) -> bool:
        return bool(self.cells.empty.any() and self.cells.errors.any())

    def _refill(self, codebook: Floats, rows: NDArray[np.int64]) -> Floats:
        """Move the codewords `rows` next to those of the worst cells, each of which stays its own.

        As nothing else changes, a split cannot raise the distortion.
        """
        worst = np.argsort(-self.cells.errors.sum(axis=1), kind="stable")[: len(rows)]
        rows = rows[: len(worst)]
        idle = self.cells.weights[worst] == 0
        spread = np.sqrt(self.cells.errors[worst] / np.where(idle, 1, self.cells.weights[worst]))
        step = _STEP * spread * self.rng.choice([-1.0, 1.0], spread.shape)
        codebook[rows] = codebook[worst] + step
        return codebook
