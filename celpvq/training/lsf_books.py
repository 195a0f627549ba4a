"""Design of the LSF codebooks: clusters first, then centroids in the loop of the predictor."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from .._numba import fast
from .._threads import in_order
from .._types import F64, I64
from ..codec.common import lsf_dequantizer
from ..codec.common.lsf_dequantizer import SPLIT, LsfTables
from ..codec.encoder import lsf_search, presets
from ..codec.encoder.lsf_search import LsfColumns
from ..codec.format.modes import LPC_ORDER
from ..errors import ArgumentError
from ..vq import LBG
from ..vq.cells import Cells
from ..vq.lloyd import descend, refill
from .lsf_frames import LsfFrames
from .lsf_prediction import mean_and_rho, residuals, switches
from .progress import Log

_CLUSTER_ITERATIONS = 20
_SPLIT_STEP = 0.01  # from a split codeword to its copy, in root mean squared errors of its cell


class State(NamedTuple):
    """Tables, and the frames as the encoder quantizes them with these tables."""

    tables: LsfTables
    indices: I64  # (n, 4)
    residual: F64  # (n, 2, p) of either predictor, given the quantized frame before
    error: float  # mean weighted squared error of the audible frames


def train(
    frames: LsfFrames, bits: Sequence[int], n_rounds: int, seed: int, log: Log
) -> tuple[LsfTables, float]:
    """Return tables and their weighted error, after clusters and `n_rounds` in the closed loop.

    bits : index bits of stage 1, and of the lower and upper half of stage 2.
    """
    n_audible, least = int(frames.audible.sum()), 1 << max(bits)
    if n_audible < least:
        raise ArgumentError(f"training: expected at least {least} audible frames, got {n_audible}")
    title = f"LSF {sum(bits) + 1} bits"
    mean, rho = mean_and_rho(frames)
    residual = residuals(frames, mean, rho)
    switch = switches(residual, frames.weight, frames.starts)
    for _ in range(2):  # the second time with the residuals and switches of the closed loop
        tables = LsfTables(mean, rho, *_clusters(frames, residual, switch, bits, seed))
        state = in_the_loop(frames, tables)
        residual, switch = state.residual, state.indices[:, 0]
        log(f"{title}, clusters: error {state.error:.5g}")

    def step(now: State) -> State:
        return in_the_loop(frames, _updated(now, frames.weight))

    best, error = descend(  # a step also changes the predictions, so it may raise the error
        state, step, lambda now: now.error, max_iter=n_rounds, patience=n_rounds + 1,
        report=lambda now, _: log(f"{title}, closed loop: error {now.error:.5g}"),
    )  # fmt: skip
    return best.tables, error


def in_the_loop(frames: LsfFrames, tables: LsfTables) -> State:
    """Quantize all recordings with `tables`."""
    n = len(frames.lsf)
    indices, errors = np.zeros((n, 4), dtype=np.int64), np.empty(n)
    residual = np.empty((n, 2, LPC_ORDER))
    columns = LsfColumns.derive(tables)

    def work(rows: slice) -> None:
        _quantize(
            frames.lsf[rows], frames.weight[rows], tables, columns,
            indices[rows], residual[rows], errors[rows],
        )  # fmt: skip

    list(in_order(work, frames.recordings))
    return State(tables, indices, residual, float(errors[frames.audible].mean()))


@fast(allocates=True)
def _quantize(
    lsf: F64, weight: F64, tables: LsfTables, columns: LsfColumns, indices: I64, residual: F64,
    errors: F64,
) -> None:  # fmt: skip
    """Quantize the LSF (n, p) of a recording into indices (n, 4), residual and errors (n,)."""
    prev, now = np.empty(LPC_ORDER), np.empty(LPC_ORDER)
    prev[:] = tables.mean
    n_predicted = 0
    for f in range(lsf.shape[0]):
        safe = n_predicted >= presets.MAX_PREDICTED_FRAMES
        lsf_search.search(
            lsf[f], weight[f], tables, columns, prev, presets.LSF_SURVIVORS, safe,
            indices[f : f + 1], errors[f : f + 1],
        )  # fmt: skip
        for switch in range(2):
            lsf_dequantizer.predict(switch, tables, prev, now)
            residual[f, switch] = lsf[f] - now
        lsf_dequantizer.dequantize(indices[f], tables, prev, now)
        prev[:] = now
        n_predicted = n_predicted + 1 if indices[f, 0] == 1 else 0


def _clusters(
    frames: LsfFrames, residual: F64, switch: I64, bits: Sequence[int], seed: int
) -> list[F64]:
    """Return the three books of both predictors: clusters of the residuals (n, 2, p)."""

    def clustered(x: F64, weight: F64, n_bits: int) -> LBG:
        lbg = LBG(
            1 << n_bits, init="random", distortion="weighted",
            max_iter=_CLUSTER_ITERATIONS, random_state=seed,
        )  # fmt: skip
        return lbg.fit(x, sample_weight=weight)

    books = []
    for k in range(2):
        own = frames.audible & (switch == k)
        if own.sum() < 4 << max(bits):  # with little speech, enough data matter more
            own = frames.audible
        x, w = residual[own, k], frames.weight[own]
        stage1 = clustered(x, w, bits[0])
        x = x - stage1.decode(stage1.encode(x, w))
        low = clustered(x[:, :SPLIT], w[:, :SPLIT], bits[1])
        high = clustered(x[:, SPLIT:], w[:, SPLIT:], bits[2])
        books.append([lbg.codebook_.astype(np.float64) for lbg in (stage1, low, high)])
    return [np.stack(pair) for pair in zip(*books, strict=True)]


def _updated(state: State, weight: F64) -> LsfTables:
    """Return the tables with the centroids of each book, given the other stage."""
    stage1, low, high = (book.copy() for book in state.tables[2:])
    for k in range(2):
        own = state.indices[:, 0] == k
        _, first, a, b = state.indices[own].T
        x, w = state.residual[own, k], weight[own]
        stage1[k] = centroids(stage1[k], x - np.hstack([low[k][a], high[k][b]]), w, first)
        x = x - stage1[k][first]
        low[k] = centroids(low[k], x[:, :SPLIT], w[:, :SPLIT], a)
        high[k] = centroids(high[k], x[:, SPLIT:], w[:, SPLIT:], b)
    return state.tables._replace(stage1=stage1, low=low, high=high)


def centroids(book: F64, x: F64, weight: F64, indices: I64) -> F64:
    """Return the weighted means of the cells of book (n, k); empty ones split the worst cells."""
    cells = Cells.zeros(book).add(x, weight, book, indices)
    return np.asarray(refill(
        cells.centroids(book), np.flatnonzero(cells.empty), cells.errors.sum(axis=1),
        lambda rows: _SPLIT_STEP * cells.spread(rows),
    ))  # fmt: skip
