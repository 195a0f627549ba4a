"""The search over a frame: a beam of paths through its four subframes.

Each path is a decoder's state with the words that led to it. In each subframe every path tries
several lags, each with its best fixed codebook word and gains; the paths of least weighted error
go on. At the frame's end the best one is the answer, so that nothing is delayed.
"""

from typing import NamedTuple, Self

import numpy as np

from .._jit import kernel, part, search
from .._types import F32, F64, I64
from . import (
    adaptive_codebook,
    filters,
    fixed_codebook,
    gains,
    pitch,
    ranking,
    synthesis,
    weighting,
)
from .lsf_quantizer import LsfColumns
from .modes import LPC_ORDER, MAX_LAG, N_SUBFRAMES, SUBFRAME_LEN
from .paths import Beam, Children, Path, copy_path, offer, path
from .products import inner, respond
from .tables import ModeTables
from .tuning import MAX_PITCH_GAIN, MAX_SURVIVORS, Effort

_LEAST_ENERGY = np.float32(1e-12)
_MAX_PITCH_GAIN = np.float32(MAX_PITCH_GAIN)


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
        who.cost[0] += who.weighted[n] * who.weighted[n]


@kernel
def target_of(speech: F64, lpc_q: F64, num: F64, den: F64, who: Path, out: F64) -> None:
    """Put the weighted speech (n,) less the ringing of the path's filters into out (n,)."""
    filters.keep_past(who.error, LPC_ORDER)
    filters.keep_past(who.weighted, LPC_ORDER)
    ringing = np.empty(LPC_ORDER + SUBFRAME_LEN)
    filters.copy(who.synthesis.speech[SUBFRAME_LEN:], ringing[:LPC_ORDER])
    filters.synthesis(np.zeros(SUBFRAME_LEN), lpc_q, ringing)
    for n in range(SUBFRAME_LEN):
        who.error[LPC_ORDER + n] = speech[n] - ringing[LPC_ORDER + n]
    weighting.weight(who.error, num, den, who.weighted)
    filters.copy(who.weighted[LPC_ORDER:], out)


@search
def _find_lags(
    who: Path, target: F32, response: F32, bits: int, codes: I64, filtered: F32, rest: F32,
    estimate: F64,
) -> None:  # fmt: skip
    """Find the path's best lags for target (n,): codes (K,), filtered vectors (K, n).

    rest (K, n): what each lag alone would leave.      estimate (K,): cost of the path with it.
    """
    exc = np.empty(MAX_LAG + SUBFRAME_LEN)
    filters.copy(who.synthesis.exc[SUBFRAME_LEN:], exc[:MAX_LAG])
    adaptive_codebook.search_lags(
        target, response, exc, bits, who.synthesis.lag3[0], codes, filtered
    )
    for k in range(codes.shape[0]):
        gain = inner(target, filtered[k]) / (inner(filtered[k], filtered[k]) + _LEAST_ENERGY)
        gain = min(max(gain, np.float32(0.0)), _MAX_PITCH_GAIN)
        for n in range(SUBFRAME_LEN):
            rest[k, n] = target[n] - gain * filtered[k, n]
        estimate[k] = who.cost[0] + inner(rest[k], rest[k])


