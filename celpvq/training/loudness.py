"""Weights of errors in training, between two extremes: all subframes alike, and by their energy."""

import numpy as np

from .._types import F64

_EXPONENT = 0.5  # of a subframe's energy; 0 makes all errors relative, 1 leaves them as they are
_FLOOR = 1e-3  # of the mean energy, added so that silence does not dominate


def error_weights(energy: F64) -> F64:
    """Return the weights of squared errors in targets of these energies (n,).

    Errors in louder subframes are more audible and count more. The weighted energies have the mean
    1, so that weighted errors are relative.
    """
    weight = (energy + _FLOOR * energy.mean()) ** (_EXPONENT - 1.0)
    return np.asarray(weight / (weight * energy).mean(), dtype=np.float64)
