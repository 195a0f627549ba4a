"""Search of the fixed codebook: the code vectors whose filtered z match the updated target best.

The match of a code vector c is <d,c>^2 / <z,z>, d being the updated target, filtered backwards. A
first pass ranks all code vectors by their match, with estimated energies <z,z>. The second pass
filters the code vectors of the shortlist and tries them with all gains.
"""

import numpy as np

from ..._numba import fast, inlined, stack_array
from ..._types import F32, F64, I64
from ..common import filters, gains
from ..common.fixed_codebook import sharpen, vector
from ..format.modes import MAX_STAGE_BITS, SUBFRAME_LEN
from . import gain_search, ranking
from .presets import MAX_PAIRS, MAX_SHORTLIST, MAX_STAGE1_SURVIVORS
from .products import (
    UNROLLED,
    convolve,
    correlate,
    inner,
    multiply,
    multiply_all,
    products_with,
)

_LEAST_ACF = np.float32(0.05)  # of lag 0: where the autocorrelation stays below it, it is cut
_LEAST_SUM = 0.05  # of the energies of two vectors: the least estimate for their sum
_BLOCK = 32  # matches that are looked at together: most blocks hold no candidate
_TOGETHER = 4  # vectors of stage 1 whose products with stage 2 are computed at once
_MAX_STAGE = 1 << MAX_STAGE_BITS
_MAX_MATCHES = MAX_PAIRS * _MAX_STAGE
_MAX_CROSS = _TOGETHER * _MAX_STAGE
_MAX_VECTORS = MAX_PAIRS * MAX_STAGE1_SURVIVORS + _TOGETHER
MAX_TRIED = MAX_PAIRS * MAX_SHORTLIST  # code vectors in all, compared exactly


