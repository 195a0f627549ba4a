"""Training of a fixed codebook by Lloyd iterations in the domain of the weighted synthesis.

The error of a shape c for a target t behind the response H is |t - g H c|^2, g free. Its centroid
solves (sum g^2 H^T H) c = sum g H^T t [1]_. With two stages, c = c1 + c2, each is solved in turn
against what the other one leaves.

.. [1] G. Davidson and A. Gersho, "Complexity reduction methods for vector excitation coding",
   IEEE Int. Conf. Acoust. Speech Signal Process., 1986.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from .._numba import fast
from .._threads import in_order, slices
from .._types import F32, F64, I64
from ..codec.common import filters, fixed_codebook
from ..codec.encoder import fixed_search
from ..codec.encoder.products import respond
from ..codec.encoder.search_tables import SearchTables
from ..codec.format.modes import SUBFRAME_LEN
from .filtering import convolve, correlate
from .progress import Log

_N_PIECES = 8  # of the targets: sums are added piece by piece, whatever the number of threads
_TRIED = 8  # words tried exactly per target
_FIRST = 8  # survivors of stage 1
_RIDGE = 1e-3  # of the mean trace, added to the matrices of the centroids


class Targets(NamedTuple):
    """What a codebook is trained on."""

    rest: F64  # (n, SUBFRAME_LEN) of unit energy in the mean
    impulse: F64  # (n, SUBFRAME_LEN)


@fast(allocates=True)
def _assign(
    targets: Targets,
    layout: I64,
    book: F64,
    columns: F32,
    shape_acf: F32,
    words: I64,
    gain: F64,
    err: F64,
) -> None:
    """Find the best word of each target, its gain, and the error left of the target's energy.

    A word of the last iteration that is still better than all that are found stays.
    """
    energy = np.empty(book.shape[0], dtype=np.float32)
    tried, found = np.zeros(_TRIED + 1, dtype=np.int64), np.zeros((1, _TRIED), dtype=np.int64)
    target, response = (
        np.empty((1, SUBFRAME_LEN), dtype=np.float32),
        np.empty((2, 2 * SUBFRAME_LEN), np.float32),
    )
    shape, filtered = np.empty(SUBFRAME_LEN), np.empty(SUBFRAME_LEN)
    for t in range(words.shape[0]):
        rest, impulse = targets.rest[t], targets.impulse[t]
        filters.copy(rest, target[0])
        respond(impulse, response)
        fixed_search.energies(response, shape_acf, layout, energy)
        fixed_search.preselect(target, response, layout, columns, energy, _FIRST, found)
        filters.copy(found[0], tried[:_TRIED])
        tried[_TRIED] = words[t]
        best = -1.0
        for k in range(tried.shape[0]):
            word = tried[k]
            if word < 0:
                continue
            fixed_codebook.vector(word, layout, book, shape)
            convolve(shape, impulse, filtered)
            c, e = 0.0, 1e-12
            for n in range(SUBFRAME_LEN):
                c += rest[n] * filtered[n]
                e += filtered[n] * filtered[n]
            if c * c / e > best:
                best = c * c / e
                words[t] = word
                gain[t] = c / e
        err[t] = -best
        for n in range(SUBFRAME_LEN):
            err[t] += rest[n] * rest[n]


@fast(allocates=True)
def _accumulate(
    targets: Targets,
    layout: I64,
    stage: int,
    book: F64,
    words: I64,
    gain: F64,
    matrix: F64,
    vector: F64,
) -> None:
    """Add each target to its cell's matrix (N, n, n), lower triangle, and vector (N, n)."""
    start = layout[2 * stage]
    bits2 = layout[3]
    n_sub = SUBFRAME_LEN
    shape, left, back = np.empty(n_sub), np.empty(n_sub), np.empty(n_sub)
    for t in range(words.shape[0]):
        h, word, g = targets.impulse[t], words[t], gain[t]
        if bits2 == 0:
            row, sign = word >> 1, 1.0 - 2.0 * (word & 1)
        elif stage == 0:
            row, sign = word >> bits2 + 2, 1.0 - 2.0 * (word >> 1 & 1)
        else:
            row, sign = word >> 2 & (1 << bits2) - 1, 1.0 - 2.0 * (word & 1)
        fixed_codebook.vector(word, layout, book, shape)
        for n in range(n_sub):  # what the other stage contributes
            shape[n] -= sign * book[start + row, n]
        convolve(shape, h, left)
        for n in range(n_sub):
            left[n] = targets.rest[t, n] - g * left[n]
        correlate(left, h, back)
        for n in range(n_sub):
            vector[row, n] += g * sign * back[n]
        for d in range(n_sub):  # H^T H along its diagonals, from the end
            acc = 0.0
            for j in range(n_sub - 1 - d, -1, -1):
                acc += h[n_sub - 1 - j] * h[n_sub - 1 - j - d]
                matrix[row, j + d, j] += g * g * acc


