"""Neural gas: codewords that learn from every vector, by the order of their distances."""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from .._random import generator
from . import _check
from . import init as starts
from ._lloyd import Design
from ._soft import SoftCells, add_by_rank, soft_survey
from ._types import Floats
from .codebook import CodebookVQ, mass
from .full_search import Tiles


class NeuralGas(CodebookVQ):
    """A vector quantizer whose codewords spread like a gas.

    In each step every codeword becomes the mean of all vectors, weighted by ``exp(-rank /
    radius)``, where it is the rank-th nearest to the vector; the radius shrinks until only the
    nearest counts, and plain Lloyd iterations finish the design. The start hardly matters.

    Parameters
    ----------
    n_codewords : int
        Size of the codebook.
    radius : float, optional
        Radius of the first step, in ranks; half the number of codewords if not given.
    final_radius : float
        Radius of the last step.
    n_steps : int
        Number of steps with a radius.
    init : {"random", "kmeans++", "maximin"} or array_like, shape (n_codewords, k)
        The start: training vectors at random, likely to be far from each other, or as far as there
        are; or a codebook.
    tol : float
        Stop when a plain iteration lowers the distortion by less than this part of it.
    max_iter : int
        Stop after this many plain iterations.
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

    def __init__(self, n_codewords: int, *, radius: float | None = None,
                 final_radius: float = 0.1, n_steps: int = 50,
                 init: Literal["random", "kmeans++", "maximin"] | ArrayLike = "random",
                 tol: float = 1e-4, max_iter: int = 50,
                 random_state: int | np.random.Generator | None = None,
                 n_threads: int | None = None, verbose: bool = False) -> None:  # fmt: skip
        self.n_codewords = n_codewords
        self.radius = radius
        self.final_radius = final_radius
        self.n_steps = n_steps
        self.init = init
        self.tol = tol
        self.max_iter = max_iter
        self.random_state = random_state
        self.n_threads = n_threads
        self.verbose = verbose

    def _fit(self, X: ArrayLike, sample_weight: ArrayLike | None) -> None:
        _check.count(self.n_steps, "n_steps", least=0)
        _check.number(self.final_radius, "final_radius", least=1e-3)
        X, weight = self._checked(X, sample_weight)
        radius = max(self.n_codewords / 2, self.final_radius)
        if self.radius is not None:
            _check.number(self.radius, "radius", least=self.final_radius)
            radius = self.radius
        rng = generator(self.random_state, "random_state")
        design = Design(X, weight, self, rng)
        codebook = starts.start(self.init, X, mass(X, weight), self.n_codewords, rng)
        design.history.append(design.survey(codebook).distortion)
        full = np.broadcast_to(weight, (len(X), 1))
        for now in np.geomspace(radius, self.final_radius, self.n_steps):

            def add(X: Floats, weight: Floats, book: Tiles, cells: SoftCells, now: float = now
                    ) -> None:  # fmt: skip
                add_by_rank(X, weight, book, cells, now)

            cells = soft_survey(X, full, codebook, self.n_threads, add)
            codebook = cells.centroids(codebook.astype(np.float64)).astype(X.dtype)
            design.record(design.survey(codebook).distortion, len(codebook))
        self._finish(design.refine(codebook), design)
