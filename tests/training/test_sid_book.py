"""Design of the SID book: it favours quiet frames."""

import numpy as np
import pytest

import celpvq
from celpvq.training import lsf_frames, sid_book


def test_the_sid_book_is_best_for_quiet_frames(recordings):
    recordings = [x + 1e-4 * np.random.default_rng(1).normal(size=len(x)) for x in recordings]
    frames = lsf_frames.analyze(recordings)
    means, quiet = sid_book.vectors(frames, recordings)
    n = len(recordings[0]) // 160
    assert len(means) == len(quiet) == sum(2 * (len(x) // 160) - 7 for x in recordings)
    assert 0.2 < quiet.mean() < 0.3
    np.testing.assert_array_equal(means[:n], frames.lsf[:n])
    np.testing.assert_allclose(means[n], frames.lsf[:8].mean(axis=0))
    lines = []
    errors = {}
    for bits in (4, 6):
        book, error = sid_book.train(frames, recordings, bits, 1, lines.append)
        nearest = ((means[:, None] - book) ** 2).mean(axis=2).min(axis=1)
        weight = 1 + quiet / quiet.mean()
        assert error == pytest.approx(np.average(nearest, weights=weight))
        errors[bits] = error
    assert errors[6] < 0.7 * errors[4]
    with pytest.raises(celpvq.ArgumentError, match="expected at least 16384 LSF vectors"):
        sid_book.train(frames, recordings, 14, 1, lines.append)
    nothing = [np.zeros(1600), np.zeros(7)]
    assert len(sid_book.vectors(lsf_frames.analyze(nothing), nothing)[0]) == 0
