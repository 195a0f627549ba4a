"""Full search agrees with its obvious twin, whatever the type, the weights and the threads."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from celpvq import vq
from celpvq.errors import ArgumentError, ArgumentTypeError


def naive_errors(X, codebook, weight=None):
    """All weighted squared errors (n, K), in double precision."""
    X, codebook = np.asarray(X, np.float64), np.asarray(codebook, np.float64)
    if np.ndim(weight) == 3:
        errors = X[:, None] - codebook
        return np.einsum("nci,nij,ncj->nc", errors, weight, errors)
    w = np.broadcast_to(1.0 if weight is None else np.asarray(weight, np.float64), X.shape)
    return np.stack([(w * (X - row) ** 2).sum(axis=1) for row in codebook], axis=1)


@st.composite
def problems(draw):
    """Vectors, a codebook with equal rows in it, and weights of any allowed shape.

    All are small integers: then every sum is exact, in any order, and ties are ties.
    """
    n, size, k = draw(st.integers(1, 40)), draw(st.integers(1, 300)), draw(st.integers(1, 7))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    dtype = draw(st.sampled_from([np.float32, np.float64, np.int64]))
    X, codebook = (rng.integers(-3, 4, size=(m, k)).astype(dtype) for m in (n, size))
    shape = draw(st.sampled_from([None, (k,), (n, k), (n, k, k)]))
    weight = None if shape is None else rng.integers(0, 3, size=shape)
    return X, codebook, weight @ weight.transpose(0, 2, 1) if np.ndim(weight) == 3 else weight


@given(problems())
def test_nearest_agrees_with_the_naive_twin_and_the_first_row_wins_ties(problem):
    X, codebook, weight = problem
    indices, distortions = vq.nearest(X, codebook, weight)
    errors = naive_errors(X, codebook, weight)
    np.testing.assert_array_equal(indices, errors.argmin(axis=1))
    np.testing.assert_array_equal(distortions, errors.min(axis=1))
    assert distortions.dtype == (np.float32 if X.dtype == np.float32 else np.float64)


@given(problems(), st.integers(1, 5))
def test_m_best_agrees_with_a_stable_sort(problem, m):
    X, codebook, weight = problem
    m = min(m, len(codebook))
    indices, distortions = vq.m_best(X, codebook, m, weight)
    errors = naive_errors(X, codebook, weight)
    order = np.argsort(errors, axis=1, kind="stable")[:, :m]
    np.testing.assert_array_equal(indices, order)
    np.testing.assert_array_equal(distortions, np.take_along_axis(errors, order, axis=1))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_real_values_agree_to_rounding_far_from_the_origin_too(dtype):
    rng = np.random.default_rng(1)
    X = (1000 + rng.normal(size=(500, 10))).astype(dtype)
    codebook = (1000 + rng.normal(size=(150, 10))).astype(dtype)
    indices, distortions = vq.nearest(X, codebook)
    errors = naive_errors(X, codebook)
    np.testing.assert_allclose(distortions, errors.min(axis=1), rtol=1e-5)
    np.testing.assert_allclose(errors[np.arange(500), indices], errors.min(axis=1), rtol=1e-5)


def test_of_a_matrix_only_its_symmetric_part_counts():
    rng = np.random.default_rng(4)
    X, codebook = rng.normal(size=(50, 3)), rng.normal(size=(20, 3))
    root, skew = rng.normal(size=(2, 50, 3, 3))
    weight = root @ root.transpose(0, 2, 1)
    plain = vq.nearest(X, codebook, weight)
    skewed = vq.nearest(X, codebook, weight + skew - skew.transpose(0, 2, 1))
    np.testing.assert_array_equal(skewed[0], plain[0])
    np.testing.assert_allclose(skewed[1], plain[1], rtol=1e-9, atol=1e-12)


def test_the_number_of_threads_changes_nothing():
    rng = np.random.default_rng(2)
    X, codebook = rng.normal(size=(20_001, 3)).astype(np.float32), rng.normal(size=(40, 3))
    for search in (vq.nearest, lambda *args, **kw: vq.m_best(*args, 3, **kw)):
        one, five = search(X, codebook, n_threads=1), search(X, codebook, n_threads=5)
        for a, b in zip(one, five, strict=True):
            np.testing.assert_array_equal(a, b)


def test_a_codeword_is_its_own_nearest():
    codebook = np.random.default_rng(3).normal(size=(777, 5)).astype(np.float32)
    indices, distortions = vq.nearest(codebook, codebook)
    np.testing.assert_array_equal(indices, np.arange(777))
    assert not distortions.any()


def test_no_vectors_have_no_codewords():
    indices, distortions = vq.nearest(np.empty((0, 2)), np.ones((3, 2)))
    assert indices.shape == distortions.shape == (0,)


@pytest.mark.parametrize(
    ("args", "error", "words"),
    [
        ((np.ones(3), np.ones((2, 3))), ArgumentError, r"X: expected shape \(n, k\).*got \(3,\)"),
        ((np.ones((4, 3)), np.ones((2, 2))), ArgumentError, "codebook: expected .* 3 .*got 2"),
        ((np.ones((4, 3)), np.ones((0, 3))), ArgumentError, "codebook: expected 1 .*got 0"),
        (
            ([[1, np.nan]], [[1, 2]]),
            ArgumentError,
            r"X: expected finite values, got nan at \[0, 1\]",
        ),
        (([[1, 2]], [[1, np.inf]]), ArgumentError, r"codebook: .*got inf at \[0, 1\]"),
        (([["a", "b"]], [[1, 2]]), ArgumentTypeError, "X: expected real numbers"),
        (([[1, 2]], [[1, 2]], [-1, 1]), ArgumentError, "weight: expected no negative.*got -1"),
        (([[1, 2]], [[1, 2]], [1, 1, 1]), ArgumentError, r"weight: expected shape \(2,\).*\(3,\)"),
        (
            ([[1, 2]], [[1, 2]], [[[1, 0], [0, -1]]]),
            ArgumentError,
            "weight: expected no negative.*got -1",
        ),
    ],
)
def test_bad_arguments_are_named(args, error, words):
    with pytest.raises(error, match=words):
        vq.nearest(*args)


@pytest.mark.parametrize(("m", "error"), [(0, ArgumentError), (3, ArgumentError), (1.5, TypeError)])
def test_m_must_be_a_number_of_codewords(m, error):
    with pytest.raises(error, match="m: expected"):
        vq.m_best([[1.0]], [[1.0], [2.0]], m)


def test_there_is_at_least_one_thread():
    with pytest.raises(ArgumentError, match="n_threads: expected 1 or more, got 0"):
        vq.nearest([[1.0]], [[1.0]], n_threads=0)
