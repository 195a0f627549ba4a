"""Quantizers with a structure: what their searches find, and what the structure costs."""

import itertools

import numpy as np
import pytest
from scipy.signal import lfilter

from celpvq import vq
from celpvq.errors import ArgumentError
from celpvq.vq._joint import jointly


def gauss_markov(n, k, seed=1):
    noise = np.random.default_rng(seed).normal(size=n * k + 1000)
    return lfilter([np.sqrt(1 - 0.9**2)], [1, -0.9], noise)[1000:].reshape(n, k)


def errors_of(X, candidates, weight=1.0):
    """Weighted squared errors (n, K)."""
    return np.stack([(weight * (X - c) ** 2).sum(axis=1) for c in candidates], axis=1)


@pytest.fixture(scope="module")
def source():
    return gauss_markov(20_000, 4), gauss_markov(20_000, 4, seed=2)


@pytest.fixture(scope="module")
def full_search_db(source):
    X, fresh = source
    return -10 * np.log10(-vq.LBG(256, random_state=1).fit(X).score(fresh))


@pytest.mark.parametrize(
    ("quantizer", "least", "most"),
    [
        (vq.MultistageVQ([16, 16], n_survivors=8, random_state=1, max_iter=25), 0.1, 0.35),
        (vq.MultistageVQ([16, 16], n_survivors=1, random_state=1, max_iter=25), 0.35, 1.0),
        (vq.TreeVQ(256, random_state=1), 0.2, 1.0),
        (vq.TreeVQ(256, branching=4, random_state=1), 0.1, 0.7),
        (vq.SplitVQ([16, 16], random_state=1), 1.0, 3.0),
        (vq.ShapeGainVQ([32, 8], random_state=1), 1.0, 2.0),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_structure_costs_what_is_known(source, full_search_db, quantizer, least, most):
    X, fresh = source
    reached = -10 * np.log10(-quantizer.fit(X).score(fresh))
    assert least < full_search_db - reached < most


@pytest.mark.parametrize("weighted", [False, True])
def test_multistage_with_all_survivors_searches_all_sums(weighted):
    X = gauss_markov(300, 3)
    weight = np.random.default_rng(1).exponential(size=X.shape) if weighted else np.ones_like(X)
    params = {"distortion": "weighted"} if weighted else {}
    q = vq.MultistageVQ([3, 4, 5], n_survivors=60, **params).fit(
        X, sample_weight=weight if weighted else None
    )
    paths = np.array(list(itertools.product(range(3), range(4), range(5))))
    best = errors_of(X, q.decode(paths), weight).argmin(axis=1)
    np.testing.assert_array_equal(q.encode(X, weight if weighted else None), paths[best])


def test_more_survivors_find_no_worse_sums():
    X = gauss_markov(3000, 4)
    q = vq.MultistageVQ([8, 8, 8], n_survivors=1, random_state=1).fit(X)
    scores = [q.set_params(n_survivors=m).score(X) for m in (1, 4, 512)]
    assert scores[0] < scores[1] <= scores[2]
    one_by_one = np.empty((len(X), 3), int)
    left = X.copy()
    for s, book in enumerate(q.codebooks_):
        one_by_one[:, s] = errors_of(left, book).argmin(axis=1)
        left -= book[one_by_one[:, s]]
    np.testing.assert_array_equal(q.set_params(n_survivors=1).encode(X), one_by_one)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_joint_design_is_the_least_squares_one(dtype):
    rng = np.random.default_rng(1)
    X, weight = rng.normal(size=(400, 3)).astype(dtype), rng.exponential(size=(400, 3))
    sizes, codes = (4, 6), np.stack([rng.integers(0, 4, 400), rng.integers(0, 5, 400)], axis=1)
    start = tuple(rng.normal(size=(size, 3)).astype(dtype) for size in sizes)
    books = jointly(X, weight, start, codes)
    choice = np.zeros((400, 10))
    choice[np.arange(400), codes[:, 0]] = choice[np.arange(400), 4 + codes[:, 1]] = 1
    for i in range(3):
        root = np.sqrt(weight[:, i])
        best = np.linalg.lstsq(root[:, None] * choice, root * X[:, i])[0]
        sums = books[0][codes[:, 0], i] + books[1][codes[:, 1], i]
        np.testing.assert_allclose(sums, choice @ best, atol=2e-6)
    np.testing.assert_array_equal(books[1][5], start[1][5])  # no vector uses it
    assert books[0].dtype == dtype


def test_a_single_stage_is_a_plain_codebook():
    X = gauss_markov(1000, 3)
    q = vq.MultistageVQ([16], random_state=1, redesign=False).fit(X)
    np.testing.assert_array_equal(q.codebooks_[0], vq.LBG(16, random_state=1).fit(X).codebook_)


def test_every_part_of_a_split_is_a_plain_codebook():
    X = gauss_markov(1000, 5)
    q = vq.SplitVQ([8, 16], widths=[2, 3], random_state=1).fit(X)
    first = vq.LBG(8, random_state=1).fit(X[:, :2])
    np.testing.assert_array_equal(q.codebooks_[0], first.codebook_)
    np.testing.assert_array_equal(q.encode(X)[:, 0], first.encode(X[:, :2]))
    np.testing.assert_array_equal(q.encode(X)[:, 1], errors_of(X[:, 2:], q.codebooks_[1]).argmin(1))
    np.testing.assert_array_equal(
        q.decode([[3, 7]])[0], np.r_[first.codebook_[3], q.codebooks_[1][7]]
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_distances_to_codes_are_those_to_what_they_decode_to(dtype):
    X, Q = gauss_markov(5000, 6).astype(dtype), gauss_markov(20, 6, seed=2).astype(dtype)
    q = vq.ProductVQ(16, n_parts=3, random_state=1).fit(X)
    codes = q.encode(X)
    exact = errors_of(Q, q.decode(codes))
    distances = q.distances(Q, codes)
    np.testing.assert_allclose(distances, exact, rtol=1e-4, atol=1e-5)
    assert distances.dtype == dtype
    rows, nearest = q.search(Q, codes, 7)
    order = np.argsort(distances, axis=1, kind="stable")[:, :7]
    np.testing.assert_array_equal(rows, order)
    np.testing.assert_array_equal(nearest, np.take_along_axis(distances, order, axis=1))


def test_product_codes_find_near_neighbours():
    X, Q = gauss_markov(4000, 8), gauss_markov(50, 8, seed=2)
    q = vq.ProductVQ(64, n_parts=4, random_state=1).fit(X)
    found, _ = q.search(Q, q.encode(X), 10)
    true = errors_of(Q, X).argmin(axis=1)
    assert (found == true[:, None]).any(axis=1).mean() > 0.9


def test_shape_and_gain_are_the_best_of_all_pairs():
    X = gauss_markov(500, 3)
    q = vq.ShapeGainVQ([12, 5], random_state=1).fit(X)
    pairs = np.array(list(itertools.product(range(12), range(5))))
    errors = errors_of(X, q.decode(pairs))
    reached = ((X - q.decode(q.encode(X))) ** 2).sum(axis=1)
    np.testing.assert_allclose(reached, errors.min(axis=1), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose((q.shapes_**2).sum(axis=1), 1)
    assert (np.diff(q.gains_) > 0).all()
    assert q.gains_[0] >= 0


def test_a_finished_gain_is_the_mean_projection_of_its_vectors():
    X = gauss_markov(2000, 3)
    q = vq.ShapeGainVQ([12, 5], random_state=1, tol=0, max_iter=2000).fit(X)
    codes = q.encode(X)
    product = (X * q.shapes_[codes[:, 0]]).sum(axis=1)
    for j, gain in enumerate(q.gains_):
        assert product[codes[:, 1] == j].mean() == pytest.approx(gain, abs=1e-5)


@pytest.mark.parametrize(("branching", "n"), [(2, 16), (3, 27), (4, 64)])
def test_a_tree_is_descended_to_the_nearest_child(branching, n):
    X = gauss_markov(2000, 3)
    q = vq.TreeVQ(n, branching=branching, random_state=1, tol=0, max_iter=500).fit(X)
    node = np.zeros(len(X), int)
    for level in q.levels_:
        children = branching * node[:, None] + np.arange(branching)
        errors = ((X[:, None] - level[children]) ** 2).sum(axis=2)
        node = branching * node + errors.argmin(axis=1)
        used = np.unique(node)
        assert len(used) == len(level), "a node is empty"
        centroids = [X[node == j].mean(axis=0) for j in used]
        np.testing.assert_allclose(level, centroids, atol=1e-9)
    np.testing.assert_array_equal(q.encode(X), node)
    np.testing.assert_array_equal(q.decode(node), q.codebook_[node])


def test_a_tree_learns_few_vectors_by_heart():
    X = np.repeat(np.eye(3), 20, axis=0)
    q = vq.TreeVQ(8, random_state=1).fit(X)
    np.testing.assert_allclose(q.decode(q.encode(X)), X, atol=1e-12)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: vq.MultistageVQ([]), "n_codewords: expected one or more, got none"),
        (lambda: vq.MultistageVQ(16), "n_codewords: expected a sequence of integers, got 16"),
        (lambda: vq.MultistageVQ([4, 0]), r"n_codewords\[1\]: expected 1 or more, got 0"),
        (lambda: vq.MultistageVQ([4], n_survivors=0), "n_survivors: expected 1 or more, got 0"),
        (lambda: vq.SplitVQ([4, 4, 4]), "X: expected a multiple of 3 components, got 4"),
        (lambda: vq.SplitVQ([4, 4], widths=[4]), "widths: expected 2 parts, got 1"),
        (lambda: vq.SplitVQ([4, 4], widths=[2, 3]), "X: expected .* of 5 components, got 4"),
        (lambda: vq.ProductVQ(4, n_parts=3), "X: expected a multiple of 3 components, got 4"),
        (lambda: vq.ShapeGainVQ([4]), "n_codewords: expected shapes and gains, got"),
        (lambda: vq.TreeVQ(6), "n_codewords: expected a power of branching=2, got 6"),
        (lambda: vq.TreeVQ(4, branching=1), "branching: expected 2 or more, got 1"),
    ],
)
def test_structures_that_cannot_be_are_refused(make, words):
    with pytest.raises((ArgumentError, TypeError), match=words):
        make().fit(gauss_markov(100, 4))


def test_a_search_of_codes_needs_codes():
    q = vq.ProductVQ(4, n_parts=2).fit(gauss_markov(100, 4))
    with pytest.raises(ArgumentError, match="codes: expected one or more, got none"):
        q.search(np.ones((1, 4)), np.empty((0, 2), int))
    with pytest.raises(ArgumentError, match="m: expected from 1 to 3, got 4"):
        q.search(np.ones((1, 4)), np.zeros((3, 2), int), 4)
