"""Neural gas: all codewords learn from every vector, by the order of their distances."""

from dataclasses import KW_ONLY, dataclass

import numpy as np
from numpy.typing import ArrayLike

from .._random import generator
from . import _check
from . import init as starts
from ._soft import add_by_rank, soft_survey
from .cells import mass
from .codebook import CodebookVQ
from .lloyd import Design


@dataclass(eq=False, repr=False)
class NeuralGas(CodebookVQ):
    """A vector quantizer whose codewords spread like a gas.

    In each step every codeword becomes a weighted mean of all vectors. If it is the rank-th nearest
    codeword to a vector, the vector has the weight ``exp(-rank / radius)``. The radius shrinks
    until only the nearest codeword counts; then plain Lloyd iterations finish the design. The
    start hardly matters.

    Parameters
    ----------
    n_codewords
        As in `VectorQuantizer`.
    radius : float, optional
        Radius of the first step, in ranks; half the number of codewords if not given.
    final_radius : float
        Radius of the last step.
    n_steps : int
        Number of steps with a radius.
    init : {"random", "kmeans++", "maximin"} or array_like, shape (n_codewords, k)
        The start, see `VectorQuantizer`.
    tol : float
        Stop when a plain Lloyd iteration lowers the distortion by less than this fraction of it.
    max_iter : int
        Stop after this many plain Lloyd iterations.
    random_state, n_threads, verbose
        As in `VectorQuantizer`.

    Attributes
    ----------
    codebook_
        As in `VectorQuantizer`.
    distortion_history_ : ndarray
        Weighted mean squared error per component at the start and after each step and iteration;
        it may rise during the steps.
    n_iter_ : int
        Number of steps and iterations.

    References
    ----------
    .. [1] T. M. Martinetz, S. G. Berkovich and K. J. Schulten, "'Neural-gas' network for vector
       quantization and its application to time-series prediction", IEEE Trans. Neural Netw. 4(4),
       1993.
    .. [2] M. Cottrell, B. Hammer, A. Hasenfuss and T. Villmann, "Batch and median neural gas",
       Neural Networks 19(6), 2006.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.random.default_rng(1).normal(size=(2000, 2))
    >>> NeuralGas(16, random_state=1).fit(X).codebook_.shape
    (16, 2)
    """

    n_codewords: int = 256
    _: KW_ONLY
    radius: float | None = None
    final_radius: float = 0.1
    n_steps: int = 50
    init: str | ArrayLike = "random"
    tol: float = 1e-4
    max_iter: int = 50
    random_state: int | np.random.Generator | None = None
    n_threads: int | None = None
    verbose: bool = False

    def _fit(self, X: ArrayLike, sample_weight: ArrayLike | None) -> None:
        X, weight = self._checked(X, sample_weight)
        radius = max(self.n_codewords / 2, self.final_radius)
        if self.radius is not None:
            _check.number(self.radius, "radius", least=self.final_radius)
            radius = self.radius
        rng = generator(self.random_state, "random_state")
        design = Design(X, weight, self, rng)
        codebook = starts.start(self.init, X, mass(X, weight), self.n_codewords, rng)
        design.record.start(design.survey(codebook).distortion)
        full = np.broadcast_to(weight, (len(X), 1))
        for now in np.geomspace(radius, self.final_radius, self.n_steps):
            cells = soft_survey(X, full, codebook, self.n_threads, add_by_rank, now)
            codebook = cells.centroids(codebook.astype(np.float64)).astype(X.dtype)
            design.record.add(design.survey(codebook).distortion, len(codebook))
        self._finish(design.refine(codebook), design)
