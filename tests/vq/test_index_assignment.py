"""Bit errors in indices, and orders of the codewords that mind them less."""

import itertools

import numpy as np
import pytest

from celpvq import vq
from celpvq.errors import ArgumentError

every_method = pytest.mark.parametrize("method", ["switching", "annealing"])


def naive_distortion(codebook, rate, probability):
    """The sum over all indices sent and received."""
    n_bits = len(codebook).bit_length() - 1
    total = 0.0
    for i, j in itertools.product(range(len(codebook)), repeat=2):
        wrong = (i ^ j).bit_count()
        chance = rate**wrong * (1 - rate) ** (n_bits - wrong)
        total += probability[i] * chance * ((codebook[i] - codebook[j]) ** 2).mean()
    return total / np.sum(probability)


def book(n=16, k=2, seed=1):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, k)), rng.exponential(size=n)


@pytest.mark.parametrize("rate", [0, 0.003, 0.2, 0.5])
def test_channel_distortion_is_the_sum_over_all_errors(rate):
    for n in (1, 2, 16):
        codebook, probability = book(n)
        expected = naive_distortion(codebook, rate, probability)
        assert vq.channel_distortion(codebook, rate, probability) == pytest.approx(expected)
        assert vq.channel_distortion(codebook, rate) == pytest.approx(
            naive_distortion(codebook, rate, np.ones(n))
        )


def test_of_centroids_the_distortions_of_quantizer_and_channel_add():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(20_000, 2))
    q = vq.LBG(16, random_state=1, tol=0, max_iter=500).fit(X)
    sent = q.encode(X)
    flips = (rng.random((len(X), 4)) < 0.05) @ (1 << np.arange(4))
    reached = vq.distortion(X, q.decode(sent ^ flips))
    added = vq.channel_distortion(q.codebook_, 0.05, np.bincount(sent))
    assert reached == pytest.approx(vq.distortion(X, q.decode(sent)) + added, rel=0.02)


@every_method
def test_no_two_codewords_gain_by_changing_places(method):
    codebook, probability = book()
    order = vq.assign_indices(codebook, probability=probability, method=method, random_state=1)
    assert sorted(order) == list(range(16))
    least = vq.channel_distortion(codebook[order], 0.01, probability[order])
    assert least < 0.8 * vq.channel_distortion(codebook, 0.01, probability)
    for i, j in itertools.combinations(range(16), 2):
        other = order.copy()
        other[[i, j]] = other[[j, i]]
        swapped = vq.channel_distortion(codebook[other], 0.01, probability[other])
        assert swapped >= least * (1 - 1e-9)


@every_method
def test_four_codewords_find_the_best_of_all_orders(method):
    for seed in range(10):
        codebook, probability = book(4, seed=seed)
        best = min(
            vq.channel_distortion(codebook[list(o)], 0.05, probability[list(o)])
            for o in itertools.permutations(range(4))
        )
        order = vq.assign_indices(codebook, bit_error_rate=0.05, probability=probability,
                                  method=method, random_state=1)  # fmt: skip
        found = vq.channel_distortion(codebook[order], 0.05, probability[order])
        assert found == pytest.approx(best)


def test_annealing_finds_the_natural_binary_code_best_for_uniform_levels():
    levels = np.linspace(-1, 1, 32)[:, None]
    natural = vq.channel_distortion(levels, 0.01)
    shuffled = np.random.default_rng(1).permutation(levels)
    order = vq.assign_indices(shuffled, method="annealing", random_state=1)
    found = vq.channel_distortion(shuffled[order], 0.01)
    assert natural * (1 - 1e-9) <= found <= 1.02 * natural
    np.testing.assert_array_equal(vq.assign_indices(levels), np.arange(32))


def test_annealing_is_no_worse_than_switching_and_repeats():
    codebook, _ = book(64, 3)
    plain = vq.assign_indices(codebook)
    annealed, again = (
        vq.assign_indices(codebook, method="annealing", random_state=2) for _ in range(2)
    )
    np.testing.assert_array_equal(annealed, again)
    better, good = (vq.channel_distortion(codebook[o], 0.01) for o in (annealed, plain))
    assert better < good < 0.7 * vq.channel_distortion(codebook, 0.01)


def test_a_map_is_robust_without_assignment():
    X = np.random.default_rng(1).normal(size=(8000, 2))
    lattice = vq.SelfOrganizingMap(64, lattice=(8, 8)).fit(X)
    plain = vq.LBG(64, init="random", random_state=1).fit(X)
    assert vq.channel_distortion(lattice.codebook_, 0.01) < 0.7 * vq.channel_distortion(
        plain.codebook_, 0.01
    )


def test_equal_codewords_can_be_in_any_order():
    for method in ("switching", "annealing"):
        assert sorted(vq.assign_indices(np.ones((8, 2)), method=method, random_state=1)) == [
            *range(8)
        ]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: vq.assign_indices(book(6)[0]), "codebook: expected a power of two.*got 6"),
        (lambda: vq.assign_indices(book()[0], method="magic"), "method: expected one of switching"),
        (lambda: vq.assign_indices(book()[0], probability=[1]), r"probability: expected .*\(16,\)"),
        (lambda: vq.channel_distortion(book()[0], 0.6), "bit_error_rate: expected from 0 to 0.5"),
        (lambda: vq.channel_distortion(book()[0], 0.1, np.zeros(16)), "probability: expected one"),
        (lambda: vq.channel_distortion([[np.nan]], 0.1), "codebook: expected finite"),
    ],
)
def test_channels_that_cannot_be_are_refused(call, words):
    with pytest.raises(ArgumentError, match=words):
        call()
