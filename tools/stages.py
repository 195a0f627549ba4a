"""Time the stages of the encoder's search on real speech, beside what they multiply."""

import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from celpvq.codec.encoder import adaptive_search, analysis, encoder, fixed_search, lsf_search, products
from celpvq.codec.encoder.encoder import Encoder
from celpvq.codec.format.modes import FRAME_LEN, MAX_LAG, MIN_LAG, Mode, fcb_stages
from celpvq.codec.format.modes import SUBFRAME_LEN as N
from celpvq.codec.encoder.presets import LSF_SURVIVORS, PRESETS

_WARM_FRAMES = 100
_CALLS = 200
_RUNS = 5
_PEAK_SHAPES = 256  # a matrix of 40 kB, within the first cache


def timed(action: Callable[[], object]) -> float:
    """Return the least CPU time of a call [s], the call from Python included."""
    action()
    best = np.inf
    for _ in range(_RUNS):
        start = time.thread_time()
        for _ in range(_CALLS):
            action()
        best = min(best, (time.thread_time() - start) / _CALLS)
    return float(best)


def peak() -> float:
    """Return the multiply-adds a second [10^9] of the product of four rows with a small matrix."""
    x, matrix = np.ones((4, N), np.float32), np.ones((N, _PEAK_SHAPES), np.float32)
    out, start = np.empty((4, _PEAK_SHAPES), np.float32), 0
    seconds = timed(lambda: products.multiply_all(x, matrix, start, out))
    return float(x.size * _PEAK_SHAPES / seconds / 1e9)


def measure(mode: Mode, x: NDArray[np.float64]) -> tuple[list[list[object]], float]:
    """Return rows (stage, us, multiply-adds, 10^9 of them a second, share) and the peak.

    One target, the first subframe of a voiced frame, with the preset ``default``; the analysis
    and the LSF quantizer work once a frame.
    """
    effort = PRESETS["default"]
    coder = Encoder(mode)
    coder.encode_frames(x[: _WARM_FRAMES * FRAME_LEN])
    state, tables = coder._state, coder.tables.mode(mode)
    derived = encoder._search_tables(coder.tables, mode)
    frame = np.ascontiguousarray(x[_WARM_FRAMES * FRAME_LEN :][:FRAME_LEN])
    rng = np.random.default_rng(1)
    impulse = rng.normal(size=N) * 0.8 ** np.arange(N)
    response, target = np.empty((2, 2 * N), np.float32), rng.normal(size=N).astype(np.float32)
    products.respond(impulse, response)
    layout = tables.fcb_layout[0]
    sizes = [1 << bits for bits in fcb_stages(mode.bits("fcb")[0])]
    energy = np.empty(derived.columns.shape[1], np.float32)
    found = np.zeros((1, effort.words), np.int64)
    codes, filtered = np.zeros(effort.lags, np.int64), np.empty((effort.lags, N), np.float32)
    exc = np.zeros(MAX_LAG + N)
    exc[:MAX_LAG] = rng.normal(size=MAX_LAG)
    seen = state.analysis
    spectra, errors = np.zeros((effort.spectra, 4), np.int64), np.zeros(effort.spectra)
    bits, lags = tables.lag_bits[0], np.zeros(2 * effort.lags, np.int64)
    n_gains = tables.gain_layout[0, 1]
    fixed_search.energies(response, derived.shape_acf, layout, energy)
    n_lsf = 4 * tables.lsf.stage1.shape[1] * 10
    n_lsf += 2 * 16 * 5 * (tables.lsf.low.shape[1] + tables.lsf.high.shape[1])
    cross = effort.first * sizes[1] * N if len(sizes) == 2 else 0
    n_lags = MAX_LAG - MIN_LAG + 1
    cases: dict[str, tuple[Callable[[], object], int]] = {
        "analysis, per frame": (
            lambda: analysis.analyze(frame, True, state.analysis), 11 * 240,
        ),
        "LSF quantizer, per frame": (
            lambda: lsf_search.quantize(
                seen.lsf, seen.weight, tables.lsf, derived.lsf, state.lsf_q, LSF_SURVIVORS, False,
                spectra, errors,
            ),
            n_lsf,
        ),
        "lags preselected, per subframe": (
            lambda: adaptive_search.preselect(target, response, exc, bits, 150, lags),
            3 * n_lags * N,
        ),
        "adaptive codebook, per path": (
            lambda: adaptive_search.search_lags(
                lags, target, response, exc, bits, 150, codes, filtered
            ),
            len(lags) * N * N,
        ),
        "energies, per response": (
            lambda: fixed_search.energies(response, derived.shape_acf, layout, energy),
            sum(sizes) * N,
        ),
        "fixed codebook, per pair": (
            lambda: fixed_search.shortlist(
                target[None], response, layout, derived.columns, energy, effort.first, found
            ),
            sum(sizes) * N + cross,
        ),
        "words and gains, per pair": (
            lambda: fixed_search.search_indices(
                found[0], target, filtered[0], response, layout, tables.fcb, N, 0.5,
                tables.gain[:n_gains], derived.linear[:n_gains], 0.01,
            ),
            effort.words * (N * N + 3 * N),
        ),
    }  # fmt: skip
    top = peak()
    rows: list[list[object]] = []
    for name, (action, n) in cases.items():
        seconds = timed(action)
        rate = n / seconds / 1e9
        share = f"{100 * rate / top:.0f}"
        rows.append([name, f"{seconds * 1e6:.1f}", n, f"{rate:.1f}", share])
    return rows, top
