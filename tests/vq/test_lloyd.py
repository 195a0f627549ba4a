"""The pieces of iterative design: the loop, cells, centroids by matrices, the filling of cells."""

import numpy as np
import pytest

from celpvq.vq.cells import Cells, FormCells, solved, survey
from celpvq.vq.full_search import entries
from celpvq.vq.lloyd import descend, refill


def costs_of(costs, **params):
    """The best step of a design with these costs, and the steps that were reported."""
    told = []
    best, least = descend(0, lambda n: n + 1, lambda n: costs[n],
                          report=lambda n, least: told.append((n, least)), **params)  # fmt: skip
    assert least == costs[best]
    return best, told


def test_a_design_goes_on_while_it_pays():
    costs = [10, 8, 7, 6.9, 5, 1]
    assert costs_of(costs, max_iter=5, tol=0.1) == (3, [(1, 8), (2, 7), (3, 6.9)])
    assert costs_of(costs, max_iter=5, tol=0.0)[0] == 5
    assert costs_of(costs, max_iter=2, tol=0.0)[0] == 2
    assert costs_of(costs, max_iter=0) == (0, [])
    assert costs_of(costs, max_iter=5, tol=0.1, unfinished=lambda n: n == 3)[0] == 5


def test_a_step_that_raises_the_cost_ends_a_design_or_tries_its_patience():
    costs = [10, 8, 9, 7, 7.5, 7.2, 7.1, 1]
    assert costs_of(costs, max_iter=7) == (1, [(1, 8)])
    best, told = costs_of(costs, max_iter=7, patience=3)
    assert best == 3
    assert told == [(1, 8), (2, 8), (3, 7), (4, 7), (5, 7), (6, 7)]
    assert costs_of(costs, max_iter=7, patience=4)[0] == 7


def test_a_cost_that_is_no_number_ends_a_design():
    assert costs_of([3, np.nan, 1], max_iter=2)[0] == 0


@pytest.mark.parametrize("per_component", [False, True])
def test_cells_of_known_indices_are_the_sums_over_their_vectors(per_component):
    rng = np.random.default_rng(1)
    X, book, cell = rng.normal(size=(200, 3)), rng.normal(size=(5, 3)), rng.integers(4, size=200)
    weight = rng.exponential(size=X.shape if per_component else (200, 1))
    cells = Cells.zeros(book).add(X, weight, book, cell)
    full = np.broadcast_to(weight, X.shape)
    for j in range(4):
        own = cell == j
        mean = np.average(X[own], axis=0, weights=full[own])
        np.testing.assert_allclose(cells.centroids(book)[j], mean)
        np.testing.assert_allclose(cells.errors[j], (full * (X - book[j]) ** 2)[own].sum(axis=0))
    np.testing.assert_array_equal(cells.empty, [False] * 4 + [True])
    np.testing.assert_array_equal(cells.centroids(book)[4], book[4])


def test_cells_by_matrices_are_the_normal_equations_of_their_vectors():
    rng = np.random.default_rng(2)
    X, book, cell = rng.normal(size=(200, 3)), rng.normal(size=(4, 3)), rng.integers(4, size=200)
    H = rng.normal(size=(200, 3, 3))
    W = H.transpose(0, 2, 1) @ H
    cells = FormCells.zeros(book).add(X, entries(W), book, cell)
    sums = [np.stack([x[cell == j].sum(axis=0) for j in range(4)]) for x in
            (W, np.einsum("nij,nj->ni", W, X))]  # fmt: skip
    np.testing.assert_allclose(cells.centroids(book), solved(*sums, book, 0.0), rtol=1e-6)
    found = survey(X, W, book)
    assert found.distortion <= cells.distortion
    assert found.total.sum() == pytest.approx(np.trace(W.sum(axis=0)))


def test_a_ridge_keeps_what_the_equations_leave_open_and_raises_no_error():
    rng = np.random.default_rng(3)
    root = rng.normal(size=(6, 2, 4))
    M, old = root.transpose(0, 2, 1) @ root, rng.normal(size=(6, 4))
    v = np.einsum("nij,nj->ni", M, rng.normal(size=(6, 4)))

    def error(c):
        return np.einsum("ni,nij,nj->n", c, M, c) - 2 * (v * c).sum(axis=1)

    for ridge in (1e-9, 0.1, np.full(6, 10.0)):
        new = solved(M, v, old, ridge)
        assert (error(new) <= error(old) + 1e-9).all()
        null = np.linalg.svd(root)[2][:, 2:]
        np.testing.assert_allclose(np.einsum("nij,nj->ni", null, new - old), 0, atol=1e-5)


def test_empty_cells_split_the_worthiest_ones_each_once():
    book = np.arange(6.0)[:, None]
    moved = refill(book.copy(), np.array([1, 4]), np.array([5, 0, 9, 9, 0, 1]),
                   lambda rows: np.full((len(rows), 1), 0.25))  # fmt: skip
    np.testing.assert_array_equal(moved[:, 0], [0, 2.25, 2, 3, 3.25, 5])
