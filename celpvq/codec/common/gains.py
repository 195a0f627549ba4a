"""Pitch and codebook gain: one joint vector quantizer with a predicted codebook gain.

An entry holds the pitch gain g_p and a correction factor [dB]. The correction is added to the
predicted gain, the level expected of the scaled code vector. The memory holds past corrections,
not energies: so the decoder needs no logarithm, and forgets a wrong frame after `N_TAPS` subframes.
"""

import math

from ..._numba import strict
from ..._types import F64

N_TAPS = 4
MAX_CORRECTION_DB = 30.0
# literals, since C libraries may differ in the last bit
_LOG2_10_20 = 0.16609640474436813  # log2(10) / 20
_LN2 = 0.6931471805599453
_SILENT = 1e-6  # the least rms of a code vector


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
    """Return the predicted gain [dB] from predictor (1 + N_TAPS,), mean and taps, and memory."""
    change = 0.0
    for i in range(N_TAPS):
        change += predictor[1 + i] * memory[i]
    return predictor[0] + min(max(change, -MAX_CORRECTION_DB), MAX_CORRECTION_DB)


@strict
def rms(code: F64) -> float:
    """Return the root mean square of code (n,), at least `_SILENT`."""
    acc = 0.0
    for n in range(code.shape[0]):
        acc += code[n] * code[n]
    return max(math.sqrt(acc / code.shape[0]), _SILENT)


@strict
def dequantize(entry: F64, predictor: F64, code: F64, memory: F64, gain: F64) -> None:
    """Put the gains of entry (2,) for the code vector code (n,) into gain (2,); advance memory."""
    level = predicted_db(predictor, memory) + entry[1]
    gain[0] = entry[0]
    gain[1] = decibel_to_linear(level) / rms(code)
    for i in range(N_TAPS - 1, 0, -1):
        memory[i] = memory[i - 1]
    memory[0] = entry[1]
