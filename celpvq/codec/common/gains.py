"""Pitch and codebook gain: one joint vector quantizer with a predicted codebook gain.

An entry holds the pitch gain g_p and a correction factor [dB]. The predicted gain [dB] is the level
expected of the scaled code vector, g_c times the code vector; the correction is added to it. The
prediction uses the last corrections, not energies: so the decoder needs no logarithm, and forgets a
wrong frame after `N_TAPS` subframes.
"""

import math

from ..._numba import strict
from ..._types import F64
from .filters import push

N_TAPS = 4
MAX_CHANGE_DB = 30.0  # limit of the prediction's distance from the mean gain
# literals, since C libraries may differ in the last bit
_LOG2_10_20 = 0.16609640474436813  # log2(10) / 20
_LN2 = 0.6931471805599453
_LEAST_RMS = 1e-6  # of a code vector


@strict
def decibel_to_linear(level_db: float) -> float:
    """Return 10^(level/20) for |level| <= 200 dB without the C library."""
    y = min(max(level_db, -200.0), 200.0) * _LOG2_10_20
    whole = int(y + 64.0) - 64  # floor
    x = (y - whole - 0.5) * _LN2
    p = 1.0 + x / 9.0
    p = 1.0 + x / 8.0 * p
    p = 1.0 + x / 7.0 * p
    p = 1.0 + x / 6.0 * p
    p = 1.0 + x / 5.0 * p
    p = 1.0 + x / 4.0 * p
    p = 1.0 + x / 3.0 * p
    p = 1.0 + x / 2.0 * p
    p = (1.0 + x * p) * math.sqrt(2.0)
    for _ in range(whole):
        p *= 2.0
    for _ in range(-whole):
        p *= 0.5
    return p


@strict
def predicted_db(predictor: F64, memory: F64) -> float:
    """Return the predicted gain [dB]; predictor (1 + N_TAPS,): mean and taps.

    memory (N_TAPS,): the last corrections [dB], newest first.
    """
    change = 0.0
    for i in range(N_TAPS):
        change += predictor[1 + i] * memory[i]
    return predictor[0] + min(max(change, -MAX_CHANGE_DB), MAX_CHANGE_DB)


@strict
def rms(code: F64) -> float:
    """Return the root mean square of code (n,), at least `_LEAST_RMS`."""
    acc = 0.0
    for n in range(code.shape[0]):
        acc += code[n] * code[n]
    return max(math.sqrt(acc / code.shape[0]), _LEAST_RMS)


@strict
def dequantize(entry: F64, predictor: F64, code: F64, memory: F64, gain: F64) -> None:
    """Put g_p and g_c of entry (2,) for a code vector (n,) into gain (2,); advance memory."""
    gain[0] = entry[0]
    gain[1] = decibel_to_linear(predicted_db(predictor, memory) + entry[1]) / rms(code)
    push(entry[1], memory[:])
