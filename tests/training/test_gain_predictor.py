"""The gain predictor leaves small corrections."""

import numpy as np
import pytest

from celpvq.training import gain_predictor


def test_the_predictor_predicts(found):
    predictor, error_db = gain_predictor.train(found)
    level = gain_predictor.gains_db(found.moments, gain_predictor.best_gains(found.moments)[1])
    assert predictor[0] == pytest.approx(level.mean())
    errors = []
    for taps in (predictor[1:], np.zeros(4)):
        memory, err = np.zeros(4), []
        for x in level - predictor[0]:
            err.append(x - taps @ memory)
            memory = np.r_[err[-1], memory[:3]]
        errors.append(np.mean(np.square(err)))
    assert errors[0] < 0.7 * errors[1]
    assert error_db == pytest.approx(np.sqrt(errors[0]), rel=0.05)
