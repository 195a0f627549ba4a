"""Fixed codebook: trained shapes with a sign, alone or as the sum of two stages.

A word holds ``index1 sign`` or ``index1 index2 sign1 sign2``, highest bits first. A layout row (4,)
says where a subframe's stages lie in the book: first row and index bits of each; 0 bits: no stage.
"""

import numpy as np

from .._jit import kernel, search
from .._types import F32, F64, I64
from . import gains, ranking
from .adaptive_codebook import convolve
from .lpc import autocorrelation
from .modes import SUBFRAME_LEN

_LEAST_SUM = 0.05  # of the energies of two shapes: what their estimated sum is taken for at least


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


@search
def correlate(x: F64, impulse: F64, out: F64) -> None:
    """Filter x (n,) backwards by the impulse response (n,): out[i] = sum x[n] impulse[n-i]."""
    for i in range(x.shape[0]):
        acc = 0.0
        for n in range(i, x.shape[0]):
            acc += x[n] * impulse[n - i]
        out[i] = acc


@search
def _products(x: F64, columns: F32, start: int, out: F32) -> None:
    """Put the inner products of x (n,) with columns[:, start : start + len(out)] into out."""
    out[:] = 0.0
    for i in range(0, SUBFRAME_LEN, 4):
        a, b = np.float32(x[i]), np.float32(x[i + 1])
        c, d = np.float32(x[i + 2]), np.float32(x[i + 3])
        for j in range(out.shape[0]):
            k = start + j
            out[j] += (
                a * columns[i, k] + b * columns[i + 1, k] + c * columns[i + 2, k]
                + d * columns[i + 3, k]
            )  # fmt: skip


@search
def energies(impulse: F64, shape_acf: F32, layout: I64, out: F32) -> None:
    """Estimate the energy of each shape of a layout behind the impulse response.

    shape_acf (n, N): autocorrelations, a column per shape, lags above 0 doubled.      out (N,).
    The estimate counts the response beyond the subframe's end too; it only chooses who is tried.
    """
    acf = np.empty(SUBFRAME_LEN)
    autocorrelation(impulse, acf)
    floor = np.float32(1e-3 * acf[0])
    for stage in range(2):
        start, n_shapes = layout[2 * stage], 1 << layout[2 * stage + 1]
        _products(acf, shape_acf, start, out[start : start + n_shapes])
        for j in range(start, start + n_shapes):
            out[j] = max(out[j], floor)


@search
def _take_best(value: F32, base: int, items: I64, values: F64) -> None:
    """Offer each item base + 2 j, of value[j], to the best ones in items."""
    last = np.float32(values[values.shape[0] - 1])
    for j in range(value.shape[0]):
        if value[j] > last:
            ranking.insert(base + 2 * j, value[j], items, values)
            last = np.float32(values[values.shape[0] - 1])


@search
def _score(corr: F32, energy: F32, value: F32) -> None:
    """Put corr^2 / energy into value."""
    for j in range(corr.shape[0]):
        value[j] = corr[j] * corr[j] / energy[j]


@search
def _score_sums(
    corr1: float, energy1: float, corr2: F32, energy2: F32, cross: F32, sign: float, value: F32
) -> None:
    """Put into value the scores of a shape of stage 1 plus sign times each shape of stage 2."""
    a, e, s = np.float32(corr1), np.float32(energy1), np.float32(sign)
    for j in range(corr2.shape[0]):
        corr = a + s * corr2[j]
        both = e + energy2[j]
        energy = max(both + np.float32(2.0) * s * cross[j], np.float32(_LEAST_SUM) * both)
        value[j] = corr * corr / energy


