"""Online, mini-batch, map, gas and annealing designs against twins and what they promise."""

import numpy as np
import pytest

from celpvq import vq
from celpvq.errors import ArgumentError


def vectors(n=2000, k=2, seed=1):
    return np.random.default_rng(seed).normal(size=(n, k))


def db(q, X):
    return -10 * np.log10(-q.score(X))


def nearest(X, codebook):
    return ((X[:, None] - codebook) ** 2).sum(axis=2).argmin(axis=1)


def test_online_learning_is_macqueens():
    X, weight = vectors(300), np.random.default_rng(2).exponential(size=300)
    codebook, counts = X[:5].copy(), np.zeros(5)
    for x, w in zip(X[5:], weight[5:], strict=True):
        j = nearest(x[None], codebook)[0]
        counts[j] += w
        codebook[j] += w / counts[j] * (x - codebook[j])
    q = vq.OnlineVQ(5, init=X[:5], max_iter=0).fit(X)
    np.testing.assert_array_equal(q.codebook_, X[:5])
    for part in (slice(5, 100), slice(100, 300)):
        assert q.partial_fit(X[part], sample_weight=weight[part]) is q
    np.testing.assert_allclose(q.codebook_, codebook, atol=1e-12)
    np.testing.assert_allclose(q.counts_, np.tile(counts[:, None], 2))


def test_a_constant_rate_follows_a_source_that_moves():
    X = vectors(4000)
    still, moving = (vq.OnlineVQ(8, rate=rate, random_state=1).fit(X) for rate in (None, 0.05))
    for q in (still, moving):
        q.partial_fit(X + np.linspace(0, 5, 4000)[:, None])
    assert moving.score(X + 5) > 2.5 * vq.LBG(8).fit(X + 5).score(X + 5)
    assert moving.score(X + 5) > 0.5 * still.score(X + 5)


def test_a_first_part_brings_its_own_start():
    X = vectors(500)
    for q in (vq.OnlineVQ(8, random_state=1), vq.MiniBatchVQ(8, random_state=1)):
        with pytest.raises(ArgumentError, match="X: expected 8 vectors or more, got 7"):
            q.partial_fit(X[:7])
        q.partial_fit(X[:8]).partial_fit(X[8:9]).partial_fit(X[9:])
        assert q.counts_.sum() == 1000
        assert q.score(X) > 2 * vq.LBG(8).fit(X).score(X)


def test_a_batch_of_all_vectors_is_an_iteration():
    X, weight = vectors(500), np.random.default_rng(2).exponential(size=(500, 2))
    for params, w in (({}, None), ({"distortion": "weighted"}, weight)):
        one = vq.LBG(9, init=X[:9], max_iter=1, **params).fit(X, sample_weight=w)
        q = vq.MiniBatchVQ(9, init=X[:9], batch_size=500, max_iter=1, **params).fit(
            X, sample_weight=w
        )
        np.testing.assert_allclose(q.codebook_, one.codebook_, atol=1e-12)


def test_small_batches_keep_the_mean_of_what_each_codeword_won():
    X = vectors(100)
    q = vq.MiniBatchVQ(4, init=X[:4], batch_size=30).partial_fit(X)
    codebook, won = X[:4].copy(), [[] for _ in range(4)]
    for batch in (X[:30], X[30:60], X[60:90], X[90:]):
        for x, j in zip(batch, nearest(batch, codebook), strict=True):
            won[j].append(x)
        codebook = np.array([np.mean(w, axis=0) for w in won])
    np.testing.assert_allclose(q.codebook_, codebook, atol=1e-12)


@pytest.mark.parametrize("method", [vq.OnlineVQ, vq.MiniBatchVQ])
def test_passes_come_near_to_a_full_design(method):
    X, fresh = vectors(8000), vectors(40_000, seed=2)
    full = max(db(vq.LBG(16, random_state=seed).fit(X), fresh) for seed in range(3))
    assert full - 0.15 < db(method(16, random_state=1).fit(X), fresh) < full + 0.05


def test_an_iteration_of_the_map_is_a_mean_by_nearness():
    X = vectors(300)
    q = vq.SelfOrganizingMap(6, lattice=(2, 3), init=X[:6], radius=1.5, max_iter=1).fit(X)
    best = nearest(X, X[:6])
    for j in range(6):
        place, places = np.array(divmod(j, 3)), np.stack(np.divmod(best, 3), axis=1)
        near = np.exp(-((places - place) ** 2).sum(axis=1) / (2 * 1.5**2))
        np.testing.assert_allclose(q.codebook_[j], np.average(X, axis=0, weights=near))


@pytest.mark.parametrize("lattice", [None, (4, 4)])
def test_a_map_is_in_order_and_pays_little_for_it(lattice):
    X, fresh = vectors(8000), vectors(40_000, seed=2)
    q = vq.SelfOrganizingMap(16, lattice=lattice).fit(X)
    lost = db(vq.LBG(16, random_state=1).fit(X), fresh) - db(q, fresh)
    assert 0.02 < lost < 0.6
    places = np.argwhere(np.ones(lattice or (16,)))
    steps = np.abs(places[:, None] - places).sum(axis=2)
    distances = np.linalg.norm(q.codebook_[:, None] - q.codebook_, axis=2)
    assert distances[steps == 1].mean() < 0.6 * distances[steps > 1].mean()
    order = np.random.default_rng(1).permutation(16)
    shuffled = distances[np.ix_(order, order)]
    assert distances[steps == 1].mean() < 0.8 * shuffled[steps == 1].mean()


