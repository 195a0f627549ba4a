"""Iterative design: the one loop of all methods, and Lloyd's iterations of a codebook."""

from collections.abc import Callable
from concurrent.futures import Executor
from typing import NamedTuple, Protocol, TypeVar

import numpy as np

from .._types import I64, Floats
from ._rows import Rows
from .cells import Cells, survey

_STEP = 0.05  # between a split codeword and its copy, in standard deviations of the cell

S = TypeVar("S")


def descend(state: S, step: Callable[[S], S], cost: Callable[[S], float], *,
            max_iter: int, tol: float = 0.0, patience: int = 1,
            report: Callable[[S, float], None] | None = None,
            unfinished: Callable[[S], bool] | None = None) -> tuple[S, float]:  # fmt: skip
    """Repeat a step of a design while it pays, and return the best state and its cost.

    Parameters
    ----------
    state : S
        The start, of any type; no state is changed in place.
    step, cost : callable
        ``step(state)`` returns the next state, ``cost(state)`` the number to minimize.
    max_iter : int
        Greatest number of steps.
    tol : float
        A step pays if it lowers the least cost so far by more than this fraction of its own cost.
    patience : int
        Stop after so many steps in a row that do not pay. With 1, a step that raises the cost ends
        the design and is dropped; with more, the design goes on from it.
    report : callable, optional
        Called after each step that is not dropped, with its state and the least cost so far.
    unfinished : callable, optional
        Whether a step counts as one that pays, whatever its cost.
    """
    best, least, since = state, cost(state), 0
    for _ in range(max_iter):
        state = step(state)
        now = cost(state)
        gain = least - now
        if gain < 0 and patience == 1:  # by rounding, or as the search is not exhaustive
            break
        if gain >= 0:
            best, least = state, now
        if report is not None:
            report(state, least)
        pays = gain > tol * now or (unfinished is not None and unfinished(state))
        since = 0 if pays else since + 1
        if since == patience:
            break
    return best, least


def refill(codebook: Floats, rows: I64, worth: Floats, step: Callable[[I64], Floats]) -> Floats:
    """Move the codewords `rows`, in place, next to those of the cells of greatest `worth` (K,).

    Each of these cells is split at most once. ``step(cells)`` returns the ways (m, k) from their
    codewords to the new ones. As nothing else moves, a split cannot raise the distortion.
    """
    split = np.argsort(-worth, kind="stable")[: len(rows)]
    rows = rows[: len(split)]
    codebook[rows] = codebook[split] + step(split)
    return codebook


class Record:
    """The distortions of a design, printed as they come if `name` is given."""

    def __init__(self, name: str | None = None) -> None:
        self.name, self.history, self.n_iter = name, list[float](), 0

    def start(self, distortion: float) -> None:
        """Add the distortion of a start, which is no iteration."""
        self.history.append(distortion)

    def add(self, distortion: float, n_codewords: int | None = None) -> None:
        """Add the distortion after an iteration."""
        self.history.append(distortion)
        self.n_iter += 1
        if self.name is not None:
            size = "" if n_codewords is None else f"{n_codewords} codewords, "
            print(f"{self.name}: {size}iteration {self.n_iter}: {distortion:.6g}")


def record_of(quantizer: "Params") -> Record:
    """Return an empty record, which prints if the quantizer is verbose."""
    return Record(type(quantizer).__name__ if quantizer.verbose else None)


class Params(Protocol):
    """The parameters of a quantizer that its iterations depend on."""

    tol: float
    max_iter: int
    n_threads: int | None
    verbose: bool


class State(NamedTuple):
    """A codebook and the sums over its cells."""

    codebook: Floats
    cells: Cells


class Design:
    """Lloyd iterations of one `fit`: centroids, the filling of empty cells, and the record."""

    def __init__(self, X: Rows, weight: Rows, params: Params,
                 rng: np.random.Generator, *, empty: str = "split",
                 executor: Executor | None = None,
                 transform: Floats | None = None) -> None:  # fmt: skip
        self.X, self.weight, self.params, self.rng, self.empty = X, weight, params, rng, empty
        self.executor, self.transform = executor, transform
        self.record = record_of(params)
        self.cells: Cells  # of the codebook surveyed last

    def survey(self, codebook: Floats) -> Cells:
        """Return the sums over the cells of codebook (K, k) from a pass over the vectors."""
        return survey(self.X, self.weight, codebook, self.params.n_threads,
                      executor=self.executor, transform=self.transform)  # fmt: skip

    def measured(self, codebook: Floats) -> State:
        """Return codebook (K, k) with its cells."""
        self.cells = self.survey(codebook)
        return State(codebook, self.cells)

    def refine(self, codebook: Floats) -> Floats:
        """Return codebook (K, k) after Lloyd iterations."""
        start = self.measured(codebook)
        self.record.start(start.cells.distortion)
        state, _ = descend(
            start, self._step, lambda state: state.cells.distortion,
            max_iter=self.params.max_iter, tol=self.params.tol, unfinished=self._can_refill,
            report=lambda state, least: self.record.add(least, len(state.codebook)),
        )  # fmt: skip
        self.cells = state.cells
        return state.codebook

    def _step(self, state: State) -> State:
        self.cells = state.cells
        return self.measured(self.moved(state.codebook))

    def moved(self, codebook: Floats) -> Floats:
        """Return the centroids of the cells of codebook (K, k), the empty ones dealt with."""
        moved = self.cells.centroids(codebook)
        if self.empty == "merge":
            return moved[~self.cells.empty]
        return self.refill(moved, np.flatnonzero(self.cells.empty))

    def refill(self, codebook: Floats, rows: I64) -> Floats:
        """Move the codewords `rows` next to those of the cells with the greatest distortion."""
        return refill(codebook, rows, self.cells.errors.sum(axis=1), self.step)

    def step(self, rows: I64) -> Floats:
        """Return small random vectors (len(rows), k), in proportion to the spread of the cells."""
        spread = self.cells.spread(rows)
        step: Floats = _STEP * spread * self.rng.choice([-1.0, 1.0], spread.shape)
        return step

    def _can_refill(self, state: State) -> bool:
        return bool(self.empty == "split" and state.cells.empty.any() and state.cells.errors.any())
