"""The search over a frame: a beam of paths through its four subframes.

Each path is a decoder's state with the words that led to it. In each subframe every path tries
several lags, each with its best fixed codebook word and gains; the paths of least weighted error
go on. At the frame's end the best one is the answer, so that nothing is delayed.
"""

from typing import NamedTuple, Self

import numpy as np

from .._types import F32, F64, I64
from . import (
    adaptive_codebook,
    filters,
    fixed_codebook,
    gains,
    paths,
    pitch,
    ranking,
    synthesis,
    weighting,
)
from .adaptive_codebook import MAX_TRIED
from .compiling import kernel, part, stack_array
from .filters import LINE
from .lsf_quantizer import LsfColumns
from .modes import LPC_ORDER, MAX_LAG, MAX_SHAPES, N_SUBFRAMES, SUBFRAME_LEN
from .paths import Beam, Children, Path, offer
from .products import respond
from .tables import ModeTables
from .tuning import MAX_LAGS, MAX_PAIRS, MAX_SURVIVORS, MAX_WORDS, Effort

_N_EXC = MAX_LAG + SUBFRAME_LEN
_N_RESPONSE = 2 * SUBFRAME_LEN
_MAX_CANDIDATES = MAX_SURVIVORS * MAX_LAGS
_MAX_TRIED = MAX_PAIRS * MAX_WORDS


class SearchTables(NamedTuple):
    """What the search derives from the tables of a mode, once."""

    columns: F32  # (SUBFRAME_LEN, N) fixed codebook, transposed
    shape_acf: F32  # (SUBFRAME_LEN, N) its autocorrelations, doubled above lag 0
    linear: F64  # (G,) corrections of the gain book, linear
    lsf: LsfColumns

    @classmethod
    def derive(cls, tables: ModeTables) -> Self:
        """Return the search tables of `tables`."""
        return cls(
            *cls.shapes(tables.fcb), gains.levels(tables.gain), LsfColumns.derive(tables.lsf)
        )

    @staticmethod
    def shapes(book: F64) -> tuple[F32, F32]:
        """Return `columns` and `shape_acf` of a fixed codebook (N, SUBFRAME_LEN)."""
        spectrum = np.fft.rfft(book, 2 * SUBFRAME_LEN, axis=1)
        acf = np.fft.irfft(np.abs(spectrum) ** 2, axis=1)[:, :SUBFRAME_LEN]
        acf[:, 1:] *= 2.0
        return (
            np.ascontiguousarray(book.T, dtype=np.float32),
            np.ascontiguousarray(acf.T, dtype=np.float32),
        )


@kernel
def follow(speech: F64, num: F64, den: F64, who: Path) -> None:
    """Weigh what the path's last synthesis made of speech (n,): error, weighted error, cost."""
    for n in range(SUBFRAME_LEN):
        who.error[LPC_ORDER + n] = speech[n] - who.synthesis.speech[LPC_ORDER + n]
    weighting.weight(who.error, num, den, who.weighted)
    for n in range(LPC_ORDER, who.weighted.shape[0]):
        who.cost += who.weighted[n] * who.weighted[n]


@kernel
def target_of(speech: F64, lpc_q: F64, num: F64, den: F64, who: Path, out: F64) -> None:
    """Put the weighted speech (n,) less the ringing of the path's filters into out (n,)."""
    filters.keep_past(who.error[:], LPC_ORDER)
    filters.keep_past(who.weighted[:], LPC_ORDER)
    ringing, silence = stack_array(LINE), stack_array(SUBFRAME_LEN)
    silence[:] = 0.0
    filters.copy(who.synthesis.speech[SUBFRAME_LEN:], ringing[:LPC_ORDER])
    filters.synthesis(silence, lpc_q, ringing)
    for n in range(SUBFRAME_LEN):
        who.error[LPC_ORDER + n] = speech[n] - ringing[LPC_ORDER + n]
    weighting.weight(who.error, num, den, who.weighted)
    filters.copy(who.weighted[LPC_ORDER:], out)


