"""Search of the fixed codebook: the code vectors whose filtered z match the updated target best.

The match of a code vector c is <d,c>^2 / <z,z>, d being the updated target, filtered backwards. A
first pass ranks all code vectors by their match, with estimated energies <z,z>. The second pass
filters the code vectors of the shortlist and tries them with all gains.
"""

import math

import numpy as np

from ..._numba import fast, inlined, stack_array
from ..._types import F32, F64, I64
from ..format.modes import MAX_STAGE_BITS, SUBFRAME_LEN
from . import gain_search, ranking
from .presets import MAX_PAIRS, MAX_SHORTLIST, MAX_STAGE1_SURVIVORS
from .products import (
    PANEL,
    convolve_all,
    correlate,
    correlate_all,
    inner,
    multiply_panels,
    products_with,
)
from .search_tables import CodeVectors

_LEAST_ACF = np.float32(0.1)  # of lag 0: where the autocorrelation stays below it, it is cut
_LEAST_SUM = 0.05  # of the energies of two vectors: the least estimate for their sum
_LEAST_RMS = 1e-6  # of a code vector
_BLOCK = 32  # matches that are looked at together: most blocks hold no candidate
_TOGETHER = 8  # vectors of stage 1 whose products with stage 2 are computed at once
_MAX_STAGE = 1 << MAX_STAGE_BITS
_MAX_MATCHES = MAX_PAIRS * _MAX_STAGE
_MAX_CROSS = _TOGETHER * _MAX_STAGE
_MAX_VECTORS = MAX_PAIRS * MAX_STAGE1_SURVIVORS
MAX_TRIED = MAX_PAIRS * MAX_SHORTLIST  # code vectors in all, compared exactly


@inlined
def _whole_panels(n: int) -> int:
    """Return n, rounded up to whole panels."""
    return (n + PANEL - 1) // PANEL * PANEL


@inlined
def _n_notable(acf: F32) -> int:
    """Return the number of lags of acf (n,) that are worth a product."""
    last = 0
    for n in range(acf.shape[0]):
        if abs(acf[n]) >= _LEAST_ACF * acf[0]:
            last = n
    return last + 1


@fast(apart=True)
def energies(responses: F32, vectors: CodeVectors, layout: I64, out: F32) -> None:
    """Estimate the energy of each code vector of a layout after each of some filters.

    responses (G, 2, 2 n): of the weighted synthesis filter, sharpened.      out (G, N).
    layout (4,): a row of vectors.layout.
    The estimate includes the response beyond the end of the subframe; it only ranks candidates.
    """
    acf = stack_array((MAX_PAIRS, SUBFRAME_LEN), np.float32)[: responses.shape[0]]
    # no constant, for which numba would compile another copy of the product
    n_lags: int = np.int64(1)  # type: ignore[assignment]
    for g in range(responses.shape[0]):
        correlate(responses[g, 0, SUBFRAME_LEN:], responses[g], acf[g])
        n_lags = max(n_lags, _n_notable(acf[g]))
    for stage in range(2):
        start, bits = layout[2 * stage], layout[2 * stage + 1]
        if bits > 0:
            energy = out[:, start : start + _whole_panels(1 << bits)]
            multiply_panels(acf, n_lags, vectors.acf, start, energy)
            for g in range(energy.shape[0]):
                row, floor = energy[g], np.float32(1e-3) * acf[g, 0]
                for j in range(row.shape[0]):
                    row[j] = max(row[j], floor)


