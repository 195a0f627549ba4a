"""The targets that are drawn are audible and weighted."""

import numpy as np
import pytest

from celpvq.codec.format.modes import SUBFRAME_LEN
from celpvq.training import loudness, targets
from celpvq.training.subframes import Subframes


def test_targets_are_audible_and_of_unit_energy_in_the_mean(found):
    silent = Subframes(*(np.r_[a, np.zeros((5, a.shape[1]))] for a in found[:3]), found.starts)
    drawn = targets.draw(silent, 300, 1)
    assert drawn.target.shape == drawn.impulse.shape == (300, SUBFRAME_LEN)
    assert (drawn.target**2).sum(axis=1).mean() == pytest.approx(1)
    everything = targets.draw(found, 200_000, 1)
    least = np.minimum((found.updated_target**2).sum(axis=1), found.moments[:, 0])
    audible = np.flatnonzero(least > targets._SILENT)
    order = np.random.default_rng(1).permutation(audible)
    scale = np.linalg.norm(everything.target, axis=1) / np.linalg.norm(
        found.updated_target[order], axis=1
    )
    weight = loudness.error_weights(found.moments[order, 0])
    np.testing.assert_allclose(scale / scale[0], np.sqrt(weight / weight[0]))
    assert len(everything.target) <= len(found.updated_target)
    assert np.isfinite(everything.target).all()
