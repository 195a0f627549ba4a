"""The generalized Lloyd algorithm of Linde, Buzo and Gray: k-means with a design's care."""

from concurrent.futures import Executor
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike

from .._random import generator
from ..errors import FormatError
from . import _check, init
from ._cells import mapped
from ._lloyd import Design
from ._rows import Source
from ._training import Training
from ._types import Floats
from .base import check_shape
from .codebook import CodebookVQ
from .distributed import DistributedVQ


class LBG(DistributedVQ, CodebookVQ):
    """A vector quantizer designed by Lloyd iterations.

    Each iteration assigns every training vector to its nearest codeword, and moves every codeword
    to the (weighted) mean of its cell. Neither can raise the distortion, so the design ends in a
    local minimum; what it is worth depends on the start.

    Parameters
    ----------
    n_codewords : int
        Size of the codebook; any number.
    init : {"splitting", "random", "kmeans++", "maximin"} or array_like, shape (n_codewords, k)
        The start: codewords split in two and refined until there are enough, starting from the
        mean; training vectors at random; training vectors likely to be far from each other, or as
        far as there are; or a codebook.
    empty : {"split", "merge"}
        A codeword without vectors moves next to that of the cell with the greatest distortion; or
        its cell becomes one with those around it, and the codebook smaller than asked for.
    distortion : {"squared", "weighted", "mahalanobis", "matrix"}
        Squared error; with weights per component, those of `fit`'s `sample_weight`; with the
        inverse covariance of the training vectors between, so that no linear map of them matters;
        or with a matrix per vector between, those of `sample_weight`.
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
    codebook_ : ndarray, shape (n_codewords, k), or fewer rows with ``empty="merge"``
        The codewords, float32 if the training vectors are, else float64.
    metric_ : ndarray, shape (k, k), or None
        The inverse covariance, with ``distortion="mahalanobis"`` only.
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

    _fitted: ClassVar[tuple[str, ...]] = (*CodebookVQ._fitted, "metric_")
    _optional: ClassVar[tuple[str, ...]] = ("metric_",)

    _distortions: ClassVar[tuple[str, ...]] = ("squared", "weighted", "mahalanobis", "matrix")

    metric_: Floats | None

    def __init__(self, n_codewords: int, *,
                 init: Literal["splitting", "random", "kmeans++", "maximin"]
                 | ArrayLike = "splitting",
                 empty: Literal["split", "merge"] = "split",
                 distortion: Literal["squared", "weighted", "mahalanobis", "matrix"] = "squared",
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

    def _fit(self, X: Source, sample_weight: Source | None,
             executor: Executor | None = None) -> None:  # fmt: skip
        self._check_params()
        _check.choice(self.empty, "empty", ("split", "merge"))
        if isinstance(self.init, str):
            _check.choice(self.init, "init", ("splitting", *init.NAMES))
        data = self._training(X, sample_weight, executor, least=self.n_codewords)
        self._check_weighty(data.n_weighty)
        metric = data.inverse_covariance() if self.distortion == "mahalanobis" else None
        self.metric_ = metric
        rng = generator(self.random_state, "random_state")
        design = Design(data.X, data.weight, self, rng, empty=self.empty, executor=executor,
                        transform=self._transform)  # fmt: skip
        codebook = design.refine(self._start(data, design))
        while len(codebook) < self.n_codewords and _is_splitting(self.init):
            n = len(codebook)
            longer = codebook[np.arange(min(2 * n, self.n_codewords)) % n]
            codebook = design.refine(design.refill(longer, np.arange(n, len(longer))))
            if len(codebook) == n:  # all cells of vectors that differ
                break
        if metric is not None:
            codebook = np.linalg.solve(np.linalg.cholesky(metric).T, codebook.T).T
        self._finish(codebook, design)

    def _start(self, data: Training, design: Design) -> Floats:
        """Return the codebook that the iterations start from; for splitting, one codeword."""
        if _is_splitting(self.init):
            first = self._space(data.X[data.heaviest : data.heaviest + 1])
            return design.survey(first).centroids(first)
        return data.start(self.init, self.n_codewords, design.rng, self._transform)

    @property
    def _transform(self) -> Floats | None:
        """The map (k, k) of vectors to where the distortion is the squared error, if not as is."""
        return None if self.metric_ is None else np.linalg.cholesky(self.metric_)

    def _space(self, X: Floats) -> Floats:
        transform = self._transform
        return X if transform is None else mapped(X, transform.astype(X.dtype, copy=False))

    def _check_restored(self) -> None:
        n_codewords = "n" if self.empty == "merge" else self.n_codewords
        check_shape("codebook_", self.codebook_, (n_codewords, "k"))
        if (self.metric_ is None) != (self.distortion != "mahalanobis"):
            raise FormatError("metric_: expected one with distortion='mahalanobis' only")
        if self.metric_ is not None:
            k = self.codebook_.shape[1]
            check_shape("metric_", self.metric_, (k, k))


def _is_splitting(init: object) -> bool:
    return isinstance(init, str) and init == "splitting"
