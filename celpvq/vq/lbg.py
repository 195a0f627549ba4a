"""The generalized Lloyd algorithm of Linde, Buzo and Gray."""

from concurrent.futures import Executor
from dataclasses import KW_ONLY, dataclass, field
from types import MappingProxyType
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike

from .._random import generator
from .._types import Floats
from ..errors import FormatError
from . import _params
from ._files import check_shape
from ._rows import Source
from ._training import Training
from .cells import mapped
from .codebook import CodebookVQ
from .distributed import DistributedVQ
from .init import NAMES
from .lloyd import Design


@dataclass(eq=False, repr=False)
class LBG(DistributedVQ, CodebookVQ):
    """A vector quantizer designed by Lloyd iterations.

    Each iteration assigns every training vector to its nearest codeword, and moves every codeword
    to the (weighted) mean of its cell. Neither step can raise the distortion, so the design ends in
    a local minimum. How good it is depends on the start.

    Parameters
    ----------
    n_codewords : int
        Size of the codebook; any number.
    init : {"splitting", "random", "kmeans++", "maximin"} or array_like, shape (n_codewords, k)
        The start. "splitting" begins with the mean, and splits codewords in two and refines them
        until there are enough. The others are described in `VectorQuantizer`.
    n_init : int
        Number of designs from different draws; the one with the least distortion is kept. The
        first one follows `init`. Where that is "splitting", the others start from "kmeans++", or
        from "random" vectors if the training vectors lie in files.
    empty : {"split", "merge"}
        What happens to a codeword without vectors: it splits the cell with the greatest distortion,
        or it is removed, and the codebook becomes smaller.
    distortion : {"squared", "weighted", "mahalanobis", "matrix"}
        Squared error; with a weight per component, see `fit`; with the inverse covariance of the
        training vectors as a matrix, so that no linear map of them matters; or with a matrix per
        vector, see `fit`.
    tol
        As in `VectorQuantizer`.
    max_iter : int
        Stop after this many iterations; with splitting, at each size of the codebook.
    random_state, n_threads, verbose
        As in `VectorQuantizer`.

    Attributes
    ----------
    codebook_ : ndarray, shape (n_codewords, k), or fewer rows with ``empty="merge"``
        The codewords, float32 if the training vectors are, else float64.
    metric_ : ndarray, shape (k, k), or None
        The inverse covariance, with ``distortion="mahalanobis"`` only.
    distortion_history_ : ndarray, shape (n_iter_ + 1,) or longer with splitting
        Weighted mean squared error per component at the start, after each iteration and after
        each splitting, of the design that is kept. It never rises, and its last value belongs to
        `codebook_`.
    n_iter_ : int
        Number of iterations of that design, over all sizes of the codebook.

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

    n_codewords: int = 256
    _: KW_ONLY
    init: str | ArrayLike = "splitting"
    n_init: int = 1
    empty: Literal["split", "merge"] = "split"
    distortion: Literal["squared", "weighted", "mahalanobis", "matrix"] = "squared"
    tol: float = 1e-4
    max_iter: int = 50
    random_state: int | np.random.Generator | None = None
    n_threads: int | None = None
    verbose: bool = False

    _fitted: ClassVar[tuple[str, ...]] = (*CodebookVQ._fitted, "metric_")
    _optional: ClassVar[tuple[str, ...]] = ("metric_",)

    _distortions: ClassVar[tuple[str, ...]] = ("squared", "weighted", "mahalanobis", "matrix")

    metric_: Floats | None = field(init=False)

    _checks = MappingProxyType({"init": _params.start("splitting", *NAMES)})

    def _fit(self, X: Source, sample_weight: Source | None,
             executor: Executor | None = None) -> None:  # fmt: skip
        data = self._training(X, sample_weight, executor, least=self.n_codewords)
        self._check_weighty(data.n_weighty)
        metric = data.inverse_covariance() if self.distortion == "mahalanobis" else None
        self.metric_ = metric
        rng = generator(self.random_state, "random_state")
        designs = (self._designed(data, i, rng, executor) for i in range(self.n_init))
        codebook, design = min(designs, key=lambda found: found[1].record.history[-1])
        if metric is not None:
            codebook = np.linalg.solve(np.linalg.cholesky(metric).T, codebook.T).T
        self._finish(codebook, design)

    def _designed(self, data: Training, i: int, rng: np.random.Generator,
                  executor: Executor | None) -> tuple[Floats, Design]:  # fmt: skip
        """Return the codebook of the i-th design, in the space of the distortion."""
        design = Design(data.X, data.weight, self, rng, empty=self.empty, executor=executor,
                        transform=self._transform)  # fmt: skip
        if not (isinstance(self.init, str) and self.init == "splitting"):
            return design.refine(self._start(data, self.init, rng)), design
        if i > 0:
            return design.refine(self._start(data, data.quick_start, rng)), design
        first = self._space(data.X[data.heaviest : data.heaviest + 1])
        codebook = design.refine(design.survey(first).centroids(first))
        while len(codebook) < self.n_codewords:
            n = len(codebook)
            longer = codebook[np.arange(min(2 * n, self.n_codewords)) % n]
            codebook = design.refine(design.refill(longer, np.arange(n, len(longer))))
            if len(codebook) == n:  # merged again: all vectors of each cell are equal
                break
        return codebook, design

    def _start(self, data: Training, start: str | ArrayLike, rng: np.random.Generator) -> Floats:
        return data.start(start, self.n_codewords, rng, self._transform)

    @property
    def _transform(self) -> Floats | None:
        """The map (k, k) to the space where the distortion is the squared error, or None."""
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
