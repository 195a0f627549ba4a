"""Fixed codebook: trained shapes with a sign, alone or as the sum of two stages.

A word holds ``index1 sign`` or ``index1 index2 sign1 sign2``, highest bits first. A layout row (4,)
says where a subframe's stages lie in the book: first row and index bits of each; 0 bits: no stage.
"""

import numpy as np

from .._types import F32, F64, I64
from . import filters, gains, ranking
from .compiling import kernel, part, search, stack_array
from .modes import MAX_STAGE_BITS, SUBFRAME_LEN
from .products import (
    UNROLLED,
    convolve,
    correlate,
    inner,
    multiply,
    multiply_all,
    products_with,
)
from .tuning import MAX_FIRST, MAX_PAIRS, MAX_WORDS

_LEAST_LAG = np.float32(0.05)  # of the energy: lags beyond the last such one are left out
_LEAST_SUM = 0.05  # of the energies of two shapes: what their estimated sum is taken for at least
_BLOCK = 32  # matches that are looked at together: most blocks hold none of the best
_TOGETHER = 4  # shapes of stage 1 whose products with stage 2 are computed at once
_MAX_STAGE = 1 << MAX_STAGE_BITS
_MAX_MATCHES = MAX_PAIRS * _MAX_STAGE
_MAX_CROSS = _TOGETHER * _MAX_STAGE
_MAX_SHAPES = MAX_PAIRS * MAX_FIRST + _TOGETHER
_MAX_TRIED = MAX_PAIRS * MAX_WORDS


@kernel
def vector(word: int, layout: I64, book: F64, out: F64) -> None:
    """Put the shape of word into out (n,); book (N, n), layout (4,)."""
    start1, start2, bits2 = layout[0], layout[2], layout[3]
    if bits2 == 0:
        sign = 1.0 - 2.0 * (word & 1)
        row = start1 + (word >> 1)
        for n in range(out.shape[0]):
            out[n] = sign * book[row, n]
        return
    sign1 = 1.0 - 2.0 * (word >> 1 & 1)
    sign2 = 1.0 - 2.0 * (word & 1)
    row1 = start1 + (word >> bits2 + 2)
    row2 = start2 + (word >> 2 & (1 << bits2) - 1)
    for n in range(out.shape[0]):
        out[n] = sign1 * book[row1, n] + sign2 * book[row2, n]


@kernel
def sharpen(x: F64, lag: int, beta: float) -> None:
    """Add to x (n,) itself, lag samples later and times beta, in place: short lags repeat."""
    for n in range(lag, x.shape[0]):
        x[n] += beta * x[n - lag]


