"""Online quantization: every vector moves its codeword at once."""

from dataclasses import KW_ONLY, dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from .._numba import strict
from .._types import F64, I64, Floats
from ._incremental import IncrementalVQ


@dataclass(eq=False, repr=False)
class OnlineVQ(IncrementalVQ):
    """A vector quantizer that learns from one vector after the other.

    Each vector draws its nearest codeword a step towards itself. With steps of one over the number
    of vectors so far, a codeword is the mean of its vectors and comes to rest. With constant steps
    it forgets old vectors and follows a source that changes.

    Parameters
    ----------
    n_codewords
        As in `VectorQuantizer`.
    rate : float, optional
        Length of a step, as a fraction of the way to the vector; one over the number of vectors so
        far if not given.
    init, distortion
        As in `VectorQuantizer`.
    tol, max_iter
        As in `IncrementalVQ`.
    random_state
        As in `VectorQuantizer`.
    n_threads : int, optional
        Number of threads of searches and measurements; the learning itself has one.
    verbose
        As in `IncrementalVQ`.

    Attributes
    ----------
    codebook_
        As in `VectorQuantizer`.
    counts_, distortion_history_, n_iter_
        As in `IncrementalVQ`.

    References
    ----------
    .. [1] J. MacQueen, "Some methods for classification and analysis of multivariate
       observations", Proc. 5th Berkeley Symposium on Mathematical Statistics, 1967.

    Examples
    --------
    >>> import numpy as np
    >>> quantizer = OnlineVQ(16, random_state=1)
    >>> for block in np.random.default_rng(1).normal(size=(20, 100, 2)):
    ...     quantizer = quantizer.partial_fit(block)
    >>> quantizer.codebook_.shape
    (16, 2)
    """

    n_codewords: int = 256
    _: KW_ONLY
    rate: float | None = None
    init: str | ArrayLike = "kmeans++"
    distortion: Literal["squared", "weighted"] = "squared"
    tol: float = 1e-3
    max_iter: int = 10
    random_state: int | np.random.Generator | None = None
    n_threads: int | None = None
    verbose: bool = False

    def _learn(self, codebook: Floats, counts: F64, X: Floats, weight: Floats,
               order: I64) -> tuple[Floats, F64]:  # fmt: skip
        moved, counts = codebook.astype(np.float64), counts.copy()
        _follow(X, weight, order, self.rate or 0.0, moved, counts)
        return moved.astype(codebook.dtype), counts


@strict(allocates=True)
def _follow(X: Floats, weight: Floats, order: I64, rate: float, codebook: F64,
            counts: F64) -> None:  # fmt: skip
    """Move codebook and counts (K, k), in place, by the rows `order` of X and weight (n, k).

    rate : fraction of the way to the vector, or 0 for one over the count.
    """
    for r in order:
        best, lowest = 0, np.inf
        for c in range(codebook.shape[0]):
            error = 0.0
            for i in range(X.shape[1]):
                error += weight[r, i] * (X[r, i] - codebook[c, i]) ** 2
                if error >= lowest:
                    break
            if error < lowest:
                best, lowest = c, error
        for i in range(X.shape[1]):
            w = np.float64(weight[r, i])
            if w > 0:
                counts[best, i] += w
                step = 1 - (1 - rate) ** w if rate > 0 else w / counts[best, i]
                codebook[best, i] += step * (X[r, i] - codebook[best, i])
