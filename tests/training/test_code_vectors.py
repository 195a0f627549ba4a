"""Design of fixed codebooks: the error falls to the error of the definition."""

import naive
import numpy as np
import pytest

from celpvq import _threads
from celpvq.codec.format.modes import SUBFRAME_LEN
from celpvq.training import code_vector_init, code_vectors
from celpvq.training.targets import Targets


def no_log(text):
    """Ignore a line of the log."""


@pytest.fixture(scope="module")
def targets():
    """Subframes of a source with few code vectors, behind decaying responses."""
    rng = np.random.default_rng(0)
    n = 1200
    vectors = rng.normal(size=(24, SUBFRAME_LEN)) * (rng.random((24, SUBFRAME_LEN)) < 0.2)
    impulse = rng.normal(size=(n, SUBFRAME_LEN)) * 0.8 ** np.arange(SUBFRAME_LEN)
    impulse[:, 0] = 1
    target = np.empty((n, SUBFRAME_LEN))
    for t in range(n):
        vector = vectors[rng.integers(24)] * rng.choice([-1, 1])
        vector = vector + 0.2 * rng.normal(size=SUBFRAME_LEN)
        target[t] = naive.convolution_matrix(impulse[t]) @ vector
    return Targets(target / np.linalg.norm(target, axis=1)[:, None], impulse)


def stages_of(targets, sizes):
    first = code_vector_init.first_stage(targets, sizes[0], 3)
    if len(sizes) == 1:
        return [first]
    return [first, code_vector_init.second_stage(targets, first, sizes[1], 3)]


@pytest.mark.parametrize("sizes", [(16,), (8, 4), (8, 8)])
def test_the_error_never_rises(targets, sizes):
    books, history = code_vectors.design(targets, stages_of(targets, sizes), 8, 1, no_log)
    assert len(history) == 9
    assert (np.diff(history) <= 1e-9).all()
    assert history[-1] < 0.9 * history[0]
    assert [book.shape for book in books] == [(n, SUBFRAME_LEN) for n in sizes]
    assert np.isfinite(np.concatenate(books)).all()
    assert (books[0] ** 2).sum(axis=1).mean() == pytest.approx(1)


def error_of(targets, vectors):
    """The mean error by definition: of the best signed code vector with its best gain."""
    left = []
    for target, impulse in zip(*targets, strict=True):
        filtered = vectors @ naive.convolution_matrix(impulse).T
        match = (filtered @ target) ** 2 / (filtered**2).sum(axis=1)
        left.append(target @ target - match.max())
    return np.mean(left)


def test_the_error_is_what_its_definition_says(targets):
    few = Targets(targets.target[:200], targets.impulse[:200])
    [book], history = code_vectors.design(few, stages_of(few, (16,)), 3, 1, no_log)
    assert history[-1] == pytest.approx(error_of(few, book), rel=1e-3)
    books, history = code_vectors.design(few, stages_of(few, (8, 4)), 3, 1, no_log)
    sums = np.array([a + sign * b for a in books[0] for b in books[1] for sign in (1, -1)])
    assert history[-1] == pytest.approx(error_of(few, sums), rel=1e-2)


def test_a_centroid_is_better_than_its_neighbours(targets):
    design = code_vectors.Design(targets, [16], 1)
    state = design.start(stages_of(targets, (16,)))
    rows, signs, gain = state.indices >> 1, 1 - 2 * (state.indices & 1), state.gain
    book = design.solved(state, 0)

    def error(vector, cell):
        total = 0.0
        for t in np.flatnonzero(rows == cell):
            filtered = naive.convolution_matrix(targets.impulse[t]) @ vector
            total += np.sum((targets.target[t] - gain[t] * signs[t] * filtered) ** 2)
        return total

    rng = np.random.default_rng(5)
    for cell in range(4):
        vector = book[cell]
        least = error(vector, cell)
        for _ in range(5):
            nearby = vector + 0.1 * np.linalg.norm(vector) * rng.normal(size=SUBFRAME_LEN) / 6
            assert error(nearby, cell) > least


def test_a_design_is_repeatable_whatever_the_number_of_threads(targets, monkeypatch):
    runs = []
    for n_threads in (1, 3, 3):
        monkeypatch.setattr(_threads, "n_threads", lambda n=n_threads: n)
        runs.append(code_vectors.design(targets, stages_of(targets, (8, 8)), 3, 1, no_log))
    for books, history in runs[1:]:
        assert history == runs[0][1]
        for a, b in zip(books, runs[0][0], strict=True):
            np.testing.assert_array_equal(a, b)


def test_empty_cells_are_refilled(targets):
    lost = np.zeros((16, SUBFRAME_LEN))
    lost[:, 0] = 1
    lost[0] = stages_of(targets, (16,))[0][0]
    [book], history = code_vectors.design(targets, [lost], 8, 1, no_log)
    assert len(np.unique(book.round(6), axis=0)) == 16
    assert history[-1] < 0.8 * history[0]