@inlined
def _n_notable(acf: F32) -> int:
    """Return the number of lags of acf (n,) that are worth a product, a multiple of `UNROLLED`."""
    last = 0
    for n in range(acf.shape[0]):
        if abs(acf[n]) >= _LEAST_ACF * acf[0]:
            last = n
    return (last // UNROLLED + 1) * UNROLLED


@fast
def energies(response: F32, vector_acf: F32, layout: I64, out: F32) -> None:
    """Estimate the energy of each code vector of a layout after the weighted synthesis filter.

    vector_acf (n, N): autocorrelations of the code vectors, from `SearchTables`.      out (N,).
    The estimate includes the response beyond the end of the subframe; it only ranks candidates.
    """
    acf = stack_array(SUBFRAME_LEN, np.float32)
    correlate(response[0, SUBFRAME_LEN:], response, acf)
    floor = np.float32(1e-3) * acf[0]
    n_lags = _n_notable(acf)
    for stage in range(2):
        start, n_vectors = layout[2 * stage], 1 << layout[2 * stage + 1]
        energy = out[start : start + n_vectors]
        multiply(acf[:n_lags], vector_acf, start, energy)
        for j in range(n_vectors):
            energy[j] = max(energy[j], floor)


@fast
def preselect(
    targets: F32, response: F32, layout: I64, columns: F32, energy: F32, n_survivors: int,
    indices: I64,
) -> None:  # fmt: skip
    """Put the code vectors of best estimated match with each target into indices (P, K).

    targets (P, n): updated targets.      response: of the weighted synthesis filter, sharpened.
    columns (n, N): the book, transposed.      energy (N,): from `energies`.
    n_survivors: of stage 1, where there are two stages.
    """
    start1, start2, bits2 = layout[0], layout[2], layout[3]
    n1, n2 = 1 << layout[1], 1 << bits2
    n_targets, n_tried = indices.shape
    assert n_targets <= MAX_PAIRS
    assert n_survivors <= MAX_STAGE1_SURVIVORS
    assert n_tried <= MAX_SHORTLIST
    d = stack_array((MAX_PAIRS, SUBFRAME_LEN), np.float32)[:n_targets]  # filtered backwards
    corr1 = stack_array(_MAX_MATCHES, np.float32)[: n_targets * n1].reshape(n_targets, n1)
    energy1 = energy[start1 : start1 + n1]
    for t in range(n_targets):
        correlate(targets[t], response, d[t])
    multiply_all(d, columns, start1, corr1)
    if bits2 == 0:
        for t in range(n_targets):
            _take_matches(corr1[t], energy1, indices[t])
            for k in range(n_tried):
                indices[t, k] = indices[t, k] << 1 | (corr1[t, indices[t, k]] < 0.0)
        return
    survivors_ = stack_array(_MAX_VECTORS, np.int64)[: n_targets * n_survivors]
    survivors = survivors_.reshape(n_targets, n_survivors)
    for t in range(n_targets):
        _take_matches(corr1[t], energy1, survivors[t])
    corr2 = stack_array(_MAX_MATCHES, np.float32)[: n_targets * n2].reshape(n_targets, n2)
    multiply_all(d, columns, start2, corr2)
    energy2 = energy[start2 : start2 + n2]
    _preselect_sums(
        survivors, response, start1, start2, columns, corr1, energy1, corr2, energy2, indices
    )
    for t in range(n_targets):
        for k in range(n_tried):
            indices[t, k] = _signed(indices[t, k], bits2, corr1[t], corr2[t])


@inlined
def _preselect_sums(
    survivors: I64, response: F32, start1: int, start2: int, columns: F32, corr1: F32,
    energy1: F32, corr2: F32, energy2: F32, indices: I64,
) -> None:  # fmt: skip
    """Put the best items of `_take_sums` for each target into indices (P, K).

    survivors (P, M): of stage 1. Targets share them, so their products with stage 2 are computed
    once, for a few vectors at a time.      corr1, corr2 (P, N): correlations of single vectors.
    """
    n_targets, n_survivors = survivors.shape
    n_vectors = 0
    place = stack_array(_MAX_STAGE, np.int64)  # of a vector among the survivors of all targets
    vectors = stack_array(_MAX_VECTORS, np.int64)
    place[:], vectors[:] = -1, 0
    for t in range(n_targets):
        for i in survivors[t]:
            if place[i] < 0:
                place[i] = n_vectors
                vectors[n_vectors] = i
                n_vectors += 1
    vectors1 = stack_array((_TOGETHER, SUBFRAME_LEN), np.float32)
    filtered = stack_array(SUBFRAME_LEN, np.float32)
    n2 = corr2.shape[1]
    cross = stack_array(_MAX_CROSS, np.float32)[: _TOGETHER * n2].reshape(_TOGETHER, n2)
    values = stack_array(MAX_TRIED)[: indices.size].reshape(indices.shape)
    indices[:], values[:] = 0, -1.0
    for begin in range(0, n_vectors, _TOGETHER):
        for r in range(_TOGETHER):
            for n in range(SUBFRAME_LEN):
                vectors1[r, n] = columns[n, start1 + vectors[begin + r]]
            convolve(vectors1[r], response, filtered)
            correlate(filtered, response, vectors1[r])
        multiply_all(vectors1, columns, start2, cross)
        for t in range(n_targets):
            for k in range(n_survivors):
                i = survivors[t, k]
                r = place[i] - begin
                if 0 <= r < _TOGETHER:
                    _take_sums(
                        corr1[t, i], energy1[i], t, corr2, energy2, r, cross, i, indices, values
                    )


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
    corr1: float, energy1: float, t: int, corr2: F32, energy2: F32, r: int, cross: F32, i: int,
    items: I64, values: F64,
) -> None:  # fmt: skip
    """Insert vector i of stage 1, plus and minus each vector j of stage 2, among the best sums.

    Row t of corr2, items and values belongs to the target, row r of cross to vector i. The sum is
    item 2 (i N + j), the difference is the next item.
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


@fast
def _signed(item: int, bits2: int, corr1: F32, corr2: F32) -> int:
    """Return the index of an item of `_take_sums`; its signs make the correlation positive."""
    opposite = item & 1
    i, j = item >> bits2 + 1, item >> 1 & (1 << bits2) - 1
    match = corr1[i] - corr2[j] if opposite else corr1[i] + corr2[j]
    sign1 = int(match < 0.0)
    return item >> 1 << 2 | sign1 << 1 | sign1 ^ opposite


@fast
def search(
    indices: I64, target: F32, adaptive: F32, response: F32, layout: I64, book: F64, lag: int,
    beta: float, gain_book: F64, correction: F64, predicted_gain: float,
) -> tuple[int, int, float]:  # fmt: skip
    """Try each of indices (K,) with all gains; return the best index, its gain index and error.

    target, adaptive (n,): target x and filtered adaptive codebook vector y.
    response: of the weighted synthesis filter, sharpened.      predicted_gain: linear.
    The error is |x - g_p y - g_c z|^2 with quantized gains, z the filtered, sharpened code vector.
    """
    code, moments = stack_array(SUBFRAME_LEN), stack_array(5)
    plain, filtered = stack_array(SUBFRAME_LEN, np.float32), stack_array(SUBFRAME_LEN, np.float32)
    moments[0], moments[2] = inner(target, adaptive), inner(adaptive, adaptive)
    best_index, best_gain, best_err = indices[0], 0, np.inf
    for index in indices:
        vector(index, layout, book, code)
        filters.copy(code, plain)
        convolve(plain, response, filtered)
        sharpen(code, lag, beta)
        moments[1], moments[3], moments[4] = products_with(filtered, target, adaptive)
        if gain_search.least_error(moments) < best_err:
            scale = predicted_gain / gains.rms(code)
            gain, err = gain_search.search(moments, scale, gain_book, correction)
            if err < best_err:
                best_index, best_gain, best_err = index, gain, err
    return best_index, best_gain, max(best_err + inner(target, target), 0.0)