@search
def shortlist(
    target: F64,
    impulse: F64,
    layout: I64,
    book: F64,
    columns: F32,
    energy: F32,
    n_first: int,
    words: I64,
) -> None:
    """Find the words (K,) whose filtered shapes match target (n,) best, by estimated energies.

    impulse (n,): of the weighted synthesis, sharpened.      columns (n, N): the book, transposed.
    energy (N,): from `energies`.      n_first: survivors of stage 1 when there are two.
    """
    backward = np.empty(SUBFRAME_LEN)
    correlate(target, impulse, backward)
    values = np.empty(words.shape[0])
    values[:] = -1.0
    start1, bits1, start2, bits2 = layout[0], layout[1], layout[2], layout[3]
    corr1, value = np.empty(1 << bits1, dtype=np.float32), np.empty(1 << bits1, dtype=np.float32)
    energy1 = energy[start1 : start1 + corr1.shape[0]]
    _products(backward, columns, start1, corr1)
    _score(corr1, energy1, value)
    if bits2 == 0:
        _take_best(value, 0, words, values)
        for k in range(words.shape[0]):
            words[k] |= corr1[words[k] >> 1] < 0.0
        return

    first, first_values = np.zeros(n_first, dtype=np.int64), np.empty(n_first)
    first_values[:] = -1.0
    _take_best(value, 0, first, first_values)
    corr2, cross = np.empty(1 << bits2, dtype=np.float32), np.empty(1 << bits2, dtype=np.float32)
    value = np.empty(1 << bits2, dtype=np.float32)
    energy2 = energy[start2 : start2 + corr2.shape[0]]
    filtered = np.empty(SUBFRAME_LEN)
    _products(backward, columns, start2, corr2)
    for item in first:
        i = item >> 1
        convolve(book[start1 + i], impulse, filtered)
        correlate(filtered, impulse, backward)
        _products(backward, columns, start2, cross)
        for opposite in range(2):  # the shapes' signs differ
            _score_sums(corr1[i], energy1[i], corr2, energy2, cross, 1.0 - 2.0 * opposite, value)
            _take_best(value, (i << bits2 + 1) + opposite, words, values)
    for k in range(words.shape[0]):
        opposite = words[k] & 1
        i, j = words[k] >> bits2 + 1, words[k] >> 1 & (1 << bits2) - 1
        sum_corr = corr1[i] - corr2[j] if opposite else corr1[i] + corr2[j]
        sign1 = np.int64(sum_corr < 0.0)
        words[k] = words[k] >> 1 << 2 | sign1 << 1 | sign1 ^ opposite


@search
def search_words(
    words: I64, target: F64, adaptive: F64, impulse: F64, layout: I64, book: F64, lag: int,
    beta: float, gain_book: F64, gain_linear: F64, level: float,
) -> tuple[int, int, float]:  # fmt: skip
    """Try each of words (K,) with each gain; return word, gain index and error of the best.

    target, adaptive (n,): weighted target and filtered adaptive codebook vector.
    impulse (n,): of the weighted synthesis, not sharpened.      level: predicted gain, linear.
    The error is that of the target less what both codebooks, with quantized gains, make of it.
    """
    shape = np.empty(SUBFRAME_LEN)
    filtered = np.empty(SUBFRAME_LEN)
    moments = np.zeros(5)
    xx = 0.0
    for n in range(SUBFRAME_LEN):
        xx += target[n] * target[n]
        moments[0] += target[n] * adaptive[n]
        moments[2] += adaptive[n] * adaptive[n]
    best_word, best_gain, best_err = words[0], 0, np.inf
    for word in words:
        vector(word, layout, book, shape)
        sharpen(shape, lag, beta)
        convolve(shape, impulse, filtered)
        xz, zz, yz = 0.0, 0.0, 0.0
        for n in range(SUBFRAME_LEN):
            xz += target[n] * filtered[n]
            zz += filtered[n] * filtered[n]
            yz += adaptive[n] * filtered[n]
        moments[1], moments[3], moments[4] = xz, zz, yz
        entry, err = gains.search_entry(moments, level / gains.rms(shape), gain_book, gain_linear)
        if err < best_err:
            best_word, best_gain, best_err = word, entry, err
    return best_word, best_gain, max(best_err + xx, 0.0)
