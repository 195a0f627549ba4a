"""Design of LSF books: training and bits lower the error, and centroids are means."""

import numpy as np
import pytest

from celpvq import ArgumentError
from celpvq.training import lsf_books, lsf_frames


def test_lsf_books_err_less_after_training(recordings):
    frames = lsf_frames.analyze(recordings)
    assert frames.starts.tolist() == [0, *np.cumsum([len(x) // 160 for x in recordings])]
    assert (np.diff(frames.lsf, axis=1) > 0).all()
    lines = []
    errors = {}
    for rounds in (0, 4):
        tables, error = lsf_books.train(frames, (5, 4, 4), rounds, 1, lines.append)
        errors[rounds] = lsf_books.in_the_loop(frames, tables).error
        assert error == errors[rounds]
        assert tables.stage1.shape == (2, 32, 10)
        assert tables.low.shape == tables.high.shape == (2, 16, 5)
    assert errors[4] < 0.97 * errors[0]
    _, error = lsf_books.train(frames, (6, 5, 5), 4, 1, lines.append)
    assert error < 0.9 * errors[4]
    with pytest.raises(ArgumentError, match="expected at least 4096 audible frames"):
        lsf_books.train(frames, (12, 4, 4), 1, 1, lines.append)


def test_stages_that_are_reestimated_are_means():
    x = np.array([[0.0, 1], [2, 5], [9, 9], [1, 1]])
    w = np.array([[1.0, 1], [3, 1], [1, 1], [1, 1]])
    old = np.array([[7.0, 7], [8, 8], [9, 9], [5, 5]])
    new = lsf_books.centroids(old, x, w, np.array([0, 0, 1, 1]))
    np.testing.assert_allclose(new[:2], [[1.5, 3], [5, 5]])
    assert np.isfinite(new).all()


def test_more_cells_than_members_stay_finite():
    x, old = np.array([[0.3], [0.5], [0.7]]), np.linspace(0, 1, 16)[:, None]
    for cell in ([0, 0, 0], [1, 1, 5], [2, 3, 4]):
        new = lsf_books.centroids(old, x, np.ones((3, 1)), np.array(cell))
        assert np.isfinite(new).all()
