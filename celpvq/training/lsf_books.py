"""Training of the LSF quantizer: open loop first, then in the loop of the predictor.

Which predictor a frame uses follows the encoder's rules throughout: the safety net is forced after
some predicted frames, and prediction must be better by its penalty. So each predictor's books are
trained on the frames that it will really serve.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from .._numba import fast
from .._threads import in_order
from .._types import F64, I64
from ..codec.common import lsf_dequantizer
from ..codec.common.lsf_dequantizer import SPLIT, LsfTables
from ..codec.encoder import analysis, lsf_search, presets
from ..codec.encoder.analysis import AnalysisState
from ..codec.encoder.lsf_search import LsfColumns
from ..codec.encoder.window import WINDOW_LEN
from ..codec.format.modes import FRAME_LEN, LPC_ORDER
from ..errors import ArgumentError
from ..vq import LBG
from .progress import Log

SAFETY_NET = 0.35  # of rho, in the predictor that forgets errors fast
PREDICTIVE = 0.97
_AUDIBLE = 1e-7  # mean square of a window below which its spectrum does not count
_CLUSTER_ITERATIONS = 20


class Spectra(NamedTuple):
    """The LSF of recordings, one after the other."""

    lsf: F64  # (n, p)
    weight: F64  # (n, p) 0 where nothing is to be heard
    starts: I64  # (n_clips + 1,) first row of each recording, and n


@fast(allocates=True)
def _analyze(x: F64, state: AnalysisState, lsfs: F64, weight: F64) -> None:
    """Put LSF and weights of all frames of x, as the encoder sees them, into (n_frames, p) each."""
    for f in range(lsfs.shape[0]):
        analysis.analyze(x[f * FRAME_LEN : (f + 1) * FRAME_LEN], True, state)
        energy = 0.0
        for n in range(WINDOW_LEN):
            energy += state.input[n] * state.input[n]
        audible = 1.0 if energy >= _AUDIBLE * WINDOW_LEN else 0.0
        for i in range(LPC_ORDER):
            lsfs[f, i] = state.lsf[i]
            weight[f, i] = audible * state.weight[i]


def analyze(recordings: Sequence[F64]) -> Spectra:
    """Return the spectra of recordings at 8 kHz."""

    def one(x: F64) -> tuple[F64, F64]:
        n = len(x) // FRAME_LEN
        lsfs, weight = np.empty((n, LPC_ORDER)), np.empty((n, LPC_ORDER))
        _analyze(x, AnalysisState.new(), lsfs, weight)
        return lsfs, weight

    parts = list(in_order(one, recordings))
    starts = np.cumsum([0] + [len(part[0]) for part in parts])
    lsfs, weight = (np.concatenate(x) for x in zip(*parts, strict=True))
    return Spectra(lsfs, weight, starts)


@fast(allocates=True)
def _quantize_all(
    lsfs: F64, weight: F64, tables: LsfTables, columns: LsfColumns, words: I64, residual: F64,
    errs: F64,
) -> None:  # fmt: skip
    """Quantize a recording's LSF in the loop; record words (n, 4), errors (n,), and residuals.

    residual (n, 2, p): what either predictor leaves, given what was quantized before.
    """
    prev, now = np.empty(LPC_ORDER), np.empty(LPC_ORDER)
    prev[:] = tables.mean
    predicted = 0
    for f in range(lsfs.shape[0]):
        safe = predicted >= presets.MAX_PREDICTED_FRAMES
        lsf_search.search(
            lsfs[f], weight[f], tables, columns, prev, presets.LSF_SURVIVORS, safe,
            words[f : f + 1], errs[f : f + 1],
        )  # fmt: skip
        for switch in range(2):
            lsf_dequantizer.predict(switch, tables, prev, now)
            for i in range(LPC_ORDER):
                residual[f, switch, i] = lsfs[f, i] - now[i]
        lsf_dequantizer.dequantize(words[f], tables, prev, now)
        prev[:] = now
        predicted = predicted + 1 if words[f, 0] == 1 else 0


def _in_the_loop(spectra: Spectra, tables: LsfTables) -> tuple[I64, F64, float]:
    """Return words (n, 4), residuals (n, 2, p) and the mean error over all recordings."""
    n = len(spectra.lsf)
    words, errs = np.zeros((n, 4), dtype=np.int64), np.empty(n)
    residual = np.empty((n, 2, LPC_ORDER))
    columns = LsfColumns.derive(tables)

    def one(rows: slice) -> None:
        _quantize_all(
            spectra.lsf[rows], spectra.weight[rows], tables, columns, words[rows], residual[rows],
            errs[rows],
        )  # fmt: skip

    rows = [slice(a, b) for a, b in zip(spectra.starts, spectra.starts[1:], strict=False)]
    list(in_order(one, rows))
    return words, residual, float(errs[spectra.weight[:, 0] > 0].mean())


def mean_and_rho(spectra: Spectra) -> tuple[F64, F64]:
    """Return the weighted mean (p,) and the predictors (2, p) of consecutive frames."""
    heard = spectra.weight > 0
    mean = np.average(spectra.lsf, axis=0, weights=heard)
    inner = np.ones(len(spectra.lsf), dtype=bool)
    inner[spectra.starts[:-1]] = False
    now = np.flatnonzero(inner & heard[:, 0])
    d = spectra.lsf - mean
    rho = (d[now] * d[now - 1]).sum(axis=0) / (d[now - 1] ** 2).sum(axis=0)
    return mean, np.outer([SAFETY_NET, PREDICTIVE], rho)


def train(
    spectra: Spectra, bits: Sequence[int], rounds: int, seed: int, log: Log
) -> tuple[LsfTables, float]:
    """Return tables of `bits` for stage 1 and both halves of stage 2, and their weighted error."""
    heard = int((spectra.weight[:, 0] > 0).sum())
    if heard < 1 << max(bits):
        raise ArgumentError(
            f"training: expected at least {1 << max(bits)} audible frames, got {heard}"
        )
    mean, rho = mean_and_rho(spectra)
    residual = _unquantized(spectra, mean, rho)
    switch = _switches(residual, spectra.weight, spectra.starts)
    tables = LsfTables(mean, rho, *_clusters(spectra, residual, switch, bits, seed, log))
    words, residual, _ = _in_the_loop(spectra, tables)
    tables = LsfTables(mean, rho, *_clusters(spectra, residual, words[:, 0], bits, seed, log))
    best, best_err = tables, np.inf
    for i in range(rounds):
        words, residual, err = _in_the_loop(spectra, tables)
        log(f"LSF {sum(bits) + 1} bits, round {i + 1}/{rounds}: weighted error {err:.6g}")
        if err < best_err:
            best, best_err = tables, err
        tables = _reestimate(tables, words, residual, spectra.weight)
    _, _, err = _in_the_loop(spectra, tables)
    log(f"LSF {sum(bits) + 1} bits: weighted error {min(err, best_err):.6g}")
    return (tables, err) if err < best_err else (best, best_err)


def _unquantized(spectra: Spectra, mean: F64, rho: F64) -> F64:
    """Return what either predictor leaves of each frame's LSF (n, 2, p), with all unquantized."""
    d = spectra.lsf - mean
    before = np.roll(d, 1, axis=0)
    before[spectra.starts[:-1]] = 0.0
    return np.asarray(d[:, None] - rho * before[:, None], dtype=np.float64)


