"""LSF quantizer: switched prediction, then two stages, the second split into halves.

The first bit chooses the predictor, 0.35 rho (the safety net, which forgets errors fast) or
0.97 rho of the last quantized LSF's distance from the mean. Errors are weighted by what they do to
the spectrum [1]_.

.. [1] W. R. Gardner and B. D. Rao, "Theoretical analysis of the high-rate vector quantization of
   LPC parameters", IEEE Trans. Speech Audio Process. 3(5), 1995.
"""

from typing import NamedTuple, Self

import numpy as np

from .._types import F32, F64, I64
from . import lsf as _lsf
from . import products, ranking, tuning
from .compiling import kernel, part, search, stack_array
from .modes import LPC_ORDER, MAX_LSF_BITS
from .products import multiply, multiply_all
from .tuning import MAX_LSF_SURVIVORS, MAX_SPECTRA

SPLIT = LPC_ORDER // 2
_N_COEFFICIENTS = LPC_ORDER + 1
_N_TERMS = 2 * LPC_ORDER
_MAX_ENTRIES = 1 << MAX_LSF_BITS
_MAX_PRODUCTS = MAX_LSF_SURVIVORS * _MAX_ENTRIES


class LsfTables(NamedTuple):
    """Codebooks of the LSF quantizer; the first axis of the books is the predictor."""

    mean: F64  # (p,)
    rho: F64  # (2, p)
    stage1: F64  # (2, n1, p)
    low: F64  # (2, n2, SPLIT) stage 2 of the lower half
    high: F64  # (2, n3, p - SPLIT)


class LsfColumns(NamedTuple):
    """The books for the search: a column holds an entry and, below it, its squares."""

    stage1: F32  # (2, 2 p, n1)
    low: F32  # (2, 2 SPLIT, n2)
    high: F32  # (2, 2 (p - SPLIT), n3)

    @classmethod
    def derive(cls, tables: LsfTables) -> Self:
        """Return the columns of `tables`."""
        return cls(*(
            np.ascontiguousarray(np.dstack([book, book**2]).swapaxes(1, 2), dtype=np.float32)
            for book in (tables.stage1, tables.low, tables.high)
        ))  # fmt: skip


@kernel
def predict(switch: int, tables: LsfTables, prev: F64, out: F64) -> None:
    """Put the LSF expected after prev (p,) into out (p,)."""
    for i in range(LPC_ORDER):
        out[i] = tables.mean[i] + tables.rho[switch, i] * (prev[i] - tables.mean[i])


@kernel
def dequantize(words: I64, tables: LsfTables, prev: F64, out: F64) -> None:
    """Put the LSF of words (4,) after prev (p,) into out (p,), stable whatever the words."""
    switch = words[0]
    predict(switch, tables, prev, out)
    for i in range(LPC_ORDER):
        out[i] += tables.stage1[switch, words[1], i]
    for i in range(SPLIT):
        out[i] += tables.low[switch, words[2], i]
    for i in range(LPC_ORDER - SPLIT):
        out[SPLIT + i] += tables.high[switch, words[3], i]
    _lsf.stabilize(out)


@kernel  # strict: training repeats exactly only if this does
def weights(lsf: F64, r: F64, out: F64) -> None:
    """Put the weight of each LSF's squared error into out (p,), their mean 1.

    The diagonal of J R J^T of [1]_: J the derivative of the predictor's coefficients with respect
    to the LSF, R from the signal's autocorrelation r (p + 1,).
    """
    poly = stack_array(_N_COEFFICIENTS)
    total = 0.0
    for i in range(LPC_ORDER):
        # dA/dw_i = sin w_i z^-1 (1 +- z^-1) prod over the others of the same polynomial
        poly[:] = 0.0
        poly[0] = np.sin(lsf[i])
        poly[1] = poly[0] if i % 2 == 0 else -poly[0]
        degree = 1
        for j in range(i % 2, LPC_ORDER, 2):
            if j == i:
                continue
            b = -2.0 * np.cos(lsf[j])
            degree += 2
            for k in range(degree, 1, -1):
                poly[k] += b * poly[k - 1] + poly[k - 2]
            poly[1] += b * poly[0]
        acc = 0.0
        for k in range(LPC_ORDER):
            for m in range(LPC_ORDER):
                acc += poly[k] * poly[m] * r[abs(k - m)]
        out[i] = acc
        total += acc
    scale = LPC_ORDER / max(total, 1e-30)
    for i in range(LPC_ORDER):
        out[i] = out[i] * scale + 1e-4


@search
def _nearest(target: F64, weight: F64, book: F64) -> tuple[int, float]:
    """Return the row of book (n, k) nearest to target (k,), and its error."""
    best, best_err = 0, np.inf
    for row in range(book.shape[0]):
        err = 0.0
        for i in range(book.shape[1]):
            diff = target[i] - book[row, i]
            err += weight[i] * diff * diff
        if err < best_err:
            best, best_err = row, err
    return best, best_err


