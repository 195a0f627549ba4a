"""Kohonen's self-organizing map: codewords on a lattice, where neighbours are similar."""

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from .._random import generator
from .._types import F64, Floats
from ..errors import ArgumentError
from . import _check, _params
from . import init as starts
from .cells import Cells, mass
from .codebook import CodebookVQ
from .lloyd import Design


@dataclass(eq=False, repr=False)
class SelfOrganizingMap(CodebookVQ):
    """A vector quantizer whose codewords are similar if they are neighbours on a lattice.

    In each iteration every codeword becomes a weighted mean of all vectors. A vector counts the
    more, the closer its nearest codeword lies on the lattice, within a radius that shrinks. An
    index received with a small error then still means a similar vector.

    Parameters
    ----------
    n_codewords
        As in `VectorQuantizer`.
    lattice : sequence of int, optional
        Rows and columns of a lattice in a plane, numbered row by row; a line if not given.
    radius : float, optional
        Standard deviation of nearness at the start, in steps of the lattice; half its longer side
        if not given.
    final_radius : float
        The same at the end. A smaller one lowers the distortion, but also loses order.
    init : {"plane", "random", "kmeans++", "maximin"} or array_like, shape (n_codewords, k)
        The start: the lattice spread over the principal components of the training vectors; some
        of these vectors, see `VectorQuantizer`; or a codebook.
    distortion
        As in `VectorQuantizer`.
    max_iter : int
        Number of iterations.
    random_state, n_threads, verbose
        As in `VectorQuantizer`.

    Attributes
    ----------
    codebook_
        As in `VectorQuantizer`.
    distortion_history_ : ndarray, shape (n_iter_ + 1,)
        Weighted mean squared error per component at the start and after each iteration.
    n_iter_
        As in `VectorQuantizer`.

    References
    ----------
    .. [1] T. Kohonen, "Self-Organizing Maps", 3rd ed., Springer, 2001, section 3.6.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.random.default_rng(1).normal(size=(2000, 2))
    >>> SelfOrganizingMap(24, lattice=(4, 6)).fit(X).codebook_.shape
    (24, 2)
    """

    n_codewords: int = 256
    _: KW_ONLY
    lattice: Sequence[int] | None = None
    radius: float | None = None
    final_radius: float = 0.4
    init: str | ArrayLike = "plane"
    distortion: Literal["squared", "weighted"] = "squared"
    max_iter: int = 50
    random_state: int | np.random.Generator | None = None
    n_threads: int | None = None
    verbose: bool = False

    _checks = MappingProxyType({"init": _params.start("plane", *starts.NAMES)})

    tol = 0.0  # the schedule of the radius ends the design

    def _fit(self, X: ArrayLike, sample_weight: ArrayLike | None) -> None:
        X, weight = self._checked(X, sample_weight)
        places = self._places()
        radius = max(max(np.ptp(places, axis=0)) / 2, self.final_radius)
        if self.radius is not None:
            _check.number(self.radius, "radius", least=self.final_radius)
            radius = self.radius
        distance = ((places[:, None] - places) ** 2).sum(axis=2)
        rng = generator(self.random_state, "random_state")
        design = Design(X, weight, self, rng)
        codebook = self._start(X, weight, places, rng)
        cells = design.survey(codebook)
        design.record.start(cells.distortion)
        for sigma in np.geomspace(radius, self.final_radius, self.max_iter):
            near = np.exp(-distance / (2 * sigma**2))
            shared = Cells(near @ cells.weights, near @ cells.sums, cells.errors)
            codebook = shared.centroids(codebook)
            cells = design.survey(codebook)
            design.record.add(cells.distortion, len(codebook))
        self._finish(codebook, design)

    def _places(self) -> F64:
        """Return the places (n_codewords, 1 or 2) of the codewords on the lattice."""
        if self.lattice is None:
            return np.arange(self.n_codewords, dtype=np.float64)[:, None]
        shape = _check.counts(self.lattice, "lattice", least=1)
        if len(shape) > 2 or np.prod(shape) != self.n_codewords:
            raise ArgumentError(
                f"lattice: expected rows times columns to be {self.n_codewords}, got {shape}"
            )
        return np.argwhere(np.ones(shape)).astype(np.float64)

    def _start(self, X: Floats, weight: Floats, places: F64,
               rng: np.random.Generator) -> Floats:  # fmt: skip
        if not isinstance(self.init, str) or self.init != "plane":
            return starts.start(self.init, X, mass(X, weight), self.n_codewords, rng)
        mean = np.average(X, axis=0, weights=mass(X, weight))
        covariance = np.atleast_2d(np.cov(X.T, aweights=mass(X, weight), ddof=0))
        variances, axes = np.linalg.eigh(covariance)
        side = np.ptp(places, axis=0)
        spread = 2 * (places - side / 2) / np.where(side > 0, side, 1)  # from -1 to 1
        order = np.argsort(-side, kind="stable")[: X.shape[1]]  # the longer side, the wider axis
        along = (axes * np.sqrt(np.maximum(variances, 0)))[:, ::-1][:, : len(order)]
        # the sign of an axis is arbitrary: the greatest entry is positive
        along = along * np.sign(along[np.abs(along).argmax(axis=0), np.arange(along.shape[1])])
        return np.ascontiguousarray(mean + spread[:, order] @ along.T, X.dtype)
