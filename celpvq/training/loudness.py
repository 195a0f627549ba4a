"""What an error counts in training: neither all subframes alike, nor as their energy has it."""

import numpy as np

from .._types import F64

_EXPONENT = 0.5  # of a subframe's energy; 0: errors relative to the subframe, 1: as they are
_QUIET = 1e-3  # of the mean energy, added so that silence does not rule


def error_weights(energy: F64) -> F64:
    """Return what squared errors count in targets of such energies (n,).

    Louder subframes count more, as they are heard more. With these weights the energies are 1 in
    the mean, so that weighted errors are relative ones.
    """
    weight = (energy + _QUIET * energy.mean()) ** (_EXPONENT - 1.0)
    return np.asarray(weight / (weight * energy).mean(), dtype=np.float64)