@part
def _n_notable(acf: F32) -> int:
    """Return how many lags of acf (n,) are worth their products, a multiple of `UNROLLED`."""
    last = 0
    for n in range(acf.shape[0]):
        if abs(acf[n]) >= _LEAST_LAG * acf[0]:
            last = n
    return (last // UNROLLED + 1) * UNROLLED


@search
def energies(response: F32, shape_acf: F32, layout: I64, out: F32) -> None:
    """Estimate the energy of each shape of a layout behind the response.

    shape_acf (n, N): autocorrelations, a column per shape, lags above 0 doubled.      out (N,).
    The estimate counts the response beyond the subframe's end too; it only chooses who is tried.
    """
    acf = stack_array(SUBFRAME_LEN, np.float32)
    correlate(response[0, SUBFRAME_LEN:], response, acf)
    floor = np.float32(1e-3) * acf[0]
    n_lags = _n_notable(acf)
    for stage in range(2):
        start, n_shapes = layout[2 * stage], 1 << layout[2 * stage + 1]
        own = out[start : start + n_shapes]
        multiply(acf[:n_lags], shape_acf, start, own)
        for j in range(n_shapes):
            own[j] = max(own[j], floor)


@search
def shortlist(
    rest: F32,
    response: F32,
    layout: I64,
    columns: F32,
    energy: F32,
    n_first: int,
    words: I64,
) -> None:
    """Find for each target the words whose filtered shapes match it best, by estimated energies.

    rest (P, n): targets.      words (P, K).      response: of the sharpened weighted synthesis.
    columns (n, N): the book, transposed.      energy (N,): from `energies`.
    n_first: survivors of stage 1 when there are two.
    """
    start1, start2, bits2 = layout[0], layout[2], layout[3]
    n1, n2 = 1 << layout[1], 1 << bits2
    n_targets, n_words = words.shape
    assert n_targets <= MAX_PAIRS and n_first <= MAX_FIRST and n_words <= MAX_WORDS  # noqa: PT018
    back = stack_array((MAX_PAIRS, SUBFRAME_LEN), np.float32)[:n_targets]
    corr1 = stack_array(_MAX_MATCHES, np.float32)[: n_targets * n1].reshape(n_targets, n1)
    energy1 = energy[start1 : start1 + n1]
    for t in range(n_targets):
        correlate(rest[t], response, back[t])
    multiply_all(back, columns, start1, corr1)
    if bits2 == 0:
        for t in range(n_targets):
            _take_matches(corr1[t], energy1, words[t])
            for k in range(n_words):
                words[t, k] = words[t, k] << 1 | (corr1[t, words[t, k]] < 0.0)
        return
    first = stack_array(_MAX_SHAPES, np.int64)[: n_targets * n_first].reshape(n_targets, n_first)
    for t in range(n_targets):
        _take_matches(corr1[t], energy1, first[t])
    corr2 = stack_array(_MAX_MATCHES, np.float32)[: n_targets * n2].reshape(n_targets, n2)
    multiply_all(back, columns, start2, corr2)
    energy2 = energy[start2 : start2 + n2]
    _shortlist_sums(first, response, start1, start2, columns, corr1, energy1, corr2, energy2, words)
    for t in range(n_targets):
        for k in range(n_words):
            words[t, k] = _signed(words[t, k], bits2, corr1[t], corr2[t])


@part
def _shortlist_sums(
    first: I64, response: F32, start1: int, start2: int, columns: F32, corr1: F32,
    energy1: F32, corr2: F32, energy2: F32, words: I64,
) -> None:  # fmt: skip
    """Put the best items of `_take_sums` for each target into words (P, K).

    first (P, M): survivors of stage 1, which targets share: their products with stage 2 are
    computed once, a few shapes at a time.      corr1, corr2 (P, N): matches of single shapes.
    """
    n_targets, n_first = first.shape
    n_shapes = 0
    place = stack_array(_MAX_STAGE, np.int64)  # of a shape among those that survive for any target
    shapes = stack_array(_MAX_SHAPES, np.int64)
    place[:], shapes[:] = -1, 0
    for t in range(n_targets):
        for i in first[t]:
            if place[i] < 0:
                place[i] = n_shapes
                shapes[n_shapes] = i
                n_shapes += 1
    shape = stack_array((_TOGETHER, SUBFRAME_LEN), np.float32)
    filtered = stack_array(SUBFRAME_LEN, np.float32)
    n2 = corr2.shape[1]
    cross = stack_array(_MAX_CROSS, np.float32)[: _TOGETHER * n2].reshape(_TOGETHER, n2)
    values = stack_array(_MAX_TRIED)[: words.size].reshape(words.shape)
    words[:], values[:] = 0, -1.0
    for begin in range(0, n_shapes, _TOGETHER):
        for r in range(_TOGETHER):
            for n in range(SUBFRAME_LEN):
                shape[r, n] = columns[n, start1 + shapes[begin + r]]
            convolve(shape[r], response, filtered)
            correlate(filtered, response, shape[r])
        multiply_all(shape, columns, start2, cross)
        for t in range(n_targets):
            for k in range(n_first):
                i = first[t, k]
                r = place[i] - begin
                if 0 <= r < _TOGETHER:
                    _take_sums(
                        corr1[t, i], energy1[i], t, corr2, energy2, r, cross, i, words, values
                    )


@search
def _take_matches(corr: F32, energy: F32, items: I64) -> None:
    """Put the places of the largest corr^2 / energy into items."""
    score = stack_array(_MAX_STAGE, np.float32)[: corr.shape[0]]
    for j in range(score.shape[0]):
        score[j] = corr[j] * corr[j] / energy[j]
    ranking.largest(score, items)


@search
def _energy_of_sum(both: np.float32, cross: np.float32) -> np.float32:
    """Return the estimated energy of a sum of shapes from the sum of theirs and their product."""
    return max(both + np.float32(2.0) * cross, np.float32(_LEAST_SUM) * both)


@search
def _take_sums(
    corr1: float, energy1: float, t: int, corr2: F32, energy2: F32, r: int, cross: F32, i: int,
    items: I64, values: F64,
) -> None:  # fmt: skip
    """Offer shape i of stage 1 plus and minus each one of stage 2 to the best ones of target t.

    Row t of corr2, items and values is that target's, row r of cross the shape's. The item of the
    sum with shape j is 2 (i N + j), that of the difference one more.
    """
    match, alone = np.float32(corr1), np.float32(energy1)
    n, last = corr2.shape[1], values.shape[1] - 1
    for start in range(0, n, _BLOCK):
        c, e = corr2[t, start : start + _BLOCK], energy2[start : start + _BLOCK]
        x = cross[r, start : start + _BLOCK]
        least, some = np.float32(values[t, last]), False
        for j in range(c.shape[0]):
            both, plus, minus = alone + e[j], match + c[j], match - c[j]
            some |= plus * plus > least * _energy_of_sum(both, x[j])
            some |= minus * minus > least * _energy_of_sum(both, -x[j])
        if some:
            for j in range(c.shape[0]):
                both, plus, minus = alone + e[j], match + c[j], match - c[j]
                item = 2 * (i * n + start + j)
                energy = _energy_of_sum(both, x[j])
                if plus * plus > least * energy:
                    ranking.insert(item, plus * plus / energy, items[t], values[t])
                    least = np.float32(values[t, last])
                energy = _energy_of_sum(both, -x[j])
                if minus * minus > least * energy:
                    ranking.insert(item + 1, minus * minus / energy, items[t], values[t])
                    least = np.float32(values[t, last])


@search
def _signed(item: int, bits2: int, corr1: F32, corr2: F32) -> int:
    """Return the word of an item of `_take_sums`, with the signs that make its match positive."""
    opposite = item & 1
    i, j = item >> bits2 + 1, item >> 1 & (1 << bits2) - 1
    match = corr1[i] - corr2[j] if opposite else corr1[i] + corr2[j]
    sign1 = int(match < 0.0)
    return item >> 1 << 2 | sign1 << 1 | sign1 ^ opposite


@search
def search_words(
    words: I64, target: F32, adaptive: F32, response: F32, layout: I64, book: F64, lag: int,
    beta: float, gain_book: F64, gain_linear: F64, level: float,
) -> tuple[int, int, float]:  # fmt: skip
    """Try each of words (K,) with each gain; return word, gain index and error of the best.

    target, adaptive (n,): weighted target and filtered adaptive codebook vector.
    response: of the sharpened weighted synthesis.      level: predicted gain, linear.
    The error is that of the target less what both codebooks, with quantized gains, make of it.
    """
    shape, moments = stack_array(SUBFRAME_LEN), stack_array(5)
    plain, filtered = stack_array(SUBFRAME_LEN, np.float32), stack_array(SUBFRAME_LEN, np.float32)
    moments[0], moments[2] = inner(target, adaptive), inner(adaptive, adaptive)
    best_word, best_gain, best_err = words[0], 0, np.inf
    for word in words:
        vector(word, layout, book, shape)
        filters.copy(shape, plain)
        convolve(plain, response, filtered)
        sharpen(shape, lag, beta)
        moments[1], moments[3], moments[4] = products_with(filtered, target, adaptive)
        if gains.least_error(moments) < best_err:
            scale = level / gains.rms(shape)
            entry, err = gains.search_entry(moments, scale, gain_book, gain_linear)
            if err < best_err:
                best_word, best_gain, best_err = word, entry, err
    return best_word, best_gain, max(best_err + inner(target, target), 0.0)
