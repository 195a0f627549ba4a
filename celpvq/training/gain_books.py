"""Training of the gains: the level's predictor, then the joint books in its loop."""

import numpy as np

from .._numba import fast
from .._types import F64, I64
from ..codec.common import gains
from ..codec.common.gains import N_TAPS
from ..codec.encoder import gain_search
from ..codec.encoder.presets import MAX_PITCH_GAIN
from ..vq import LBG
from .harvest import Harvest
from .loudness import error_weights
from .progress import Log

_RANGE_DB = 40.0  # levels further below the mean count as this
_ITERATIONS = 20
_QUIETEST_DB = -12.5
DB_PER_UNIT = 12.0  # of the correction against the pitch gain, in the first clustering


def _optimum(moments: F64) -> tuple[F64, F64]:
    """Return the unquantized pitch gain and codebook gain of each subframe that err least."""
    _, xy, xz, yy, zz, yz = moments[:, :6].T
    det = np.maximum(yy * zz - yz**2, 1e-3 * yy * zz + 1e-20)
    gp = np.clip((xy * zz - xz * yz) / det, 0.0, MAX_PITCH_GAIN)
    return gp, np.maximum((xz - gp * yz) / (zz + 1e-20), 0.0)


def _levels_db(moments: F64, gc: F64) -> F64:
    """Return the level of the fixed codebook's part, at most _RANGE_DB below the mean."""
    level = 20 * np.log10(gc * moments[:, 6] + 1e-9)
    loud = level > level.max() - 70.0
    return np.asarray(np.maximum(level, level[loud].mean() - _RANGE_DB))


def train_predictor(harvest: Harvest) -> tuple[F64, float]:
    """Return mean level [dB] and moving-average taps of least error, and that error [dB rms]."""
    from scipy.optimize import minimize
    from scipy.signal import lfilter

    level = _levels_db(harvest.moments, _optimum(harvest.moments)[1])
    mean = level.mean()

    def spread(taps: F64) -> float:
        correction = lfilter([1.0], np.r_[1.0, taps], level - mean)
        value = float(np.mean(np.clip(correction, -60, 60) ** 2))
        return value if np.isfinite(value) else 1e9

    best = minimize(
        spread, np.array([0.6, 0.4, 0.25, 0.1]), method="Nelder-Mead", options={"maxiter": 300}
    )
    return np.r_[mean, best.x], float(np.sqrt(best.fun))


@fast(allocates=True)
def _code(
    moments: F64, weight: F64, starts: I64, predictor: F64, book: F64, linear: F64,
    words: I64, scale: F64,
) -> float:  # fmt: skip
    """Code all gains in the predictor's loop into words, with scales; return the weighted error."""
    memory, five = np.zeros(N_TAPS), np.empty(5)
    total = 0.0
    for clip in range(starts.shape[0] - 1):
        memory[:] = 0.0
        for t in range(starts[clip], starts[clip + 1]):
            five[:] = moments[t, 1:6]
            level = gains.decibel_to_linear(gains.predicted_db(predictor, memory))
            scale[t] = level / moments[t, 6]
            words[t], err = gain_search.search(five, scale[t], book, linear)
            total += weight[t] * (err + moments[t, 0])
            for i in range(N_TAPS - 1, 0, -1):
                memory[i] = memory[i - 1]
            memory[0] = book[words[t], 1]
    return total / words.shape[0]


def train_book(
    harvest: Harvest, predictor: F64, bits: int, seed: int, log: Log
) -> tuple[F64, float]:
    """Return a joint book (2^bits, 2) of pitch gain and correction [dB], and its relative error."""
    moments = harvest.moments
    weight = error_weights(moments[:, 0])
    book = _down_to_silence(_first_book(harvest, predictor, bits, seed))
    words, scale = np.zeros(len(moments), dtype=np.int64), np.zeros(len(moments))
    best, best_err = book, np.inf
    for _ in range(_ITERATIONS):
        err = _code(
            moments,
            weight,
            harvest.starts,
            predictor,
            book,
            gain_search.linear_corrections(book),
            words,
            scale,
        )
        if err < best_err:
            best, best_err = book, err
        book = _down_to_silence(_centroids(book, moments, weight, words, scale))
    log(f"  gains, {bits} bits: relative error {best_err:.5f}")
    return best[np.lexsort(best.T)], best_err


def _first_book(harvest: Harvest, predictor: F64, bits: int, seed: int) -> F64:
    """Return the clusters of unquantized gains, the corrections in an open loop."""
    from scipy.signal import lfilter

    gp, gc = _optimum(harvest.moments)
    level = _levels_db(harvest.moments, gc)
    correction = lfilter([1.0], np.r_[1.0, predictor[1:]], level - predictor[0])
    pairs = np.column_stack([gp, np.clip(correction, -40, 40) / DB_PER_UNIT])
    vq = LBG(1 << bits, init="kmeans++", random_state=seed).fit(pairs)
    return np.asarray(vq.codebook_ * [1.0, DB_PER_UNIT], dtype=np.float64)


def _down_to_silence(book: F64) -> F64:
    """Lower the least correction to `_QUIETEST_DB`, which too few errors in silence would do."""
    quietest = book[:, 1].argmin()
    book[quietest, 1] = min(book[quietest, 1], _QUIETEST_DB)
    return book


def _centroids(book: F64, moments: F64, weight: F64, words: I64, scale: F64) -> F64:
    """Return the entries of least quadratic error of each cell; an empty cell keeps its entry."""
    n = len(book)
    _, xy, xz, yy, zz, yz = moments[:, :6].T

    def cell_sum(x: F64) -> F64:
        return np.asarray(np.bincount(words, weight * x, minlength=n), dtype=np.float64)

    a, b, c = cell_sum(yy), cell_sum(scale * yz), cell_sum(scale**2 * zz)
    p, q = cell_sum(xy), cell_sum(scale * xz)
    det = a * c - b * b
    ok = (np.bincount(words, minlength=n) > 0) & (det > 1e-6 * a * c) & (c > 0)
    safe = np.where(ok, det, 1.0)
    gp = np.clip((p * c - q * b) / safe, 0.0, MAX_PITCH_GAIN)
    linear = np.clip((q - gp * b) / np.where(ok, c, 1.0), 1e-2, 1e2)
    new = np.column_stack([gp, 20 * np.log10(linear)])
    return np.where(ok[:, None], new, book)
