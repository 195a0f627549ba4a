"""Design of the joint gain books in the loop of the gain predictor."""

from functools import partial
from typing import NamedTuple

import numpy as np

from .._numba import fast
from .._types import F64, I64
from ..codec.common import gains
from ..codec.common.gains import N_TAPS
from ..codec.encoder import gain_search
from ..codec.encoder.presets import MAX_PITCH_GAIN
from ..vq import LBG
from ..vq.cells import solved
from ..vq.lloyd import descend
from .gain_predictor import best_gains, corrections_db, gains_db
from .loudness import error_weights
from .progress import Log
from .subframes import Subframes

DB_PER_UNIT = 12.0  # so many dB of correction count as much as 1 of pitch gain in the clusters
_N_STEPS = 19
_RIDGE = 1e-6  # of a cell's mean diagonal; it pulls centroids to the old entries
_LEAST_DB = -12.5
_LINEAR_RANGE = (1e-2, 1e2)  # of correction factors


class State(NamedTuple):
    """A book, and the gains as the encoder quantizes them with it."""

    book: F64  # (n, 2) pitch gain, correction factor [dB]
    indices: I64  # (m,)
    scale: F64  # (m,) codebook gain for a correction of 0 dB
    error: float  # mean weighted squared error


def train(
    subframes: Subframes, predictor: F64, bits: int, seed: int, log: Log
) -> tuple[F64, float]:
    """Return a book (2^bits, 2), pitch gain and correction factor [dB], and its relative error."""
    weight = error_weights(subframes.moments[:, 0])
    measure = partial(in_the_loop, subframes, predictor, weight)

    def step(now: State) -> State:
        book = centroids(now.book, subframes.moments, weight, now.indices, now.scale)
        return measure(_with_silence(book))

    start = measure(_with_silence(clusters(subframes, predictor, bits, seed)))
    best, error = descend(  # a step also changes the predicted gains, so it may raise the error
        start, step, lambda state: state.error, max_iter=_N_STEPS, patience=_N_STEPS + 1
    )
    log(f"  gains, {bits} bits: relative error {error:.5f}")
    return best.book[np.lexsort(best.book.T)], error


def in_the_loop(subframes: Subframes, predictor: F64, weight: F64, book: F64) -> State:
    """Quantize the gains of all subframes with `book`; weight (m,) applies to their errors."""
    n = len(weight)
    indices, scale = np.zeros(n, dtype=np.int64), np.zeros(n)
    linear = gain_search.linear_corrections(book)
    error = _quantize(
        subframes.moments, weight, subframes.starts, predictor, book, linear, indices, scale
    )
    return State(book, indices, scale, error)


@fast(allocates=True)
def _quantize(
    moments: F64, weight: F64, starts: I64, predictor: F64, book: F64, linear: F64,
    indices: I64, scale: F64,
) -> float:  # fmt: skip
    """Quantize all gains into indices and scale (m,); return the mean weighted error."""
    memory, products = np.zeros(N_TAPS), np.empty(5)
    total = 0.0
    for clip in range(starts.shape[0] - 1):
        memory[:] = 0.0
        for t in range(starts[clip], starts[clip + 1]):
            products[:] = moments[t, 1:6]
            predicted = gains.decibel_to_linear(gains.predicted_db(predictor, memory))
            scale[t] = predicted / moments[t, 6]
            indices[t], err = gain_search.search(products, scale[t], book, linear)
            total += weight[t] * (err + moments[t, 0])
            for i in range(N_TAPS - 1, 0, -1):
                memory[i] = memory[i - 1]
            memory[0] = book[indices[t], 1]
    return total / indices.shape[0]


def clusters(subframes: Subframes, predictor: F64, bits: int, seed: int) -> F64:
    """Return a book of clusters of the unquantized gains, to start from."""
    pitch_gain, codebook_gain = best_gains(subframes.moments)
    corrections = corrections_db(gains_db(subframes.moments, codebook_gain), predictor)
    pairs = np.column_stack([pitch_gain, np.clip(corrections, -40, 40) / DB_PER_UNIT])
    lbg = LBG(1 << bits, init="kmeans++", random_state=seed).fit(pairs)
    return np.asarray(lbg.codebook_ * [1.0, DB_PER_UNIT], dtype=np.float64)


def _with_silence(book: F64) -> F64:
    """Lower the least correction to `_LEAST_DB` in place: errors in silence weigh too little."""
    quietest = book[:, 1].argmin()
    book[quietest, 1] = min(book[quietest, 1], _LEAST_DB)
    return book


def centroids(book: F64, moments: F64, weight: F64, indices: I64, scale: F64) -> F64:
    """Return the entries of least weighted error of each cell; an empty cell keeps its entry."""
    _, xy, xz, yy, zz, yz = moments[:, :6].T
    terms = (yy, scale * yz, scale**2 * zz, xy, scale * xz)
    a, b, c, p, q = (np.bincount(indices, weight * x, minlength=len(book)) for x in terms)
    matrices = np.array([[a, b], [b, c]]).transpose(2, 0, 1)
    ridge = _RIDGE * (a + c) / 2 + 1e-30
    old = np.column_stack([book[:, 0], gain_search.linear_corrections(book)])
    pitch_gain, _ = solved(matrices, np.column_stack([p, q]), old, ridge).T
    pitch_gain = np.clip(pitch_gain, 0.0, MAX_PITCH_GAIN)
    linear = (q - pitch_gain * b + ridge * old[:, 1]) / (c + ridge)  # the best for this pitch gain
    return np.column_stack([pitch_gain, 20 * np.log10(np.clip(linear, *_LINEAR_RANGE))])
