"""Design by stochastic relaxation: Lloyd iterations with noise that fades away."""

from dataclasses import KW_ONLY, dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from .._random import generator
from . import init as starts
from .cells import mass
from .codebook import CodebookVQ
from .lloyd import Design


@dataclass(eq=False, repr=False)
class SimulatedAnnealing(CodebookVQ):
    """A vector quantizer designed by Lloyd iterations with noise, then without.

    After each of the first iterations the codewords move at random, less and less. This gets them
    out of poor local minima. Plain Lloyd iterations finish the design.

    Parameters
    ----------
    n_codewords
        As in `VectorQuantizer`.
    noise : float
        Standard deviation of the first noise, in standard deviations of each component.
    n_steps : int
        Number of iterations with noise; the cube of those still to come sets its variance.
    init, distortion
        As in `VectorQuantizer`.
    tol : float
        Stop when an iteration without noise lowers the distortion by less than this fraction of it.
    max_iter : int
        Stop after this many iterations without noise.
    random_state, n_threads, verbose
        As in `VectorQuantizer`.

    Attributes
    ----------
    codebook_
        As in `VectorQuantizer`.
    distortion_history_ : ndarray
        Weighted mean squared error per component at the start and after each iteration; it may
        rise while there is noise.
    n_iter_ : int
        Number of iterations, with noise and without.

    References
    ----------
    .. [1] K. Zeger, J. Vaisey and A. Gersho, "Globally optimal vector quantizer design by
       stochastic relaxation", IEEE Trans. Signal Process. 40(2), 1992.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.random.default_rng(1).normal(size=(2000, 2))
    >>> SimulatedAnnealing(16, random_state=1).fit(X).codebook_.shape
    (16, 2)
    """

    n_codewords: int = 256
    _: KW_ONLY
    noise: float = 0.5
    n_steps: int = 100
    init: str | ArrayLike = "kmeans++"
    distortion: Literal["squared", "weighted"] = "squared"
    tol: float = 1e-4
    max_iter: int = 50
    random_state: int | np.random.Generator | None = None
    n_threads: int | None = None
    verbose: bool = False

    def _fit(self, X: ArrayLike, sample_weight: ArrayLike | None) -> None:
        X, weight = self._checked(X, sample_weight)
        rng = generator(self.random_state, "random_state")
        design = Design(X, weight, self, rng)
        total = mass(X, weight)
        codebook = starts.start(self.init, X, total, self.n_codewords, rng)
        state = design.measured(codebook)
        design.record.start(state.cells.distortion)
        mean = np.average(X, axis=0, weights=total)
        spread = np.sqrt(np.average((X - mean) ** 2, axis=0, weights=total))
        for step in range(self.n_steps):
            sigma = self.noise * (1 - (step + 1) / self.n_steps) ** 1.5 * spread
            moved = design.moved(state.codebook) + sigma * rng.standard_normal(codebook.shape)
            state = design.measured(moved.astype(X.dtype))
            design.record.add(state.cells.distortion, len(codebook))
        self._finish(design.refine(state.codebook), design)