class Candidates(NamedTuple):
    """Pairs of a living path and a lag, `Effort.lags` rows to each path; and what is the path's."""

    target: F32  # (paths, n)
    beta: F64  # (paths,) of the pitch sharpening
    level: F64  # (paths,) predicted gain of the fixed codebook, linear
    code: I64  # (pairs,) of the lag
    lag: I64  # (pairs,) in whole samples, SUBFRAME_LEN where it is longer
    filtered: F32  # (pairs, n) adaptive codebook vector behind the weighted synthesis
    rest: F32  # (pairs, n) what it leaves of the target with its best gain
    cost: F64  # (pairs,) the path's, and the energy of that rest


@part
def _new_candidates() -> Candidates:
    """Return room for what all paths try."""
    return Candidates(
        stack_array((MAX_SURVIVORS, SUBFRAME_LEN), np.float32), stack_array(MAX_SURVIVORS),
        stack_array(MAX_SURVIVORS), stack_array(_MAX_CANDIDATES, np.int64),
        stack_array(_MAX_CANDIDATES, np.int64),
        stack_array((_MAX_CANDIDATES, SUBFRAME_LEN), np.float32),
        stack_array((_MAX_CANDIDATES, SUBFRAME_LEN), np.float32), stack_array(_MAX_CANDIDATES),
    )  # fmt: skip


@part
def _find_lags(
    i: int, n_lags: int, who: Path, response: F32, bits: int, predictor: F64, tried: I64,
    pairs: Candidates,
) -> None:  # fmt: skip
    """Find the best of the lags tried [thirds] for the i-th path, whose target is known."""
    target, state = pairs.target[i], who.synthesis
    own = slice(i * n_lags, (i + 1) * n_lags)
    exc = stack_array(_N_EXC)
    filters.copy(state.exc[SUBFRAME_LEN:], exc[:MAX_LAG])
    adaptive_codebook.search_lags(
        tried, target, response, exc, bits, state.lag3, pairs.code[own], pairs.filtered[own]
    )
    for k in range(i * n_lags, (i + 1) * n_lags):
        lag3 = pitch.dequantize(pairs.code[k], bits, state.lag3)
        pairs.lag[k] = min(pitch.rounded(lag3), SUBFRAME_LEN)
        pairs.cost[k] = who.cost + adaptive_codebook.subtract(
            target, pairs.filtered[k], pairs.rest[k]
        )
    pairs.beta[i] = synthesis.sharpening(state)
    pairs.level[i] = gains.decibel_to_linear(gains.predicted_db(predictor, state.gain_mem))