@part
def _add_least(start: int, rest: F64, weight: F64, columns: F32, err: F32) -> None:
    """Add the least error of any entry for rest[:, start:] (M, k) to err (M,), less that of none.

    |x - c|^2 - |x|^2 = -2 x.c + c.c, weighted: a product, and a sum that is the same for all x.
    """
    n, n_entries = columns.shape[0] // 2, columns.shape[1]
    x, w = stack_array((MAX_LSF_SURVIVORS, SPLIT), np.float32), stack_array(SPLIT, np.float32)
    x = x[: rest.shape[0]]
    for i in range(n):
        w[i] = weight[start + i]
        for k in range(rest.shape[0]):
            x[k, i] = -2.0 * weight[start + i] * rest[k, start + i]
    norm = stack_array(_MAX_ENTRIES, np.float32)[:n_entries]
    products_ = stack_array(_MAX_PRODUCTS, np.float32)
    product = products_[: rest.shape[0] * n_entries].reshape(rest.shape[0], n_entries)
    multiply(w, columns[n:], products.FIRST, norm)
    multiply_all(x, columns[:n], products.FIRST, product)
    for k in range(rest.shape[0]):
        row = product[k]
        for j in range(n_entries):
            row[j] += norm[j]
        err[k] += ranking.least(row)


@search
def quantize(
    lsf: F64, weight: F64, tables: LsfTables, columns: LsfColumns, prev: F64, n_survivors: int,
    safe: bool, words: I64, errors: F64,
) -> int:  # fmt: skip
    """Put the best codewords for lsf (p,) after prev (p,) into words (M, 4); return how many.

    errors (M,): weighted, rising but for the penalty on the prediction.      safe: use the safety
    net whatever it costs.      n_survivors: of stage 1, per predictor, each with its best stage 2.
    """
    n1 = tables.stage1.shape[1]
    n_survivors = min(n_survivors, n1, MAX_LSF_SURVIVORS)
    n_switches = 1 if safe else 2
    residual = stack_array((2, LPC_ORDER))
    rest = stack_array((MAX_LSF_SURVIVORS, LPC_ORDER))[:n_survivors]
    x = stack_array(_N_TERMS, np.float32)
    score = stack_array(_MAX_ENTRIES, np.float32)[:n1]
    err = stack_array(MAX_LSF_SURVIVORS, np.float32)[:n_survivors]
    items = stack_array(MAX_LSF_SURVIVORS, np.int64)[:n_survivors]
    values = stack_array(MAX_LSF_SURVIVORS)[:n_survivors]
    n_found = min(words.shape[0], n_switches * n_survivors, MAX_SPECTRA)
    found, costs = stack_array(MAX_SPECTRA, np.int64)[:n_found], stack_array(MAX_SPECTRA)[:n_found]
    found[:], costs[:] = 0, -np.inf
    for switch in range(n_switches):
        predict(switch, tables, prev, residual[switch])
        energy = 0.0
        for i in range(LPC_ORDER):
            r = lsf[i] - residual[switch, i]
            residual[switch, i] = r
            energy += weight[i] * r * r
            x[i], x[LPC_ORDER + i] = 2.0 * weight[i] * r, -weight[i]
        multiply(x, columns.stage1[switch], products.FIRST, score)
        items[:], values[:] = 0, -np.inf
        ranking.take(score, 0, 1, items, values)
        for k in range(n_survivors):
            err[k] = energy - values[k]
            for i in range(LPC_ORDER):
                rest[k, i] = residual[switch, i] - tables.stage1[switch, items[k], i]
        for start in (0, SPLIT):
            half = columns.low if start == 0 else columns.high
            _add_least(start, rest, weight, half[switch], err)
        penalty = tuning.PREDICTION_PENALTY if switch == 1 else 1.0
        for k in range(n_survivors):
            if -penalty * err[k] > costs[n_found - 1]:
                ranking.insert(switch * n1 + items[k], -penalty * err[k], found, costs)
    target = stack_array(LPC_ORDER)
    for k in range(n_found):
        switch, row = found[k] // n1, found[k] % n1
        for i in range(LPC_ORDER):
            target[i] = residual[switch, i] - tables.stage1[switch, row, i]
        low, err_low = _nearest(target[:SPLIT], weight[:SPLIT], tables.low[switch])
        high, err_high = _nearest(target[SPLIT:], weight[SPLIT:], tables.high[switch])
        words[k, 0], words[k, 1], words[k, 2], words[k, 3] = switch, row, low, high
        errors[k] = err_low + err_high
    return n_found
