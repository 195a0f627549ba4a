"""Mini-batch design, for so many vectors that an iteration over all takes too long."""

from dataclasses import KW_ONLY, dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from .._threads import spans
from .._types import F64, I64, Floats
from ._incremental import IncrementalVQ
from .cells import survey


@dataclass(eq=False, repr=False)
class MiniBatchVQ(IncrementalVQ):
    """A vector quantizer that learns from one small batch of vectors after the other.

    Each codeword is the mean of all vectors that were nearest to it in their batch. A few passes
    over the vectors give a good codebook; less than one pass gives a fair one.

    Parameters
    ----------
    n_codewords
        As in `VectorQuantizer`.
    batch_size
        As in `IncrementalVQ`.
    init, distortion
        As in `VectorQuantizer`.
    tol, max_iter
        As in `IncrementalVQ`.
    random_state, n_threads
        As in `VectorQuantizer`.
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
    .. [1] D. Sculley, "Web-scale k-means clustering", Proc. 19th International Conference on World
       Wide Web, 2010.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.random.default_rng(1).normal(size=(5000, 2))
    >>> MiniBatchVQ(16, batch_size=256, random_state=1).fit(X).codebook_.shape
    (16, 2)
    """

    n_codewords: int = 256
    _: KW_ONLY
    batch_size: int = 1024
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
        per_component = self.distortion == "weighted"
        for batch in spans(len(X), self.batch_size):
            rows = order[batch]
            w = weight[rows] if per_component else weight[rows, :1]
            cells = survey(X[rows], w, moved.astype(X.dtype), self.n_threads)
            counts += cells.weights
            used = cells.weights > 0
            pull = cells.sums[used] - cells.weights[used] * moved[used]
            moved[used] += pull / counts[used]
        return moved.astype(codebook.dtype), counts
