"""Variable rate: entropy-constrained design and Huffman codes."""

import numpy as np
import pytest

from celpvq import vq
from celpvq.errors import ArgumentError


def vectors(n=20_000, k=1, seed=1):
    return np.random.default_rng(seed).normal(size=(n, k))


def test_without_a_price_the_design_is_plain():
    X = vectors(1000, 2)
    plain = vq.LBG(16, init="kmeans++", random_state=1).fit(X)
    q = vq.EntropyConstrainedVQ(16, lagrangian=0, random_state=1).fit(X)
    np.testing.assert_allclose(q.codebook_, plain.codebook_, atol=1e-12)
    assert q.rate_ == pytest.approx(vq.index_entropy(q.encode(X)), abs=0.01)


@pytest.mark.parametrize("lagrangian", [0.02, 0.2])
def test_laws_of_an_entropy_constrained_design(lagrangian):
    X = vectors(4000, 2)
    q = vq.EntropyConstrainedVQ(64, lagrangian=lagrangian, tol=1e-8, max_iter=500,
                                random_state=1).fit(X)  # fmt: skip
    assert (np.diff(q.cost_history_) <= 0).all(), "cost rose"
    indices = q.encode(X)
    assert len(q.codebook_) == len(q.lengths_) <= 64
    share = np.bincount(indices, minlength=len(q.lengths_)) / len(X)
    np.testing.assert_allclose(2.0**-q.lengths_, share, atol=2e-3)
    assert (2.0**-q.lengths_).sum() == pytest.approx(1)
    assert q.rate_ == pytest.approx(share @ q.lengths_)
    cost = -q.score(X) + lagrangian * q.rate_ / 2
    assert q.cost_history_[-1] == pytest.approx(cost)
    errors = ((X[:, None] - q.codebook_) ** 2).sum(axis=2) + lagrangian * q.lengths_
    np.testing.assert_array_equal(indices, errors.argmin(axis=1))


def test_a_higher_price_of_bits_saves_bits():
    X = vectors(4000, 2)
    designs = [vq.EntropyConstrainedVQ(64, lagrangian=price, random_state=1).fit(X)
               for price in (0.01, 0.05, 0.2, 1)]  # fmt: skip
    assert (np.diff([q.rate_ for q in designs]) < 0).all()
    assert (np.diff([q.score(X) for q in designs]) < 0).all()
    dear = vq.EntropyConstrainedVQ(64, lagrangian=1e6, random_state=1, max_iter=500).fit(X)
    assert dear.rate_ == pytest.approx(0, abs=0.01)


@pytest.mark.parametrize("lagrangian", [0.01, 0.05, 0.15])
def test_a_scalar_design_is_a_quarter_bit_off_the_bound(lagrangian):
    X, fresh = vectors(), vectors(100_000, seed=2)
    q = vq.EntropyConstrainedVQ(64, lagrangian=lagrangian, random_state=1, max_iter=200).fit(X)
    rate = q.lengths_[q.encode(fresh)].mean()
    bound = 0.5 * np.log2(1 / -q.score(fresh))  # rate at which the distortion is possible
    assert 0.15 < rate - bound < 0.27  # 0.2546 bit at high rate, less at low
    fixed = vq.lloyd_max_gaussian(round(2**rate))[2] * (round(2**rate) / 2**rate) ** 2
    assert -q.score(fresh) < fixed, "no better than a fixed rate"


def naive_huffman(probability):
    """Code lengths by merging the two least likely groups again and again."""
    groups = [(p, [i]) for i, p in enumerate(probability)]
    lengths = np.zeros(len(probability), int)
    while len(groups) > 1:
        groups.sort(key=lambda group: group[0])
        (p, a), (q, b) = groups[:2]
        lengths[a + b] += 1
        groups = [(p + q, a + b), *groups[2:]]
    return lengths


def test_huffman_lengths_are_the_best_prefix_code():
    rng = np.random.default_rng(1)
    for n in (2, 3, 7, 50):
        p = rng.dirichlet(np.full(n, 0.5))
        lengths = vq.huffman_lengths(p)
        assert (2.0**-lengths).sum() == 1
        assert p @ lengths == pytest.approx(p @ naive_huffman(p))
        entropy = -(p * np.log2(p)).sum()
        assert entropy <= p @ lengths < entropy + 1
    np.testing.assert_array_equal(vq.huffman_lengths([4, 2, 1, 1]), [1, 2, 3, 3])
    np.testing.assert_array_equal(vq.huffman_lengths([1, 0, 3]), [1, 0, 1])
    np.testing.assert_array_equal(vq.huffman_lengths([0, 5]), [0, 1])


def test_the_average_rate_is_that_of_the_indices():
    assert vq.average_rate([0, 0, 1, 2], [1, 2, 2]) == 1.5
    indices = np.random.default_rng(1).geometric(0.5, size=5000) - 1
    lengths = vq.huffman_lengths(np.bincount(indices))
    entropy = vq.index_entropy(indices)
    assert entropy <= vq.average_rate(indices, lengths) < entropy + 0.1


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: vq.huffman_lengths([]), "probability: expected one or more above 0, got none"),
        (lambda: vq.huffman_lengths([0, 0]), "probability: expected one or more above 0"),
        (lambda: vq.huffman_lengths([1, -1]), "probability: expected no negative"),
        (lambda: vq.average_rate([0, 3], [1, 1]), "indices: expected from 0 to 1, got from 0 to 3"),
        (lambda: vq.average_rate([0, 1], [1, 0]), "lengths: expected a code for index 1, got none"),
        (lambda: vq.EntropyConstrainedVQ(4, lagrangian=-1).fit(vectors(9)), "lagrangian: expected"),
    ],
)
def test_codes_that_cannot_be_are_refused(call, words):
    with pytest.raises(ArgumentError, match=words):
        call()