@part
def search_frame(
    speech: F64, lpc_q: F64, lpc_w: F64, effort: Effort, tables: ModeTables, derived: SearchTables,
    beam: Beam, children: Children, words: I64,
) -> None:  # fmt: skip
    """Put the words of lag, gain and fixed codebook for speech (FRAME_LEN,) into words (N_WORDS,).

    lpc_q, lpc_w (N_SUBFRAMES, p): quantized predictors, and those of the weighting.
    The beam's row 0 holds the path so far, and in the end the best one.
    """
    num, den = np.empty(LPC_ORDER), np.empty(LPC_ORDER)
    impulse, sharp = np.empty(SUBFRAME_LEN), np.empty(SUBFRAME_LEN)
    response = np.empty((2, 2 * SUBFRAME_LEN), dtype=np.float32)
    sharpened = np.empty_like(response)
    energy = np.empty(derived.columns.shape[1], dtype=np.float32)
    n_lags = effort.lags
    n_items = effort.survivors * n_lags
    exact = np.empty(SUBFRAME_LEN)
    target = np.empty((effort.survivors, SUBFRAME_LEN), dtype=np.float32)
    codes = np.zeros(n_items, dtype=np.int64)
    filtered = np.empty((n_items, SUBFRAME_LEN), dtype=np.float32)
    rest = np.empty((n_items, SUBFRAME_LEN), dtype=np.float32)
    estimate = np.empty(n_items)
    chosen, chosen_value = np.zeros(effort.pairs, dtype=np.int64), np.empty(effort.pairs)
    lags, betas = np.empty(effort.pairs, dtype=np.int64), np.empty(effort.pairs)
    together = np.empty(effort.pairs, dtype=np.int64)
    rests = np.empty((effort.pairs, SUBFRAME_LEN), dtype=np.float32)
    tried = np.empty((effort.pairs, effort.words), dtype=np.int64)
    first, n_paths = 0, 1  # the living generation: n_paths rows from first on
    filters.copy(words, beam.words[0])
    beam.cost[0] = 0.0
    for index in range(N_SUBFRAMES):
        now = speech[index * SUBFRAME_LEN : (index + 1) * SUBFRAME_LEN]
        layout = tables.fcb_layout[index]
        first_gain, n_gains = tables.gain_layout[index, 0], tables.gain_layout[index, 1]
        weighting.coefficients(lpc_w[index], num, den)
        weighting.impulse_response(num, den, lpc_q[index], impulse)
        respond(impulse, response)
        chosen_value[:] = -np.inf
        for i in range(n_paths):
            who = path(beam, first + i)
            own = slice(i * n_lags, (i + 1) * n_lags)
            target_of(now, lpc_q[index], num, den, who, exact)
            filters.copy(exact, target[i])
            _find_lags(
                who,
                target[i],
                response,
                tables.lag_bits[index],
                codes[own],
                filtered[own],
                rest[own],
                estimate[own],
            )
            for item in range(i * n_lags, (i + 1) * n_lags):
                if -estimate[item] > chosen_value[effort.pairs - 1]:
                    ranking.insert(item, -estimate[item], chosen, chosen_value)
        n_pairs = min(effort.pairs, n_paths * n_lags)
        for k in range(n_pairs):
            state = path(beam, first + chosen[k] // n_lags).synthesis
            lags[k] = pitch.rounded(
                pitch.dequantize(codes[chosen[k]], tables.lag_bits[index], state.lag3[0])
            )
            betas[k] = synthesis.sharpening(state)
            if lags[k] >= SUBFRAME_LEN:  # nothing is sharpened
                lags[k], betas[k] = SUBFRAME_LEN, 0.0
        children.cost[:] = np.inf
        for k in range(n_pairs):
            lag, beta = lags[k], betas[k]
            if lag < 0:  # done together with an earlier one
                continue
            n_together = 0
            for other in range(k, n_pairs):
                if lags[other] == lag and betas[other] == beta:
                    together[n_together] = chosen[other]
                    filters.copy(rest[chosen[other]], rests[n_together])
                    n_together += 1
                    lags[other] = -1
            filters.copy(impulse, sharp)
            fixed_codebook.sharpen(sharp, lag, beta)
            respond(sharp, sharpened)
            fixed_codebook.energies(sharpened, derived.shape_acf, layout, energy)
            fixed_codebook.shortlist(
                rests[:n_together], sharpened, layout, derived.columns, energy, effort.first,
                tried[:n_together],
            )  # fmt: skip
            for m in range(n_together):
                item = together[m]
                i = item // n_lags
                who = path(beam, first + i)
                level = gains.decibel_to_linear(
                    gains.predicted_db(tables.predictor, who.synthesis.gain_mem)
                )
                word, gain, err = fixed_codebook.search_words(
                    tried[m], target[i], filtered[item], sharpened, layout, tables.fcb, lag, beta,
                    tables.gain[first_gain : first_gain + n_gains],
                    derived.linear[first_gain : first_gain + n_gains], level,
                )  # fmt: skip
                offer(
                    who.cost[0] + err, first + i, codes[item], gain, word, effort.survivors,
                    children,
                )  # fmt: skip
        first = MAX_SURVIVORS - first
        n_paths = 0
        for i in range(effort.survivors):
            if children.cost[i] == np.inf:
                break
            row = first + i
            copy_path(beam, children.parent[i], row)
            who = path(beam, row)
            who.words[synthesis.LAG_WORDS + index] = children.words[i, 0]
            who.words[synthesis.GAIN_WORDS + index] = children.words[i, 1]
            who.words[synthesis.FCB_WORDS + index] = children.words[i, 2]
            synthesis.subframe(who.words, index, lpc_q[index], tables, who.synthesis)
            follow(now, num, den, who)
            n_paths += 1
    best = first
    for row in range(first, first + n_paths):
        if beam.cost[row, 0] < beam.cost[best, 0]:
            best = row
    if best != 0:
        copy_path(beam, best, 0)
    filters.copy(beam.words[0], words)
