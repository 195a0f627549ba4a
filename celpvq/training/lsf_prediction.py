"""The two predictors of the LSF quantizer, and the choice between them without quantization.

The encoder must use the safety net after some predicted frames, and it takes the stronger
predictor only where the error is lower by a penalty. Training follows these rules. So the books of
each predictor are designed for the frames that will use it.
"""

import itertools

import numpy as np

from .._types import F64, I64
from ..codec.encoder import presets
from .lsf_frames import LsfFrames

SAFETY_NET = 0.35  # factor of rho in the predictor that forgets errors fast
PREDICTIVE = 0.97  # factor of rho in the other one


def mean_and_rho(frames: LsfFrames) -> tuple[F64, F64]:
    """Return the mean (p,) of the LSF and the predictors (2, p) from frame to frame."""
    mean = np.average(frames.lsf, axis=0, weights=frames.weight > 0)
    usable = frames.audible
    usable[frames.starts[:-1]] = False
    now = np.flatnonzero(usable)
    d = frames.lsf - mean
    rho = (d[now] * d[now - 1]).sum(axis=0) / (d[now - 1] ** 2).sum(axis=0)
    return mean, np.outer([SAFETY_NET, PREDICTIVE], rho)


def residuals(frames: LsfFrames, mean: F64, rho: F64) -> F64:
    """Return the residual (n, 2, p) of either predictor in each frame, without quantization."""
    d = frames.lsf - mean
    before = np.roll(d, 1, axis=0)
    before[frames.starts[:-1]] = 0.0
    return np.asarray(d[:, None] - rho * before[:, None], dtype=np.float64)


def switches(residual: F64, weight: F64, starts: I64) -> I64:
    """Return the predictor (n,) that the encoder's rules choose if the residuals are the errors."""
    safe, predictive = np.einsum("fi,fsi->sf", weight, residual**2)
    better = presets.PREDICTION_PENALTY * predictive < safe
    switch = np.zeros(len(better), dtype=np.int64)
    for first, last in itertools.pairwise(starts):
        n_predicted = 0
        for f in range(first, last):
            allowed = n_predicted < presets.MAX_PREDICTED_FRAMES
            n_predicted = n_predicted + 1 if better[f] and allowed else 0
            switch[f] = n_predicted > 0
    return switch
