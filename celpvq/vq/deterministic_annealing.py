"""Design by deterministic annealing: codewords split as a temperature falls."""

from dataclasses import KW_ONLY, dataclass, field
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from .._random import generator
from .._types import F64, Floats
from ..errors import FormatError
from ._soft import SoftCells, add_by_distance, soft_survey
from .cells import mass
from .codebook import CodebookVQ
from .lloyd import Design

_APART = 0.01  # of the square root of the temperature, between a codeword and its copy


@dataclass(eq=False, repr=False)
class DeterministicAnnealing(CodebookVQ):
    """A vector quantizer designed by minimizing the free energy while the temperature falls.

    At a temperature T each vector belongs to every codeword at distance d in proportion to
    ``exp(-d / T)``. At high temperatures all codewords coincide in the mean. At critical
    temperatures they split, where that gains most, up to `n_codewords`. Plain Lloyd iterations
    finish the design. The result hardly depends on a start or on chance.

    Parameters
    ----------
    n_codewords
        As in `VectorQuantizer`.
    cooling : float
        Ratio of the temperatures of a step and the step before [0.5 to 0.999].
    n_settle : int
        Greatest number of iterations at one temperature.
    tol : float
        An iteration that lowers the distortion by less than this fraction of it ends a temperature
        (once there are `n_codewords`), or the plain iterations.
    max_iter : int
        Stop after this many plain iterations.
    random_state, n_threads
        As in `VectorQuantizer`.
    verbose : bool
        Print the distortion after each temperature and iteration.

    Attributes
    ----------
    codebook_
        As in `VectorQuantizer`.
    temperatures_ : ndarray, shape (n_temperatures,)
        The temperatures, in units of the squared error of a vector.
    sizes_ : ndarray, shape (n_temperatures,)
        Number of different codewords at each of them.
    distortion_history_ : ndarray
        Weighted mean squared error per component, to the nearest codeword, at the start and after
        each temperature and each plain iteration.
    n_iter_ : int
        Number of temperatures and plain iterations.

    References
    ----------
    .. [1] K. Rose, "Deterministic annealing for clustering, compression, classification,
       regression, and related optimization problems", Proc. IEEE 86(11), 1998, section II.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.random.default_rng(1).normal(size=(2000, 2))
    >>> quantizer = DeterministicAnnealing(4, random_state=1).fit(X)
    >>> quantizer.codebook_.shape
    (4, 2)
    """

    n_codewords: int = 256
    _: KW_ONLY
    cooling: float = 0.9
    n_settle: int = 20
    tol: float = 1e-4
    max_iter: int = 50
    random_state: int | np.random.Generator | None = None
    n_threads: int | None = None
    verbose: bool = False

    _fitted: ClassVar[tuple[str, ...]] = (*CodebookVQ._fitted, "temperatures_", "sizes_")

    temperatures_: F64 = field(init=False)
    sizes_: F64 = field(init=False)

    def _fit(self, X: ArrayLike, sample_weight: ArrayLike | None) -> None:
        X, weight = self._checked(X, sample_weight)
        rng = generator(self.random_state, "random_state")
        design = Design(X, weight, self, rng)
        total = mass(X, weight)
        codebook: F64 = np.average(X, axis=0, weights=total)[None].astype(np.float64)
        design.record.start(design.survey(codebook.astype(X.dtype)).distortion)
        covariance = np.atleast_2d(np.cov(X.T, aweights=total, ddof=0))
        temperature = 2.2 * float(np.linalg.eigvalsh(covariance)[-1])  # the first split is at 2.0
        share, spread = np.ones(1), np.ones(1)
        temperatures: list[float] = []
        sizes: list[int] = []
        while temperature > 0:
            n = len(codebook)
            codebook, share = _doubled(codebook, share, spread, self.n_codewords, temperature, rng)
            tol = self.tol if n == self.n_codewords else -np.inf  # copies part slowly at first
            codebook, share, cells = self._settle(X, weight, codebook, share, temperature, tol)
            codebook, share, spread = _merged(codebook, share, cells, temperature)
            temperatures.append(temperature)
            sizes.append(len(codebook))
            design.record.add(design.survey(codebook.astype(X.dtype)).distortion, len(codebook))
            soft = cells.errors.sum() / cells.weights.sum()
            if X.shape[1] * temperature < 0.05 * soft or soft <= 1e-12 * temperatures[0]:
                break  # each vector belongs to one codeword, or equals it
            temperature *= self.cooling
        n = len(codebook)
        final: Floats = codebook[np.arange(self.n_codewords) % n].astype(X.dtype)
        design.measured(final)
        final = design.refill(final, np.arange(n, len(final)))
        self.temperatures_, self.sizes_ = np.array(temperatures), np.array(sizes)
        self._finish(design.refine(final), design)

    def _settle(self, X: Floats, weight: Floats, codebook: F64, share: F64,
                temperature: float, tol: float) -> tuple[F64, F64, SoftCells]:  # fmt: skip
        """Return codewords and their shares after iterations at `temperature`, with their cells."""
        full, before = np.broadcast_to(weight, (len(X), 1)), np.inf
        for _ in range(self.n_settle):
            cells = soft_survey(X, full, codebook, self.n_threads,
                                add_by_distance, share, temperature)  # fmt: skip
            codebook = cells.centroids(codebook)
            share = cells.weights / cells.weights.sum()
            now = cells.errors.sum()
            if before - now <= tol * now:
                break
            before = now
        return codebook, share, cells

    def _check_restored(self) -> None:
        super()._check_restored()
        if np.shape(self.temperatures_) != np.shape(self.sizes_):
            raise FormatError("sizes_: expected one per temperature")


def _doubled(codebook: F64, share: F64, spread: F64, n_codewords: int, temperature: float,
             rng: np.random.Generator) -> tuple[F64, F64]:  # fmt: skip
    """Return codewords and shares with near copies, up to `n_codewords`; the widest cells first.

    spread : (K,), mean squared error in each cell.
    """
    rows = np.argsort(-spread, kind="stable")[: n_codewords - len(codebook)]
    step = rng.standard_normal((len(rows), codebook.shape[1]))
    step *= _APART * np.sqrt(temperature) / np.sqrt((step**2).sum(axis=1, keepdims=True))
    share = share.copy()
    share[rows] /= 2
    return np.r_[codebook, codebook[rows] + step], np.r_[share, share[rows]]


def _merged(codebook: F64, share: F64, cells: SoftCells,
            temperature: float) -> tuple[F64, F64, F64]:  # fmt: skip
    """Return the codewords that differ, with their shares and spreads."""
    kept: list[int] = []
    total, errors = share.copy(), cells.errors.copy()
    for j, codeword in enumerate(codebook):
        distance = ((codebook[kept] - codeword) ** 2).sum(axis=1)
        if kept and distance.min() < (2 * _APART) ** 2 * temperature:
            total[kept[int(distance.argmin())]] += share[j]
            errors[kept[int(distance.argmin())]] += cells.errors[j]
        else:
            kept.append(j)
    mean = errors[kept] / np.maximum(total[kept], 1e-300)
    return codebook[kept], total[kept], mean
