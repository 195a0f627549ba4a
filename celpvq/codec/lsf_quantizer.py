"""LSF quantizer: switched prediction, then two stages, the second split into halves.

The first bit chooses the predictor, 0.35 rho (the safety net, which forgets errors fast) or
0.97 rho of the last quantized LSF's distance from the mean. Errors are weighted by what they do to
the spectrum [1]_.

.. [1] W. R. Gardner and B. D. Rao, "Theoretical analysis of the high-rate vector quantization of
   LPC parameters", IEEE Trans. Speech Audio Process. 3(5), 1995.
"""

from typing import NamedTuple

import numpy as np

from .._jit import kernel, search
from .._types import F64, I64
from . import lsf as _lsf
from . import ranking, tuning
from .modes import LPC_ORDER

SPLIT = LPC_ORDER // 2


class LsfTables(NamedTuple):
    """Codebooks of the LSF quantizer; the first axis of the books is the predictor."""

    mean: F64  # (p,)
    rho: F64  # (2, p)
    stage1: F64  # (2, n1, p)
    low: F64  # (2, n2, SPLIT) stage 2 of the lower half
    high: F64  # (2, n3, p - SPLIT)


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
    poly = np.empty(LPC_ORDER + 1)
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
def _survivors(target: F64, weight: F64, book: F64, items: I64, values: F64) -> None:
    """Put the rows of book (n, p) nearest to target (p,) into items (M,), best first."""
    values[:] = -np.inf
    last = values.shape[0] - 1
    for row in range(book.shape[0]):
        err = 0.0
        for i in range(LPC_ORDER):
            diff = target[i] - book[row, i]
            err += weight[i] * diff * diff
        if -err > values[last]:
            ranking.insert(row, -err, items, values)


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


@search
def quantize(
    lsf: F64, weight: F64, tables: LsfTables, prev: F64, n_survivors: int, safe: bool, words: I64
) -> float:
    """Put the best codewords for lsf (p,) after prev (p,) into words (4,); return the error.

    safe: use the safety net whatever it costs.      n_survivors: of stage 1, per predictor.
    """
    residual = np.empty(LPC_ORDER)
    rest = np.empty(LPC_ORDER)
    items = np.zeros(n_survivors, dtype=np.int64)
    values = np.empty(n_survivors)
    best_err, best_cost = np.inf, np.inf
    for switch in range(1 if safe else 2):
        predict(switch, tables, prev, residual)
        for i in range(LPC_ORDER):
            residual[i] = lsf[i] - residual[i]
        _survivors(residual, weight, tables.stage1[switch], items, values)
        for k in range(min(n_survivors, tables.stage1.shape[1])):
            for i in range(LPC_ORDER):
                rest[i] = residual[i] - tables.stage1[switch, items[k], i]
            low, err_low = _nearest(rest[:SPLIT], weight[:SPLIT], tables.low[switch])
            high, err_high = _nearest(rest[SPLIT:], weight[SPLIT:], tables.high[switch])
            err = err_low + err_high
            cost = err * tuning.PREDICTION_PENALTY if switch == 1 else err
            if cost < best_cost:
                best_cost, best_err = cost, err
                words[0], words[1], words[2], words[3] = switch, items[k], low, high
    return best_err