class _Design:
    """The state of a design: one book with its stages, and the words of the targets."""

    def __init__(self, targets: Targets, stages: Sequence[F64]) -> None:
        self.targets = targets
        self.sizes = [len(stage) for stage in stages]
        self.book = np.concatenate(stages)
        n = len(targets.rest)
        self.words = np.full(n, -1, dtype=np.int64)
        self.gain, self.err = np.zeros(n), np.ones(n)
        starts = [0, self.sizes[0]]
        row = [x for s, n in zip(starts, self.sizes, strict=False) for x in (s, n.bit_length() - 1)]
        self.layout = np.array([*row, 0, 0][:4], dtype=np.int64)
        self.pieces = slices(n, _N_PIECES)

    def assign(self) -> float:
        """Find the words of all targets; return the mean error."""
        derived = SearchTables.code_vectors(self.book)

        def one(rows: slice) -> None:
            part = Targets(self.targets.rest[rows], self.targets.impulse[rows])
            _assign(
                part,
                self.layout,
                self.book,
                *derived,
                self.words[rows],
                self.gain[rows],
                self.err[rows],
            )

        list(in_order(one, self.pieces))
        return float(self.err.mean())

    def rows(self, stage: int) -> I64:
        """Return the codeword of `stage` of each target."""
        if len(self.sizes) == 1:
            return self.words >> 1
        bits2 = int(self.layout[3])
        return self.words >> bits2 + 2 if stage == 0 else self.words >> 2 & (1 << bits2) - 1

    def solve(self, stage: int) -> None:
        """Replace the stage's codewords by their cells' centroids."""
        n_codewords = self.sizes[stage]

        def one(rows: slice) -> tuple[F64, F64]:
            matrix = np.zeros((n_codewords, SUBFRAME_LEN, SUBFRAME_LEN))
            vector = np.zeros((n_codewords, SUBFRAME_LEN))
            part = Targets(self.targets.rest[rows], self.targets.impulse[rows])
            _accumulate(
                part,
                self.layout,
                stage,
                self.book,
                self.words[rows],
                self.gain[rows],
                matrix,
                vector,
            )
            return matrix, vector

        matrix = np.zeros((n_codewords, SUBFRAME_LEN, SUBFRAME_LEN))
        vector = np.zeros((n_codewords, SUBFRAME_LEN))
        for m, v in in_order(one, self.pieces):
            matrix += m
            vector += v
        start = self.layout[2 * stage]
        old = self.book[start : start + n_codewords]
        trace = np.trace(matrix, axis1=1, axis2=2) / SUBFRAME_LEN
        # pulled towards the old codeword, not to zero: then no iteration can raise the error
        ridge = _RIDGE * trace.mean() + 1e-12
        lower = np.tril(matrix, -1)
        full = matrix + lower.transpose(0, 2, 1) + ridge * np.eye(SUBFRAME_LEN)
        self.book[start : start + n_codewords] = np.linalg.solve(
            full, (vector + ridge * old)[..., None]
        )[..., 0]

    def refill(self, rng: np.random.Generator) -> int:
        """Put twins of the fullest cells, a little apart, where no target is; return how many."""
        n_empty = 0
        for stage, n_codewords in enumerate(self.sizes):
            start = self.layout[2 * stage]
            count = np.bincount(self.rows(stage), minlength=n_codewords)
            for empty in np.flatnonzero(count == 0):
                fullest = int(np.argmax(count))
                twin = self.book[start + fullest]
                self.book[start + empty] = twin + 0.1 * np.std(twin) * rng.normal(size=SUBFRAME_LEN)
                count[empty] = count[fullest] = count[fullest] // 2
                n_empty += 1
        return n_empty

    def normalize(self) -> None:
        """Give stage 1 unit mean energy; gains make up for it."""
        self.book /= np.sqrt((self.book[: self.sizes[0]] ** 2).sum(axis=1).mean())

    def stages(self) -> list[F64]:
        """Return copies of the books of the stages."""
        return [part.copy() for part in np.split(self.book, np.cumsum(self.sizes)[:-1])]


