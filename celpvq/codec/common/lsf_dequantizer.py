"""Predictive LSF quantizer of two stages, the second one split in halves: the decoder's side.

The first index, the switch, chooses one of two predictors. Predictor 0 is the safety net: it is
weak, and so forgets errors fast. Predictor 1 is strong. Either one multiplies the distance of the
last frame's quantized LSF from their mean.
"""

from typing import NamedTuple

from ..._numba import strict
from ..._types import F64, I64
from ..format.modes import LPC_ORDER
from . import lsf

SPLIT = LPC_ORDER // 2


class LsfTables(NamedTuple):
    """Codebooks of the LSF quantizer; the first axis of the books is the predictor."""

    mean: F64  # (p,)
    rho: F64  # (2, p) coefficients of the predictors
    stage1: F64  # (2, n1, p)
    low: F64  # (2, n2, SPLIT) stage 2 of the lower half
    high: F64  # (2, n3, p - SPLIT)


@strict
def predict(switch: int, tables: LsfTables, prev: F64, out: F64) -> None:
    """Put the prediction of the LSF after prev (p,) into out (p,)."""
    for i in range(LPC_ORDER):
        out[i] = tables.mean[i] + tables.rho[switch, i] * (prev[i] - tables.mean[i])


@strict
def dequantize(indices: I64, tables: LsfTables, prev: F64, out: F64) -> None:
    """Put the LSF of any indices (4,) after prev (p,) into out (p,); 1/A(z) is always stable."""
    switch = indices[0]
    predict(switch, tables, prev, out)
    for i in range(LPC_ORDER):
        out[i] += tables.stage1[switch, indices[1], i]
    for i in range(SPLIT):
        out[i] += tables.low[switch, indices[2], i]
    for i in range(LPC_ORDER - SPLIT):
        out[SPLIT + i] += tables.high[switch, indices[3], i]
    lsf.stabilize(out)
