"""Search of the LSF quantizer: the indices whose LSF lie nearest to the LSF of the input.

The squared error of each LSF is weighted by its effect on the spectrum [1]_.

.. [1] W. R. Gardner and B. D. Rao, "Theoretical analysis of the high-rate vector quantization of
   LPC parameters", IEEE Trans. Speech Audio Process. 3(5), 1995.
"""

from typing import NamedTuple, Self

import numpy as np

from ..._numba import fast, inlined, stack_array, strict
from ..._types import F32, F64, I64
from ..common.lsf_dequantizer import SPLIT, LsfTables, predict
from ..format.modes import LPC_ORDER, MAX_LSF_BITS
from . import presets, ranking
from .presets import MAX_LSF_CANDIDATES, MAX_LSF_SURVIVORS
from .products import multiply, multiply_all

_N_COEFFICIENTS = LPC_ORDER + 1
_N_TERMS = 2 * LPC_ORDER
_MAX_ENTRIES = 1 << MAX_LSF_BITS
_MAX_PRODUCTS = MAX_LSF_SURVIVORS * _MAX_ENTRIES


class LsfColumns(NamedTuple):
    """The books as the search reads them: a column holds an entry and below it the squares."""

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


@strict  # strict: training repeats exactly only if this does
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


@fast
def _nearest(target: F64, weight: F64, book: F64) -> tuple[int, float]:
    """Return the row of book (n, k) nearest to target (k,), and its weighted error."""
    best, best_err = 0, np.inf
    for row in range(book.shape[0]):
        err = 0.0
        for i in range(book.shape[1]):
            diff = target[i] - book[row, i]
            err += weight[i] * diff * diff
        if err < best_err:
            best, best_err = row, err
    return best, best_err


@inlined
def _add_least(start: int, residuals: F64, weight: F64, columns: F32, err: F32) -> None:
    """Add the change in error by the best entry for residuals[:, start:] (M, k) to err (M,).

    |r - c|^2 - |r|^2 = -2 r.c + c.c, weighted: a product, and a sum that all residuals r share.
    """
    n, n_entries = columns.shape[0] // 2, columns.shape[1]
    x, w = stack_array((MAX_LSF_SURVIVORS, SPLIT), np.float32), stack_array(SPLIT, np.float32)
    x = x[: residuals.shape[0]]
    for i in range(n):
        w[i] = weight[start + i]
        for k in range(residuals.shape[0]):
            x[k, i] = -2.0 * weight[start + i] * residuals[k, start + i]
    norm = stack_array(_MAX_ENTRIES, np.float32)[:n_entries]
    products_ = stack_array(_MAX_PRODUCTS, np.float32)
    product = products_[: residuals.shape[0] * n_entries].reshape(residuals.shape[0], n_entries)
    multiply(w, columns[n:], norm)
    multiply_all(x, columns[:n], product)
    for k in range(residuals.shape[0]):
        row = product[k]
        for j in range(n_entries):
            row[j] += norm[j]
        err[k] += ranking.least(row)


@fast(apart=True)
def search(
    lsf: F64, weight: F64, tables: LsfTables, columns: LsfColumns, prev: F64, n_survivors: int,
    safe: bool, indices: I64, errors: F64,
) -> int:  # fmt: skip
    """Put the best indices for lsf (p,) after prev (p,) into indices (M, 4); return their number.

    errors (M,): weighted; they rise but for the penalty on the strong predictor.
    safe: allow only the safety net.
    n_survivors: of stage 1, per predictor; each gets its best entries of stage 2.
    """
    n1 = tables.stage1.shape[1]
    n_survivors = min(n_survivors, n1, MAX_LSF_SURVIVORS)
    n_switches = 1 if safe else 2
    residual = stack_array((2, LPC_ORDER))
    residuals = stack_array((MAX_LSF_SURVIVORS, LPC_ORDER))[:n_survivors]
    x = stack_array(_N_TERMS, np.float32)
    score = stack_array(_MAX_ENTRIES, np.float32)[:n1]
    err = stack_array(MAX_LSF_SURVIVORS, np.float32)[:n_survivors]
    items = stack_array(MAX_LSF_SURVIVORS, np.int64)[:n_survivors]
    values = stack_array(MAX_LSF_SURVIVORS)[:n_survivors]
    n_found = min(indices.shape[0], n_switches * n_survivors, MAX_LSF_CANDIDATES)
    found = stack_array(MAX_LSF_CANDIDATES, np.int64)[:n_found]
    found_values = stack_array(MAX_LSF_CANDIDATES)[:n_found]
    found[:], found_values[:] = 0, -np.inf
    for switch in range(n_switches):
        predict(switch, tables, prev, residual[switch])
        energy = 0.0
        for i in range(LPC_ORDER):
            r = lsf[i] - residual[switch, i]
            residual[switch, i] = r
            energy += weight[i] * r * r
            x[i], x[LPC_ORDER + i] = 2.0 * weight[i] * r, -weight[i]
        # |r|^2 - |r - c|^2 = 2 r.c - c.c, weighted, of each entry c
        multiply(x, columns.stage1[switch], score)
        items[:], values[:] = 0, -np.inf
        ranking.take(score, items, values)
        for k in range(n_survivors):
            err[k] = energy - values[k]
            for i in range(LPC_ORDER):
                residuals[k, i] = residual[switch, i] - tables.stage1[switch, items[k], i]
        for start in (0, SPLIT):
            half = columns.low if start == 0 else columns.high
            _add_least(start, residuals, weight, half[switch], err)
        penalty = presets.PREDICTION_PENALTY if switch == 1 else 1.0
        for k in range(n_survivors):
            value = -penalty * err[k]
            if value > found_values[n_found - 1]:
                ranking.insert(switch * n1 + items[k], value, found, found_values)
    target = stack_array(LPC_ORDER)
    for k in range(n_found):
        switch, row = found[k] // n1, found[k] % n1
        for i in range(LPC_ORDER):
            target[i] = residual[switch, i] - tables.stage1[switch, row, i]
        low, err_low = _nearest(target[:SPLIT], weight[:SPLIT], tables.low[switch])
        high, err_high = _nearest(target[SPLIT:], weight[SPLIT:], tables.high[switch])
        indices[k, 0], indices[k, 1], indices[k, 2], indices[k, 3] = switch, row, low, high
        errors[k] = err_low + err_high
    return n_found