@fast(allocates=True)
def _switches(residual: F64, weight: F64, starts: I64) -> I64:
    """Return the predictor of each frame by the encoder's rules, its errors being the residuals."""
    switch = np.zeros(residual.shape[0], dtype=np.int64)
    for clip in range(starts.shape[0] - 1):
        predicted = 0
        for f in range(starts[clip], starts[clip + 1]):
            safe, predictive = 0.0, 0.0
            for i in range(LPC_ORDER):
                safe += weight[f, i] * residual[f, 0, i] ** 2
                predictive += weight[f, i] * residual[f, 1, i] ** 2
            better = presets.PREDICTION_PENALTY * predictive < safe
            if better and predicted < presets.MAX_PREDICTED_FRAMES:
                switch[f] = 1
            predicted = predicted + 1 if switch[f] == 1 else 0
    return switch


def _clusters(
    spectra: Spectra, residual: F64, switch: I64, bits: Sequence[int], seed: int, log: Log
) -> tuple[F64, F64, F64]:
    """Return books of either predictor, clusters of what it leaves of the frames that it serves."""
    heard = spectra.weight[:, 0] > 0
    books: tuple[list[F64], list[F64], list[F64]] = ([], [], [])
    for k in range(2):
        own = heard & (switch == k)
        if own.sum() < 4 << max(bits):  # little speech: the choice matters less than enough data
            own = heard
        rest, weight = residual[own, k], spectra.weight[own]
        for book, cut, n in zip(
            books, (slice(None), slice(SPLIT), slice(SPLIT, None)), bits, strict=True
        ):
            vq = LBG(
                1 << n,
                init="random",
                distortion="weighted",
                max_iter=_CLUSTER_ITERATIONS,
                random_state=seed,
            )
            vq.fit(rest[:, cut], sample_weight=weight[:, cut])
            book.append(np.asarray(vq.codebook_, dtype=np.float64))
            if cut == slice(None):
                rest = rest - vq.decode(vq.encode(rest, weight))
        log(f"LSF {sum(bits) + 1} bits, predictor {k}: {own.sum()} frames clustered")
    stage1, low, high = (np.stack(book) for book in books)
    return stage1, low, high


def _reestimate(tables: LsfTables, words: I64, residual: F64, weight: F64) -> LsfTables:
    """Return new books: each stage the weighted mean of what the other one leaves to it."""
    stage1, low, high = tables.stage1.copy(), tables.low.copy(), tables.high.copy()
    for k in range(2):
        own = words[:, 0] == k
        _, first, a, b = words[own].T
        x, w = residual[own, k], weight[own]
        stage1[k] = _means(x - np.hstack([low[k][a], high[k][b]]), w, first, stage1[k])
        rest = x - stage1[k][first]
        low[k] = _means(rest[:, :SPLIT], w[:, :SPLIT], a, low[k])
        high[k] = _means(rest[:, SPLIT:], w[:, SPLIT:], b, high[k])
    return tables._replace(stage1=stage1, low=low, high=high)


def _means(x: F64, w: F64, cell: I64, book: F64) -> F64:
    """Return the weighted mean of each cell; an empty one becomes a near twin of the fullest."""
    n = len(book)
    sums, weights = np.zeros_like(book), np.zeros_like(book)
    for i in range(book.shape[1]):
        sums[:, i] = np.bincount(cell, w[:, i] * x[:, i], minlength=n)
        weights[:, i] = np.bincount(cell, w[:, i], minlength=n)
    new = np.where(weights > 0, sums / np.maximum(weights, 1e-30), book)
    count = np.bincount(cell, minlength=n)
    members = count > 0
    for empty in np.flatnonzero(~members):
        fullest = int(np.argmax(np.where(members, count, 0)))
        if count[fullest] < 2:  # too little data to fill every cell
            break
        new[empty] = new[fullest] + 0.01 * np.std(x[cell == fullest], axis=0)
        count[fullest] //= 2
    return new