def design(
    targets: Targets, stages: Sequence[F64], iterations: int, seed: int, log: Log
) -> tuple[list[F64], list[float]]:
    """Return the trained stages of a book, and the error before each iteration and at the end.

    Parameters
    ----------
    targets : Targets
        What to train on.
    stages : sequence of ndarray, shape (n, SUBFRAME_LEN)
        Where to start from; n powers of two.
    iterations, seed : int
        How often to re-estimate; of the twins of full cells.
    log : callable
        Takes a line of text per iteration.
    """
    rng = np.random.default_rng(seed)
    state = _Design(targets, stages)
    history = [state.assign()]
    for i in range(iterations):
        for stage in range(len(stages)):
            state.solve(stage)
        n_empty = state.refill(rng)
        state.normalize()
        history.append(state.assign())
        log(f"  iteration {i + 1}/{iterations}: error {history[-1]:.5f}, {n_empty} cells refilled")
    return state.stages(), history


def first_stage(targets: Targets, n_codewords: int, seed: int) -> F64:
    """Return shapes to start from: targets drawn at random, seen through their inverse filters."""
    return _deconvolved(targets, targets.rest, n_codewords, seed)


def second_stage(targets: Targets, first: F64, n_codewords: int, seed: int) -> F64:
    """Return shapes to start stage 2 from: what stage 1 leaves of targets drawn at random."""
    state = _Design(targets, [first])
    state.assign()
    signs = 1.0 - 2.0 * (state.words & 1)
    scale = (state.gain * signs)[:, None]
    left = np.empty_like(targets.rest)
    for t in range(len(left)):
        row = first[state.words[t] >> 1]
        left[t] = targets.rest[t] - scale[t] * np.convolve(row, targets.impulse[t])[:SUBFRAME_LEN]
    return _deconvolved(targets, left, n_codewords, seed + 1) * 0.6


def _deconvolved(targets: Targets, left: F64, n_codewords: int, seed: int) -> F64:
    """Return n_codewords of left, inverse filtered with some regularization, of unit energy."""
    from scipy.linalg import toeplitz

    rng = np.random.default_rng(seed)
    drawn = rng.choice(len(left), n_codewords, replace=len(left) < n_codewords)
    shapes = np.empty((n_codewords, SUBFRAME_LEN))
    for k, t in enumerate(drawn):
        h = toeplitz(targets.impulse[t], np.zeros(SUBFRAME_LEN))
        normal = h.T @ h
        normal += 0.1 * np.trace(normal) / SUBFRAME_LEN * np.eye(SUBFRAME_LEN)
        shapes[k] = np.linalg.solve(normal, h.T @ left[t])
    return shapes / (np.linalg.norm(shapes, axis=1, keepdims=True) + 1e-12)