@part
def _take_alike(chosen: I64, n_lags: int, pairs: Candidates, alike: I64) -> int:
    """Move the first of the chosen pairs, and those sharpened like it, to alike; return how many.

    What is moved becomes -1 in chosen.
    """
    n = 0
    lag, beta = 0, 0.0
    for k in range(chosen.shape[0]):
        item = chosen[k]
        if item < 0:
            continue
        if n == 0:
            lag, beta = pairs.lag[item], pairs.beta[item // n_lags]
        same = lag == SUBFRAME_LEN or beta == pairs.beta[item // n_lags]  # nothing is sharpened
        if pairs.lag[item] == lag and same:
            alike[n] = item
            chosen[k] = -1
            n += 1
    return n


@part
def search_frame(
    speech: F64, lpc_q: F64, lpc_w: F64, effort: Effort, bound: float, tables: ModeTables,
    derived: SearchTables, beam: Beam, children: Children,
) -> tuple[float, int]:  # fmt: skip
    """Continue the beam's row HEARD through speech (FRAME_LEN,); return cost and row of the best.

    lpc_q, lpc_w (N_SUBFRAMES, p): quantized predictors, and those of the weighting.
    bound: no path of this cost or more is wanted; if all come to it, infinity is returned.
    """
    num, den = stack_array(LPC_ORDER), stack_array(LPC_ORDER)
    impulse, target = stack_array(SUBFRAME_LEN), stack_array(SUBFRAME_LEN)
    response = stack_array((2, _N_RESPONSE), np.float32)
    energy = stack_array(MAX_SHAPES, np.float32)
    pairs = _new_candidates()
    lags = stack_array(MAX_TRIED, np.int64)[: 2 * effort.lags]
    alike = stack_array(MAX_PAIRS, np.int64)
    chosen, value = stack_array(MAX_PAIRS, np.int64), stack_array(MAX_PAIRS)
    chosen, value = chosen[: effort.pairs], value[: effort.pairs]
    rest = stack_array((MAX_PAIRS, SUBFRAME_LEN), np.float32)
    tried = stack_array(_MAX_TRIED, np.int64)[: effort.pairs * effort.words]
    tried = tried.reshape(effort.pairs, effort.words)
    first, n_paths = paths.FIRST, 1  # the living generation: n_paths rows from first on
    beam[first] = beam[paths.HEARD]
    beam[first].cost = 0.0
    for index in range(N_SUBFRAMES):
        now = speech[index * SUBFRAME_LEN : (index + 1) * SUBFRAME_LEN]
        layout, gain_layout = tables.fcb_layout[index], tables.gain_layout[index]
        own_gains = slice(gain_layout[0], gain_layout[0] + gain_layout[1])
        weighting.coefficients(lpc_w[index], num, den)
        weighting.impulse_response(num, den, lpc_q[index], impulse)
        respond(impulse, response)

        for i in range(n_paths):
            who = beam[first + i]
            target_of(now, lpc_q[index], num, den, who, target)
            filters.copy(target, pairs.target[i])
            last = beam[first + max(i - 1, 0)].synthesis.lag3
            lag3, bits = who.synthesis.lag3, tables.lag_bits[index]
            # paths differ little: one tries the lags of the one before, if it can code them
            if i == 0 or pitch.whole_lags(bits, lag3) != pitch.whole_lags(bits, last):
                past = who.synthesis.exc[SUBFRAME_LEN:]
                adaptive_codebook.preselect(pairs.target[i], response, past, bits, lag3, lags)
            _find_lags(i, effort.lags, who, response, bits, tables.predictor, lags, pairs)
        chosen[:] = -1
        value[:] = -np.inf
        for item in range(n_paths * effort.lags):
            if -pairs.cost[item] > value[effort.pairs - 1]:
                ranking.insert(item, -pairs.cost[item], chosen, value)

        for i in range(effort.survivors):
            children[i].cost = np.inf
        while True:
            n_alike = _take_alike(chosen, effort.lags, pairs, alike)
            if n_alike == 0:
                break
            lag, beta = pairs.lag[alike[0]], pairs.beta[alike[0] // effort.lags]
            for m in range(n_alike):
                filters.copy(pairs.rest[alike[m]], rest[m])
            filters.copy(impulse, target)
            fixed_codebook.sharpen(target, lag, beta)
            respond(target, response)
            fixed_codebook.energies(response, derived.shape_acf, layout, energy)
            fixed_codebook.shortlist(
                rest[:n_alike], response, layout, derived.columns, energy, effort.first,
                tried[:n_alike],
            )  # fmt: skip
            for m in range(n_alike):
                item = alike[m]
                i = item // effort.lags
                word, gain, err = fixed_codebook.search_words(
                    tried[m], pairs.target[i], pairs.filtered[item], response, layout, tables.fcb,
                    lag, beta, tables.gain[own_gains], derived.linear[own_gains], pairs.level[i],
                )  # fmt: skip
                offer(
                    beam[first + i].cost + err, first + i, pairs.code[item], gain, word,
                    effort.survivors, children,
                )  # fmt: skip

        if children[0].cost >= bound:
            return np.inf, paths.HEARD
        first = MAX_SURVIVORS - first
        n_paths = 0
        for i in range(effort.survivors):
            child = children[i]
            if child.cost == np.inf:
                break
            beam[first + i] = beam[child.parent]
            who = beam[first + i]
            who.words[synthesis.LAG_WORDS + index] = child.lag
            who.words[synthesis.GAIN_WORDS + index] = child.gain
            who.words[synthesis.FCB_WORDS + index] = child.fcb
            synthesis.subframe(who.words, index, lpc_q[index], tables, who.synthesis)
            follow(now, num, den, who)
            n_paths += 1
    best = first
    for row in range(first, first + n_paths):
        if beam[row].cost < beam[best].cost:
            best = row
    return beam[best].cost, best
