"""Design of gain books: training and bits lower the error, and centroids err least."""

import naive
import numpy as np
import pytest

from celpvq.training import gain_books, gain_predictor, loudness


def no_log(text):
    """Ignore a line of the log."""


def gain_error(found, book, predictor):
    """Return the error that `train` reports, for `book` as it is."""
    weight = loudness.error_weights(found.moments[:, 0])
    return gain_books.in_the_loop(found, predictor, weight, book).error


def test_gain_books_err_less_after_training_and_with_more_bits(found):
    predictor, _ = gain_predictor.train(found)
    errors = []
    for bits in (3, 5, 7):
        book, reported = gain_books.train(found, predictor, bits, 1, no_log)
        assert book.shape == (1 << bits, 2)
        assert (book[:, 0] >= 0).all()
        assert (book[:, 0] <= 1.2).all()
        assert book[:, 1].min() <= -12.5  # silence is within reach
        errors.append(gain_error(found, book, predictor))
        assert reported == pytest.approx(errors[-1])
        first = gain_books.clusters(found, predictor, bits, 1)
        assert errors[-1] < gain_error(found, first, predictor)
    assert errors[0] > errors[1] > errors[2]


def test_gaincentroids_err_least():
    rng = np.random.default_rng(0)
    y, z, x = rng.normal(size=(3, 50, 8))
    x += y + z  # so that both gains are positive
    moments = np.array([
        [a @ a, a @ b, a @ c, b @ b, c @ c, b @ c, 1] for a, b, c in zip(x, y, z, strict=True)
    ])  # fmt: skip
    indices, scale, weight = rng.integers(0, 3, 50), rng.uniform(0.5, 2, 50), rng.uniform(1, 2, 50)
    book = gain_books.centroids(np.zeros((4, 2)), moments, weight, indices, scale)

    def error(cell, gp, db):
        return sum(
            weight[t] * naive.gain_error(x[t], gp * y[t], z[t], (1.0, db), scale[t])
            for t in np.flatnonzero(indices == cell)
        )

    for cell in range(3):
        least = error(cell, *book[cell])
        assert book[cell, 0] < 1.2
        for step in ((0.02, 0), (-0.02, 0), (0, 0.3), (0, -0.3)):
            assert error(cell, *(book[cell] + step)) > least
    assert (book[3] == 0).all()  # an empty cell
