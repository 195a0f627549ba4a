"""Pitch and codebook gain: one joint vector quantizer, the codebook's level predicted.

An entry is a pitch gain and a correction m [dB] of the predicted level of the codebook's part of
the excitation. The memory holds corrections, not energies: no logarithm in the decoder, and a
wrong frame is forgotten after `N_TAPS` subframes.
"""

import math

import numpy as np

from .._types import F64
from .compiling import kernel, search

N_TAPS = 4
MAX_CORRECTION_DB = 30.0
# literals: what the C library returns may differ in its last bit
_LOG2_10_20 = 0.16609640474436813  # log2(10) / 20
_LN2 = 0.6931471805599453
_SILENT = 1e-6  # rms of a codeword below which it is taken for this


@kernel
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


@kernel
def predicted_db(predictor: F64, memory: F64) -> float:
    """Return the level expected from predictor (1 + N_TAPS,), mean and taps, and memory."""
    change = 0.0
    for i in range(N_TAPS):
        change += predictor[1 + i] * memory[i]
    return predictor[0] + min(max(change, -MAX_CORRECTION_DB), MAX_CORRECTION_DB)


@kernel
def rms(code: F64) -> float:
    """Return the root mean square of code (n,), at least `_SILENT`."""
    acc = 0.0
    for n in range(code.shape[0]):
        acc += code[n] * code[n]
    return max(math.sqrt(acc / code.shape[0]), _SILENT)


@kernel
def dequantize(entry: F64, predictor: F64, code: F64, memory: F64, gain: F64) -> None:
    """Put the gains of entry (2,) for codeword code (n,) into gain (2,); advance memory."""
    level = predicted_db(predictor, memory) + entry[1]
    gain[0] = entry[0]
    gain[1] = decibel_to_linear(level) / rms(code)
    for i in range(N_TAPS - 1, 0, -1):
        memory[i] = memory[i - 1]
    memory[0] = entry[1]


@search
def least_error(moments: F64) -> float:
    """Return an error that no gains go below: that of `search_entry` at the best real gains."""
    xy, xz, yy, zz, yz = moments[0], moments[1], moments[2], moments[3], moments[4]
    det = yy * zz - yz * yz
    if det <= 1e-3 * yy * zz:  # nearly parallel: much of the difference is rounding
        return -np.inf
    return -(xy * xy * zz - 2.0 * xy * xz * yz + xz * xz * yy) / det


@search
def search_entry(moments: F64, scale: float, book: F64, linear: F64) -> tuple[int, float]:
    """Return the entry of least error and that error, |x - g_p y - g_c z|^2 - |x|^2.

    moments (5,): <x,y> <x,z> <y,y> <z,z> <y,z>.      scale: codebook gain of a correction of 0 dB.
    book (n, 2): entries.      linear (n,): 10^(correction/20).
    """
    xy, xz, yy, zz, yz = moments[0], moments[1], moments[2], moments[3], moments[4]
    best, best_err = 0, np.inf
    for i in range(book.shape[0]):
        gp = book[i, 0]
        gc = scale * linear[i]
        err = gp * (gp * yy - 2.0 * xy + 2.0 * gc * yz) + gc * (gc * zz - 2.0 * xz)
        if err < best_err:
            best, best_err = i, err
    return best, best_err


def levels(book: F64) -> F64:
    """Return 10^(correction/20) of each entry of book (n, 2): what `search_entry` needs."""
    return np.asarray(10.0 ** (book[:, 1] / 20.0))
