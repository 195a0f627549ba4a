"""Design of a fixed codebook by Lloyd iterations in the domain of the weighted speech."""

from collections.abc import Sequence

import numpy as np

from .._threads import in_order, slices
from .._types import F64, I64
from ..codec.encoder.search_tables import CodeVectors
from ..codec.format.modes import SUBFRAME_LEN
from ..vq.cells import solved
from ..vq.lloyd import descend, refill
from .code_vector_cells import State, accumulate, search
from .progress import Log
from .targets import Targets

_N_PIECES = 8  # of the targets; a fixed number, so that threads do not change the rounding of sums
_RIDGE = 1e-3  # of the mean trace; it pulls centroids to the old code vectors
_SPLIT_STEP = 0.1  # from a split code vector to its copy, in standard deviations of its samples


class Design:
    """The design of a book with stages of `sizes` code vectors, which are powers of two."""

    def __init__(self, targets: Targets, sizes: Sequence[int], seed: int) -> None:
        self.targets, self.sizes = targets, sizes
        self.rng = np.random.default_rng(seed)
        self.pieces = [(s.start, s.stop) for s in slices(len(targets.target), _N_PIECES)]
        rows = [x for i, n in enumerate(sizes) for x in (sum(sizes[:i]), n.bit_length() - 1)]
        self.layout = np.array([*rows, 0, 0][:4], dtype=np.int64)

    def start(self, stages: Sequence[F64]) -> State:
        """Return the state after the first search of a book."""
        return self._searched(np.concatenate(stages), np.full(len(self.targets.target), -1))

    def step(self, state: State) -> State:
        """Return the state after one iteration: centroids of each stage, then a new search."""
        for stage in range(len(self.sizes)):
            state = state._replace(book=self.solved(state, stage))
        # the gains make up for any scale of the book
        scale = np.sqrt((state.book[: self.sizes[0]] ** 2).sum(axis=1).mean())
        return self._searched(state.book / scale, state.indices)

    def solved(self, state: State, stage: int) -> F64:
        """Return the book with the centroids of a stage's cells as its code vectors.

        A code vector whose cell is empty moves next to one whose cell has a great error.
        """
        m, k, n = len(self.pieces), self.sizes[stage], SUBFRAME_LEN
        sums = np.zeros((m, k, n, n)), np.zeros((m, k, n)), np.zeros((m, k))

        def work(i: int) -> None:
            piece = [a[i] for a in sums]
            accumulate(self.targets, self.pieces[i], self.layout, state, stage, *piece)

        list(in_order(work, range(m)))
        matrix, vector, errors = (a.sum(axis=0) for a in sums)
        matrix += np.tril(matrix, -1).transpose(0, 2, 1)
        trace = np.trace(matrix, axis1=1, axis2=2) / n
        rows = slice(self.layout[2 * stage], self.layout[2 * stage] + k)
        moved = solved(matrix, vector, state.book[rows], _RIDGE * trace.mean() + 1e-12)

        def split(cells: I64) -> F64:
            spread = moved[cells].std(axis=1, keepdims=True)
            return _SPLIT_STEP * spread * self.rng.normal(size=(len(cells), n))

        book = state.book.copy()
        book[rows] = refill(moved, np.flatnonzero(trace == 0), errors, split)
        return book

    def _searched(self, book: F64, indices: I64) -> State:
        """Return the state of a book after a search for all targets."""
        state = State(book, indices.copy(), *np.zeros((2, len(indices))))
        vectors = CodeVectors.derive(book, self.layout[None])

        def work(piece: tuple[int, int]) -> None:
            search(self.targets, piece, self.layout, vectors, state)

        list(in_order(work, self.pieces))
        return state


def design(
    targets: Targets, stages: Sequence[F64], n_iterations: int, seed: int, log: Log
) -> tuple[list[F64], list[float]]:
    """Return the trained stages of a book, and the error before and after each iteration.

    stages : the book to start from, each (n, SUBFRAME_LEN) with n a power of two.
    """
    lloyd = Design(targets, [len(stage) for stage in stages], seed)
    start, history = lloyd.start(stages), list[float]()

    def error(state: State) -> float:
        history.append(float(state.errors.mean()))
        log(f"  {lloyd.sizes} code vectors, iteration {len(history) - 1}: error {history[-1]:.5f}")
        return history[-1]

    best, _ = descend(start, lloyd.step, error, max_iter=n_iterations, patience=n_iterations + 1)
    return np.split(best.book, np.cumsum(lloyd.sizes)[:-1]), history
