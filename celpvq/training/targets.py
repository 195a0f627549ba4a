"""The targets that code vectors are designed for: a random draw of audible subframes."""

from typing import NamedTuple

import numpy as np

from .._types import F64
from .loudness import error_weights
from .subframes import Subframes

_SILENT = 1e-10  # energy; targets of less are not trained on


class Targets(NamedTuple):
    """Targets of the fixed codebook and the responses of their filters."""

    target: F64  # (n, SUBFRAME_LEN), their mean energy is 1
    impulse: F64  # (n, SUBFRAME_LEN)


def draw(subframes: Subframes, n_targets: int, seed: int) -> Targets:
    """Return at most `n_targets` updated targets, scaled so that errors count as they should."""
    energy = (subframes.updated_target**2).sum(axis=1)
    audible = np.flatnonzero((energy > _SILENT) & (subframes.moments[:, 0] > _SILENT))
    drawn = np.random.default_rng(seed).permutation(audible)[:n_targets]
    weight = error_weights(subframes.moments[drawn, 0])
    weight /= (weight * energy[drawn]).mean()
    target = subframes.updated_target[drawn] * np.sqrt(weight)[:, None]
    return Targets(target, np.ascontiguousarray(subframes.impulse[drawn]))
