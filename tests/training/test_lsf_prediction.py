"""The predictors of the LSF without quantization, and the choice between them."""

import numpy as np

from celpvq.codec.encoder import presets
from celpvq.training import lsf_frames, lsf_prediction


def test_switches_follow_the_rules_of_the_encoder():
    """Prediction must be better by its penalty, and not serve too many frames in turn."""
    longest, penalty = presets.MAX_PREDICTED_FRAMES, presets.PREDICTION_PENALTY
    starts = np.array([0, 4 * (longest + 1) - 1, 40])
    weight = np.random.default_rng(0).uniform(0.5, 2, (40, 10))
    residual = np.ones((40, 2, 10))
    residual[:, 1] = 0.99 * penalty**-0.5
    found = lsf_prediction.switches(residual, weight, starts)
    in_turn = np.resize([1] * longest + [0], 40)
    np.testing.assert_array_equal(found[: starts[1]], in_turn[: starts[1]])
    np.testing.assert_array_equal(found[starts[1] :], in_turn[: 40 - starts[1]])
    residual[:, 1] = 1.01 * penalty**-0.5
    assert not lsf_prediction.switches(residual, weight, starts).any()
    residual[7:9, 1, :5] = 0.0  # half of the weighted error
    assert np.flatnonzero(lsf_prediction.switches(residual, weight, starts)).tolist() == [7, 8]


def test_residuals_of_unquantized_frames_are_what_predictors_leave(recordings):
    frames = lsf_frames.analyze(recordings)
    mean, rho = lsf_prediction.mean_and_rho(frames)
    residual = lsf_prediction.residuals(frames, mean, rho)
    first = frames.starts[1]
    for f in (1, first - 1, first + 1):
        for k in range(2):
            expected = mean + rho[k] * (frames.lsf[f - 1] - mean)
            np.testing.assert_allclose(residual[f, k], frames.lsf[f] - expected, atol=1e-12)
    for f in (0, first):
        np.testing.assert_allclose(residual[f], [frames.lsf[f] - mean] * 2, atol=1e-12)
