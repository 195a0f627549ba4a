"""Design of the gain predictor: the mean gain and the taps that leave the least corrections."""

import numpy as np

from .._types import F64
from ..codec.encoder.presets import MAX_PITCH_GAIN
from .subframes import Subframes

_RANGE_DB = 40.0  # lower gains than this below the mean are raised to it


def best_gains(moments: F64) -> tuple[F64, F64]:
    """Return the unquantized pitch gains and codebook gains (n,) of least error."""
    _, xy, xz, yy, zz, yz = moments[:, :6].T
    det = np.maximum(yy * zz - yz**2, 1e-3 * yy * zz + 1e-20)
    pitch_gain = np.clip((xy * zz - xz * yz) / det, 0.0, MAX_PITCH_GAIN)
    return pitch_gain, np.maximum((xz - pitch_gain * yz) / (zz + 1e-20), 0.0)


def gains_db(moments: F64, codebook_gain: F64) -> F64:
    """Return the rms [dB] of scaled code vectors (n,), at most `_RANGE_DB` below their mean."""
    found = 20 * np.log10(codebook_gain * moments[:, 6] + 1e-9)
    loud = found > found.max() - 70.0
    return np.asarray(np.maximum(found, found[loud].mean() - _RANGE_DB))


def corrections_db(gain_db: F64, predictor: F64) -> F64:
    """Return the correction factors [dB] that unquantized gains (n,) need, n in one recording."""
    from scipy.signal import lfilter

    return np.asarray(lfilter([1.0], np.r_[1.0, predictor[1:]], gain_db - predictor[0]))


def train(subframes: Subframes) -> tuple[F64, float]:
    """Return mean gain [dB] and moving-average taps, and the error of prediction [dB rms]."""
    from scipy.optimize import minimize

    gain_db = gains_db(subframes.moments, best_gains(subframes.moments)[1])

    def spread(taps: F64) -> float:
        corrections = corrections_db(gain_db, np.r_[gain_db.mean(), taps])
        value = float(np.mean(np.clip(corrections, -60, 60) ** 2))
        return value if np.isfinite(value) else 1e9

    best = minimize(
        spread, np.array([0.6, 0.4, 0.25, 0.1]), method="Nelder-Mead", options={"maxiter": 300}
    )
    return np.r_[gain_db.mean(), best.x], float(np.sqrt(best.fun))