@fast(apart=True)
def preselect(
    targets: F32, group: I64, responses: F32, layout: I64, vectors: CodeVectors, energy: F32,
    n_survivors: int, indices: I64,
) -> None:  # fmt: skip
    """Put the code vectors of best estimated match with each target into indices (P, K).

    targets (P, n): updated targets.      group (P,): the row of each in responses and energy.
    responses (G, 2, 2 n), energy (G, N): as in `energies`.      layout (4,): of vectors.layout.
    n_survivors: of stage 1, where there are two stages.
    """
    start1, start2, bits2 = layout[0], layout[2], layout[3]
    n1, n2 = 1 << layout[1], 1 << bits2
    n_targets, n_tried = indices.shape
    assert n_targets <= MAX_PAIRS
    assert n_survivors <= MAX_STAGE1_SURVIVORS
    assert n_tried <= MAX_SHORTLIST
    d = stack_array((MAX_PAIRS, SUBFRAME_LEN), np.float32)[:n_targets]  # filtered backwards
    for t in range(n_targets):
        correlate(targets[t], responses[group[t]], d[t])
    width1, width2 = _whole_panels(n1), _whole_panels(n2)
    corr1 = stack_array(_MAX_MATCHES, np.float32)[: n_targets * width1].reshape(n_targets, width1)
    multiply_panels(d, SUBFRAME_LEN, vectors.columns, start1, corr1)
    if bits2 == 0:
        for t in range(n_targets):
            _take_matches(corr1[t, :n1], energy[group[t], start1 : start1 + n1], indices[t])
            for k in range(n_tried):
                indices[t, k] = indices[t, k] << 1 | (corr1[t, indices[t, k]] < 0.0)
        return
    survivors = stack_array(_MAX_VECTORS, np.int64)[: n_targets * n_survivors]
    survivors = survivors.reshape(n_targets, n_survivors)
    for t in range(n_targets):
        _take_matches(corr1[t, :n1], energy[group[t], start1 : start1 + n1], survivors[t])
    corr2 = stack_array(_MAX_MATCHES, np.float32)[: n_targets * width2].reshape(n_targets, width2)
    multiply_panels(d, SUBFRAME_LEN, vectors.columns, start2, corr2)
    values = stack_array(MAX_TRIED)[: indices.size].reshape(indices.shape)
    indices[:], values[:] = 0, -1.0
    for g in range(responses.shape[0]):
        _take_sums_of_group(
            g, group, survivors, responses[g], layout, vectors.columns, corr1, corr2, energy[g],
            indices, values,
        )  # fmt: skip
    for t in range(n_targets):
        for k in range(n_tried):
            indices[t, k] = _signed(indices[t, k], bits2, corr1[t], corr2[t])


