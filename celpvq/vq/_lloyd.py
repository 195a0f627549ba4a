"""Lloyd iterations, which most designs consist of or end with."""

from concurrent.futures import Executor
from typing import Protocol

import numpy as np

from ._cells import Cells, survey
from ._rows import Rows
from ._types import Floats, Indices

_STEP = 0.05  # between a split codeword and its copy, in standard deviations of the cell


class Params(Protocol):
    """The parameters of a quantizer that its iterations depend on."""

    tol: float
    max_iter: int
    n_threads: int | None
    verbose: bool


class Design:
    """The run of one `fit`: Lloyd iterations, the filling of empty cells, and their record."""

    def __init__(self, X: Rows, weight: Rows, params: Params,
                 rng: np.random.Generator, *, empty: str = "split",
                 executor: Executor | None = None,
                 transform: Floats | None = None) -> None:  # fmt: skip
        self.X, self.weight, self.params, self.rng, self.empty = X, weight, params, rng, empty
        self.executor, self.transform = executor, transform
        self.history: list[float] = []
        self.n_iter = 0
        self.cells: Cells  # of the codebook surveyed last

    def survey(self, codebook: Floats) -> Cells:
        """Return what a pass over the vectors tells of the cells of codebook (K, k)."""
        return survey(self.X, self.weight, codebook, self.params.n_threads,
                      executor=self.executor, transform=self.transform)  # fmt: skip

    def refine(self, codebook: Floats) -> Floats:
        """Return codebook (K, k) after Lloyd iterations."""
        self.cells = self.survey(codebook)
        self.history.append(self.cells.distortion)
        for _ in range(self.params.max_iter):
            moved = self.moved(codebook)
            cells = self.survey(moved)
            before, now = self.history[-1], cells.distortion
            if now > before:  # by rounding only
                break
            codebook, self.cells = moved, cells
            self.record(now, len(codebook))
            if before - now <= self.params.tol * now and not self._can_refill():
                break
        return codebook

    def record(self, distortion: float, n_codewords: int) -> None:
        """Add an iteration to the history, and print it if that is wanted."""
        self.history.append(distortion)
        self.n_iter += 1
        if self.params.verbose:
            name = type(self.params).__name__
            print(f"{name}: {n_codewords} codewords, iteration {self.n_iter}: {distortion:.6g}")

    def moved(self, codebook: Floats) -> Floats:
        """Return the centroids of the cells of codebook (K, k), the empty ones dealt with."""
        moved = self.cells.centroids(codebook)
        if self.empty == "merge":
            return moved[~self.cells.empty]
        return self.refill(moved, np.flatnonzero(self.cells.empty))

    def refill(self, codebook: Floats, rows: Indices) -> Floats:
        """Move the codewords `rows` next to those of the worst cells, each of which stays its own.

        As nothing else changes, a split cannot raise the distortion.
        """
        worst = np.argsort(-self.cells.errors.sum(axis=1), kind="stable")[: len(rows)]
        rows = rows[: len(worst)]
        codebook[rows] = codebook[worst] + self.step(worst)
        return codebook

    def step(self, rows: Indices) -> Floats:
        """Return small random vectors (len(rows), k), in proportion to the spread of the cells."""
        spread = self.cells.spread(rows)
        step: Floats = _STEP * spread * self.rng.choice([-1.0, 1.0], spread.shape)
        return step

    def _can_refill(self) -> bool:
        return bool(self.empty == "split" and self.cells.empty.any() and self.cells.errors.any())
