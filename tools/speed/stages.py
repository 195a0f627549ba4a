"""Time the stages of the encoder's search on real speech, and count their multiply-adds."""

import time
from collections.abc import Callable

import numpy as np

import celpvq
from celpvq._types import F64
from celpvq.codec.encoder import adaptive_search, analysis, fixed_search, lsf_search, products
from celpvq.codec.encoder.encoder import FrameEncoder
from celpvq.codec.encoder.presets import LSF_SURVIVORS, PRESETS
from celpvq.codec.encoder.search_tables import SearchTables
from celpvq.codec.format.modes import FRAME_LEN, LPC_ORDER, MAX_LAG, MIN_LAG, Mode, fcb_stages
from celpvq.codec.format.modes import SUBFRAME_LEN as N

from . import timing

_WARM_FRAMES = 100
_CALLS = 200
_RUNS = 5
_PEAK_COLUMNS = 256  # a matrix of 40 kB, within the first cache
_LAG3, _BETA, _PREDICTED_GAIN = 150, 0.5, 0.01  # of a voiced frame

Case = tuple[Callable[[], object], int]


def timed(action: Callable[[], object], n_calls: int = _CALLS) -> float:
    """Return the least CPU time of a call [s], including the call from Python."""
    action()
    best = np.inf
    for _ in range(_RUNS):
        start = time.thread_time()
        for _ in range(n_calls):
            action()
        best = min(best, (time.thread_time() - start) / n_calls)
    return float(best)


def peak(n_calls: int = _CALLS) -> float:
    """Return the rate of the product of six rows with a few panels [10^9 multiply-adds/s]."""
    x, panels = np.ones((6, N), np.float32), products.panels(np.ones((N, _PEAK_COLUMNS)))
    out, start = np.empty((6, _PEAK_COLUMNS), np.float32), 0
    seconds = timed(lambda: products.multiply_panels(x, N, panels, start, out), n_calls)
    return float(x.size * _PEAK_COLUMNS / seconds / 1e9)


def cases(mode: Mode, x: F64) -> dict[str, Case]:
    """Return each stage with its multiply-adds, on speech x (n,), with the preset ``default``.

    The target is the first subframe of a voiced frame.
    """
    preset = PRESETS["default"]
    coder = FrameEncoder(mode)
    coder.encode(x[: _WARM_FRAMES * FRAME_LEN])
    state, tables = coder.state, coder.tables.mode(mode)
    derived = SearchTables.derive(tables)
    frame = np.ascontiguousarray(x[_WARM_FRAMES * FRAME_LEN :][:FRAME_LEN])
    rng = np.random.default_rng(1)
    responses = np.empty((1, 2, products.RESPONSE_LEN), np.float32)
    response, targets = responses[0], rng.normal(size=(1, N)).astype(np.float32)
    products.respond(rng.normal(size=N) * 0.8 ** np.arange(N), response)
    target, past, group = targets[0], rng.normal(size=MAX_LAG), np.zeros(1, np.int64)
    vectors, gains = derived.fcb, slice(0, tables.gain_layout[0, 1])
    layout = vectors.layout[0]
    sizes = [1 << bits for bits in fcb_stages(mode.bits("fcb")[0])]
    energy = np.empty((1, vectors.columns[:, 0].size), np.float32)
    shortlist = np.zeros((1, preset.shortlist), np.int64)
    lag_indices = np.zeros(preset.lags, np.int64)
    filtered = np.empty((preset.lags, N), np.float32)
    candidates = np.zeros((preset.lsf_candidates, 4), np.int64)
    errors = np.zeros(preset.lsf_candidates)
    bits, lags = tables.lag_bits[0], np.zeros(2 * preset.lags, np.int64)
    book = tables.lsf
    n_lsf = 4 * book.stage1.shape[1] * LPC_ORDER
    n_lsf += LSF_SURVIVORS * LPC_ORDER * (book.low.shape[1] + book.high.shape[1])
    sums = preset.stage1_survivors * sizes[1] * N if len(sizes) == 2 else 0
    return {
        "analysis, per frame": (
            lambda: analysis.analyze(frame, True, state.analysis), 11 * analysis.WINDOW_LEN,
        ),
        "LSF quantizer, per frame": (
            lambda: lsf_search.search(
                state.analysis.lsf, state.analysis.weight, book, derived.lsf, state.lsf_q,
                LSF_SURVIVORS, False, candidates, errors,
            ),
            n_lsf,
        ),
        "lags preselected, per subframe": (
            lambda: adaptive_search.preselect(target, response, past, bits, _LAG3, lags),
            3 * (MAX_LAG - MIN_LAG + 1) * N,
        ),
        "adaptive codebook, per survivor": (
            lambda: adaptive_search.search(
                lags, target, response, past, bits, _LAG3, lag_indices, filtered
            ),
            len(lags) * N * N,
        ),
        "energies, per response": (
            lambda: fixed_search.energies(responses, vectors, layout, energy), sum(sizes) * N,
        ),
        "fixed codebook preselected, per pair": (
            lambda: fixed_search.preselect(
                targets, group, responses, layout, vectors, energy, preset.stage1_survivors,
                shortlist,
            ),
            sum(sizes) * N + sums,
        ),
        "code vectors and gains, per pair": (
            lambda: fixed_search.search(
                shortlist[0], target, filtered[0], response, tables.fcb_layout[0], vectors.rows, N,
                _BETA, tables.gain[gains], derived.correction[gains], _PREDICTED_GAIN,
            ),
            preset.shortlist * (N * N + 3 * N),
        ),
    }  # fmt: skip


def measure(mode: Mode, x: F64, n_calls: int = _CALLS) -> tuple[list[list[object]], float]:
    """Return rows (stage, us, multiply-adds, 10^9 of them a second, share) and the peak rate."""
    top = peak(n_calls)
    rows: list[list[object]] = []
    for name, (action, n) in cases(mode, x).items():
        seconds = timed(action, n_calls)
        rate = n / seconds / 1e9
        rows.append([name, f"{seconds * 1e6:.1f}", n, f"{rate:.1f}", f"{100 * rate / top:.0f}"])
    return rows, top


def stage_times(x: F64) -> None:
    """Print the time of each stage, its multiply-adds, and their rate relative to the peak."""
    for mode in celpvq.modes():
        rows, peak = measure(mode, x)
        timing.show(
            f"Stages of a subframe at {mode.bitrate} bit/s; peak {peak:.1f} GMAC/s",
            ["stage", "us", "MAC", "GMAC/s", "share of the peak [%]"], rows,
        )  # fmt: skip