@inlined
def _take_sums_of_group(
    g: int, group: I64, survivors: I64, response: F32, layout: I64, columns: F32, corr1: F32,
    corr2: F32, energy: F32, items: I64, values: F64,
) -> None:  # fmt: skip
    """Insert the sums with survivors of stage 1 among the best of each target of group g.

    survivors (P, M): of stage 1. Targets share them, so their products with stage 2 are computed
    once, for a few vectors at a time.      corr1, corr2 (P, N): correlations of single vectors.
    """
    start1, start2, n2 = layout[0], layout[2], 1 << layout[3]
    n_vectors = 0
    place = stack_array(_MAX_STAGE, np.int64)  # of a vector among the survivors of the group
    chosen = stack_array(_MAX_VECTORS, np.int64)
    place[:] = -1
    for t in range(group.shape[0]):
        if group[t] == g:
            for i in survivors[t]:
                if place[i] < 0:
                    place[i] = n_vectors
                    chosen[n_vectors] = start1 + i
                    n_vectors += 1
    width = corr2.shape[1]
    cross = stack_array(_MAX_CROSS, np.float32)[: _TOGETHER * width].reshape(_TOGETHER, width)
    vectors = stack_array((_TOGETHER, SUBFRAME_LEN), np.float32)
    filtered = stack_array((_TOGETHER, SUBFRAME_LEN), np.float32)
    for begin in range(0, n_vectors, _TOGETHER):
        n = min(_TOGETHER, n_vectors - begin)
        for r in range(n):
            panel, column = columns[chosen[begin + r] // PANEL], chosen[begin + r] % PANEL
            for m in range(SUBFRAME_LEN):
                vectors[r, m] = panel[m, column]
        convolve_all(vectors[:n], response, filtered[:n])
        correlate_all(filtered[:n], response, vectors[:n])
        multiply_panels(vectors[:n], SUBFRAME_LEN, columns, start2, cross[:n])
        for t in range(group.shape[0]):
            if group[t] != g:
                continue
            for i in survivors[t]:
                r = place[i] - begin
                if 0 <= r < n:
                    _take_sums(
                        corr1[t, i], energy[start1 + i], corr2[t, :n2],
                        energy[start2 : start2 + n2], cross[r, :n2], i, items[t], values[t],
                    )  # fmt: skip


@fast
def _take_matches(corr: F32, energy: F32, items: I64) -> None:
    """Put the rows of the largest corr^2 / energy into items."""
    score = stack_array(_MAX_STAGE, np.float32)[: corr.shape[0]]
    for j in range(score.shape[0]):
        score[j] = corr[j] * corr[j] / energy[j]
    ranking.largest(score, items)


@fast
def _energy_of_sum(both: np.float32, cross: np.float32) -> np.float32:
    """Estimate the energy of a sum of vectors from their energies, added, and their product."""
    return max(both + np.float32(2.0) * cross, np.float32(_LEAST_SUM) * both)


@fast
def _take_sums(
    corr1: float, energy1: float, corr2: F32, energy2: F32, cross: F32, i: int, items: I64,
    values: F64,
) -> None:  # fmt: skip
    """Insert vector i of stage 1, plus and minus each vector j of stage 2, among the best sums.

    corr2, energy2, cross (N,): of stage 2; cross are the products with vector i.
    The sum is item 2 (i N + j), the difference is the next item.
    """
    match, alone = np.float32(corr1), np.float32(energy1)
    n, last = corr2.shape[0], values.shape[0] - 1
    for start in range(0, n, _BLOCK):
        c, e = corr2[start : start + _BLOCK], energy2[start : start + _BLOCK]
        x = cross[start : start + _BLOCK]
        least, some = np.float32(values[last]), False
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
                    value = np.float64(plus * plus / energy)
                    ranking.insert(item, value, items, values)
                    least = np.float32(values[last])
                energy = _energy_of_sum(both, -x[j])
                if minus * minus > least * energy:
                    value = np.float64(minus * minus / energy)
                    ranking.insert(item + 1, value, items, values)
                    least = np.float32(values[last])


@fast
def _signed(item: int, bits2: int, corr1: F32, corr2: F32) -> int:
    """Return the index of an item of `_take_sums`; its signs make the correlation positive."""
    opposite = item & 1
    i, j = item >> bits2 + 1, item >> 1 & (1 << bits2) - 1
    match = corr1[i] - corr2[j] if opposite else corr1[i] + corr2[j]
    sign1 = int(match < 0.0)
    return item >> 1 << 2 | sign1 << 1 | sign1 ^ opposite


@fast(apart=True)
def search(
    indices: I64, target: F32, adaptive: F32, response: F32, layout: I64, rows: F32, lag: int,
    beta: float, gain_book: F64, correction: F64, predicted_gain: float,
) -> tuple[int, int, float]:  # fmt: skip
    """Try each of indices (K,) with all gains; return the best index, its gain index and error.

    target, adaptive (n,): target x and filtered adaptive codebook vector y.
    response: of the weighted synthesis filter, sharpened.      layout (4,), rows: of the book.
    predicted_gain: linear.
    The error is |x - g_p y - g_c z|^2 with quantized gains, z the filtered, sharpened code vector.
    """
    n, moments = indices.shape[0], stack_array(5)
    code = stack_array((MAX_SHORTLIST, SUBFRAME_LEN), np.float32)[:n]
    filtered = stack_array((MAX_SHORTLIST, SUBFRAME_LEN), np.float32)[:n]
    for k in range(n):
        _vector(indices[k], layout, rows, code[k])
    convolve_all(code, response, filtered)
    moments[0], moments[2] = inner(target, adaptive), inner(adaptive, adaptive)
    best_index, best_gain, best_err = indices[0], 0, np.inf
    for k in range(n):
        moments[1], moments[3], moments[4] = products_with(filtered[k], target, adaptive)
        if gain_search.least_error(moments) < best_err:
            energy = _sharpened_energy(code[k], lag, beta)
            scale = predicted_gain / max(math.sqrt(energy / SUBFRAME_LEN), _LEAST_RMS)
            gain, err = gain_search.search(moments, scale, gain_book, correction)
            if err < best_err:
                best_index, best_gain, best_err = indices[k], gain, err
    return best_index, best_gain, max(best_err + inner(target, target), 0.0)


@fast
def _vector(index: int, layout: I64, rows: F32, out: F32) -> None:
    """Put the code vector of an index into out (n,), as `fixed_codebook.vector` does."""
    start1, start2, bits2 = layout[0], layout[2], layout[3]
    if bits2 == 0:
        row, sign = rows[start1 + (index >> 1)], np.float32(1 - 2 * (index & 1))
        for n in range(out.shape[0]):
            out[n] = sign * row[n]
        return
    row1 = rows[start1 + (index >> bits2 + 2)]
    row2 = rows[start2 + (index >> 2 & (1 << bits2) - 1)]
    sign1, sign2 = np.float32(1 - (index & 2)), np.float32(1 - 2 * (index & 1))
    for n in range(out.shape[0]):
        out[n] = sign1 * row1[n] + sign2 * row2[n]


@fast
def _sharpened_energy(code: F32, lag: int, beta: float) -> float:
    """Return the energy of a code vector (n,) with the pitch sharpening."""
    energy = inner(code, code)
    # MIN_LAG is half of the subframe: what is repeated has not been sharpened itself
    n_repeated = max(SUBFRAME_LEN - lag, 0)
    now, before = code[SUBFRAME_LEN - n_repeated :], code[:n_repeated]
    return energy + beta * (2.0 * inner(now, before) + beta * inner(before, before))
