"""The weights of errors rise and fall with the energy as they should."""

import numpy as np
import pytest

from celpvq.training import loudness


def test_louder_targets_count_more_but_less_than_their_energy():
    energy = np.geomspace(1e-2, 1e4, 50)
    weight = loudness.error_weights(energy)
    assert (weight * energy).mean() == pytest.approx(1)
    assert (np.diff(weight) < 0).all()
    assert (np.diff(weight * energy) > 0).all()
    np.testing.assert_allclose(loudness.error_weights(1e6 * energy) * 1e6, weight)
    assert np.isfinite(loudness.error_weights(np.array([0.0, 1.0]))).all()