def test_a_smaller_final_radius_gives_up_order_for_distortion():
    X = vectors(4000)
    scores = [vq.SelfOrganizingMap(16, final_radius=r).fit(X).score(X) for r in (2, 1, 0.5, 0.2)]
    assert (np.diff(scores) > 0).all()


def test_a_step_of_the_gas_is_a_mean_by_rank():
    X, weight = vectors(200), np.random.default_rng(2).exponential(size=200)
    q = vq.NeuralGas(6, init=X[:6], radius=2, n_steps=1, max_iter=0).fit(X, sample_weight=weight)
    ranks = ((X[:, None] - X[:6]) ** 2).sum(axis=2).argsort(axis=1).argsort(axis=1)
    parts = weight[:, None] * np.exp(-ranks / 2.0)
    np.testing.assert_allclose(q.codebook_, parts.T @ X / parts.sum(axis=0)[:, None], rtol=1e-6)


def test_the_gas_does_not_mind_its_start():
    X = vectors(4000)
    bad = X[:16] * 0.01 + 5  # far away and all together
    gas = vq.NeuralGas(16, init=bad, random_state=1).fit(X)
    plain = [vq.LBG(16, random_state=seed).fit(X).score(X) for seed in range(3)]
    assert gas.score(X) > 1.03 * np.mean(plain)
    others = [vq.NeuralGas(16, random_state=seed).fit(X).score(X) for seed in range(3)]
    assert np.ptp([gas.score(X), *others]) < 0.03 * np.mean(np.abs(others))


def trap():
    """Clusters, a start from which plain iterations end badly, and the best codebook."""
    rng = np.random.default_rng(1)
    centres = np.array([[0.0, 0], [1, 0], [8, 0], [8, 1], [8, -1], [0, 9]])
    X = np.repeat(centres, 200, axis=0) + 0.1 * rng.normal(size=(1200, 2))
    start = np.array([[0.0, -0.1], [0, 0.1], [1, 0.1], [1, -0.1], [8, 0], [0, 9]])
    return X, start, centres


@pytest.mark.parametrize(
    "make",
    [
        lambda start: vq.SimulatedAnnealing(6, init=start, random_state=1),
        lambda start: vq.NeuralGas(6, init=start, random_state=1),
        lambda start: vq.DeterministicAnnealing(6, random_state=1),
    ],
    ids=["SimulatedAnnealing", "NeuralGas", "DeterministicAnnealing"],
)
def test_annealing_escapes_where_plain_iterations_are_caught(make):
    X, start, centres = trap()
    plain = vq.LBG(6, init=start, max_iter=500).fit(X)
    assert plain.score(X) < -0.05
    q = make(start).fit(X)
    assert q.score(X) > -0.011
    assert np.abs(q.codebook_[nearest(centres, q.codebook_)] - centres).max() < 0.05


def test_without_noise_annealing_is_plain():
    X = vectors(500)
    plain = vq.LBG(9, init=X[:9], tol=1e-4, max_iter=50).fit(X)
    q = vq.SimulatedAnnealing(9, init=X[:9], n_steps=0).fit(X)
    np.testing.assert_array_equal(q.codebook_, plain.codebook_)


def test_the_first_codewords_part_at_the_critical_temperature():
    X = vectors(1500) * [3, 1]
    q = vq.DeterministicAnnealing(4, cooling=0.95, n_settle=60, random_state=1).fit(X)
    critical = 2 * np.linalg.eigvalsh(np.cov(X.T, ddof=0))[-1]
    parted = q.temperatures_[q.sizes_ > 1][0]
    assert 0.85 * critical < parted < 1.01 * critical
    assert q.sizes_[0] == 1
    assert q.sizes_[-1] == 4


def test_deterministic_annealing_needs_no_luck():
    X, fresh = vectors(3000), vectors(40_000, seed=2)
    annealed = [db(vq.DeterministicAnnealing(8, random_state=s).fit(X), fresh) for s in range(3)]
    plain = [db(vq.LBG(8, init="random", random_state=s).fit(X), fresh) for s in range(8)]
    assert np.ptp(annealed) < 0.02
    assert min(annealed) > np.mean(plain)


def test_soft_designs_learn_few_vectors_by_heart():
    X = np.repeat(np.eye(3), 20, axis=0)
    for q in (vq.DeterministicAnnealing(8, random_state=1), vq.NeuralGas(8, random_state=1)):
        np.testing.assert_allclose(q.fit(X).decode(q.encode(X)), X, atol=1e-6)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: vq.OnlineVQ(4, rate=2), "rate: expected from 0 to 1, got 2"),
        (lambda: vq.MiniBatchVQ(4, batch_size=0), "batch_size: expected 1 or more, got 0"),
        (lambda: vq.OnlineVQ(4, init="splitting"), "init: expected one of random, .*'splitting'"),
        (lambda: vq.SelfOrganizingMap(6, lattice=(2, 2)), "lattice: expected rows times columns"),
        (lambda: vq.SelfOrganizingMap(6, radius=0.1), "radius: expected 0.4 or more, got 0.1"),
        (lambda: vq.SelfOrganizingMap(6, init="magic"), "init: expected one of plane, .*'magic'"),
        (lambda: vq.NeuralGas(6, radius=0.01), "radius: expected 0.1 or more, got 0.01"),
        (lambda: vq.SimulatedAnnealing(6, noise=-1), "noise: expected 0 or more, got -1"),
        (lambda: vq.DeterministicAnnealing(6, cooling=1.0), "cooling: expected from 0.5 to 0.999"),
    ],
)
def test_designs_that_cannot_be_are_refused(make, words):
    with pytest.raises(ArgumentError, match=words):
        make().fit(vectors(100))
