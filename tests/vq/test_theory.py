"""Measures, bounds, and what LBG reaches of them on sources that the literature knows."""

import numpy as np
import pytest
from scipy.signal import lfilter

from celpvq import vq
from celpvq.errors import ArgumentError


def gaussian(n, k, rng):
    return rng.normal(size=(n, k))


def gauss_markov(n, k, rng):
    x = lfilter([np.sqrt(1 - 0.9**2)], [1, -0.9], rng.normal(size=n * k + 1000))
    return x[1000:].reshape(n, k)


def laplacian(n, k, rng):
    return rng.laplace(size=(n, k))


def uniform(n, k, rng):
    return rng.uniform(-1, 1, size=(n, k))


@pytest.mark.parametrize(
    ("source", "k", "rate", "sqnr_db"),
    [
        (gaussian, 1, 1, 4.39), (gaussian, 1, 2, 9.30), (gaussian, 1, 3, 14.63),
        (gaussian, 1, 4, 20.17), (gaussian, 2, 1, 4.40), (gaussian, 2, 2, 9.65),
        (gaussian, 2, 3, 15.20), (gaussian, 3, 1, 4.47), (gaussian, 3, 2, 9.86),
        (gaussian, 4, 1, 4.64), (gaussian, 4, 2, 10.06), (gaussian, 6, 1, 4.77),
        (gaussian, 8, 1, 4.87),
        (gauss_markov, 1, 1, 4.37), (gauss_markov, 2, 1, 7.91), (gauss_markov, 3, 1, 9.35),
        (gauss_markov, 4, 1, 10.21), (gauss_markov, 5, 1, 10.69), (gauss_markov, 6, 1, 10.98),
        (gauss_markov, 7, 1, 11.18), (gauss_markov, 8, 1, 11.37),
        (laplacian, 1, 1, 3.01), (laplacian, 1, 2, 7.54), (laplacian, 1, 3, 12.64),
        (laplacian, 1, 4, 18.13), (laplacian, 2, 1, 3.66), (laplacian, 2, 2, 8.87),
        (laplacian, 4, 1, 4.63),
        (uniform, 1, 3, 18.06), (uniform, 2, 2, 12.04), (uniform, 2, 3, 18.05),
        (uniform, 4, 2, 12.04),
    ],
)  # fmt: skip
def test_lbg_reaches_the_known_sqnr(source, k, rate, sqnr_db):
    rng = np.random.default_rng(1)
    n_codewords = 2 ** (k * rate)
    # 300 vectors per codeword are too few for a small book: it would vary by more than it may
    X = source(max(300 * n_codewords, 60_000 // k), k, rng).astype(np.float32)
    # the start matters to small books, but not to scalar ones: they have one local minimum
    seeds = range(1 if k == 1 or n_codewords > 64 else 6 if n_codewords <= 16 else 2)
    starts = [{"init": ("splitting", "kmeans++")[seed % 2], "random_state": seed} for seed in seeds]
    designs = [vq.LBG(n_codewords, **start).fit(X) for start in starts]
    best = max(designs, key=lambda q: -q.distortion_history_[-1])
    fresh = source(600_000 // k, k, rng).astype(np.float32)
    reached = vq.sqnr(fresh, best.decode(best.encode(fresh)))
    assert reached == pytest.approx(sqnr_db, abs=0.05 if k <= 2 else 0.1)
    if source is gaussian:
        assert 10 ** (-reached / 10) > vq.shannon_distortion_gaussian(rate)
    if source is gauss_markov:
        assert 10 ** (-reached / 10) > vq.shannon_distortion_gauss_markov(rate, 0.9)


@pytest.mark.parametrize(
    ("n", "distortion"),
    [(1, 1.0), (2, 0.3634), (4, 0.1175), (8, 0.03454), (16, 0.009497), (32, 0.002499)],
)
def test_lloyd_max_gaussian_is_that_of_the_tables(n, distortion):
    levels, thresholds, reached = vq.lloyd_max_gaussian(n)
    assert reached == pytest.approx(distortion, rel=3e-3)
    np.testing.assert_array_equal(levels, -levels[::-1])
    assert (np.diff(np.sort(np.r_[levels, thresholds])) > 0).all()
    np.testing.assert_array_equal(thresholds, (levels[1:] + levels[:-1]) / 2)


def test_lloyd_max_gaussian_approaches_panter_and_dite():
    _, _, distortion = vq.lloyd_max_gaussian(1024)
    assert distortion * 1024**2 == pytest.approx(np.sqrt(3) * np.pi / 2, rel=3e-3)
    assert vq.zador_bound(1, 10) == pytest.approx(np.sqrt(3) * np.pi / 2 / 1024**2)


def test_memory_is_worth_what_the_spectrum_says():
    bound = vq.shannon_distortion_gauss_markov
    assert 10 * np.log10(1 / bound(1, 0.9)) == pytest.approx(13.23, abs=0.01)  # high rate
    assert bound(2, 0.9, 3.0) == pytest.approx(3 * 0.19 / 16)
    assert bound(0, 0.9, 3.0) == pytest.approx(3)
    for a in (0.5, 0.9, -0.9):
        edge = 0.5 * np.log2((1 - a * a) * (1 + abs(a)) / (1 - abs(a)))  # of the closed form
        assert bound(edge - 1e-6, a) == pytest.approx(bound(edge + 1e-6, a), rel=1e-4)
        rates = np.linspace(0, 2, 21)
        distortions = [bound(rate, a) for rate in rates]
        assert (np.diff(distortions) < 0).all()
        assert (np.diff(distortions, 2) > 0).all(), "not convex"
        white = [(1 - a * a) * vq.shannon_distortion_gaussian(rate) for rate in rates]
        assert (np.array(distortions) >= np.array(white) * (1 - 1e-9)).all()
    assert bound(1, 0) == 0.25
    # of the parametric form: rate and distortion of one water level, integrated on their own
    omega = np.linspace(0, np.pi, 20_001)
    spectrum = 0.19 / (1.81 - 1.8 * np.cos(omega))
    rate = np.trapezoid(np.maximum(0.5 * np.log2(spectrum / 0.3), 0), omega) / np.pi
    distortion = np.trapezoid(np.minimum(spectrum, 0.3), omega) / np.pi
    assert bound(rate, 0.9) == pytest.approx(distortion, rel=1e-4)


def test_bounds_are_in_order():
    constants = [vq.gersho_constant(k) for k in (1, 2, 3, 4, 5, 6, 7, 8, 24, np.inf)]
    tabled = [.083333, .080188, .078543, .076603, .075625, .074244, .073116, .071682, .065771,
              .058550]  # fmt: skip
    np.testing.assert_allclose(constants, tabled, atol=6e-7)
    bounds = [vq.zador_bound(k, 3, 2.0) for k in (1, 2, 4, 8, 24, np.inf)]
    assert (np.diff(bounds) < 0).all()
    assert bounds[-1] == pytest.approx(vq.shannon_distortion_gaussian(3, 2.0)) == 2 / 64


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: vq.gersho_constant(9), "k: expected one of 1, 2, .*got 9"),
        (lambda: vq.zador_bound(2, -1), "rate: expected 0 bits or more, got -1"),
        (lambda: vq.shannon_distortion_gaussian(1, 0), "variance: expected above 0"),
        (lambda: vq.shannon_distortion_gauss_markov(1, 1), "a: expected above -1 and below 1"),
        (lambda: vq.shannon_distortion_gauss_markov(-1, 0), "rate: expected 0 bits or more"),
        (lambda: vq.lloyd_max_gaussian(0), "n_levels: expected 1 or more, got 0"),
    ],
)
def test_theory_refuses_what_it_does_not_know(call, words):
    with pytest.raises(ArgumentError, match=words):
        call()


def test_measures_of_a_small_example():
    X, Y = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[1.0, 1.0], [3.0, 6.0]])
    assert vq.distortion(X, Y) == 5 / 4
    assert vq.distortion(X, Y, [3, 1]) == (3 * 1 + 1 * 4) / 8
    assert vq.distortion(X, Y, [[1, 4], [1, 0]]) == 4 / 6
    assert vq.sqnr(X, Y) == pytest.approx(10 * np.log10(30 / 5))
    assert vq.sqnr(X, X) == np.inf
    assert vq.sqnr(0 * X, Y) == -np.inf
    assert vq.psnr(X, Y, peak=4) == pytest.approx(10 * np.log10(16 / (5 / 4)))
    assert vq.psnr([[0]], [[255]]) == 0
    assert vq.psnr(X, X) == np.inf
    assert vq.index_entropy([0, 1, 2, 2]) == 1.5
    assert vq.perplexity([0, 1, 2, 3]) == 4
    assert vq.index_entropy([7, 7]) == 0
    assert vq.cell_usage([0, 2, 2], 8) == 0.25


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: vq.distortion([[1.0]], [[1.0], [2.0]]), "Y: expected 1 vectors, got 2"),
        (lambda: vq.distortion([[1.0]], [[1.0]], [0]), "weight: expected some weight"),
        (lambda: vq.sqnr(np.empty((0, 2)), np.empty((0, 2))), "X: expected 1 .*got 0"),
        (lambda: vq.psnr([[1.0]], [[1.0]], 0), "peak: expected above 0 and finite, got 0"),
        (lambda: vq.index_entropy([]), "indices: expected one or more, got none"),
        (lambda: vq.index_entropy([-1]), "indices: expected .*got from -1"),
        (lambda: vq.cell_usage([3], 3), "indices: expected from 0 to 2, got from 3 to 3"),
    ],
)
def test_measures_refuse_what_has_no_measure(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_the_package_offers_what_it_lists_and_nothing_else():
    assert dir(vq) == list(vq.__all__)
    for name in vq.__all__:
        assert callable(getattr(vq, name))
        assert callable(getattr(vq, name)), "importing its module has shadowed it"
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        vq.nothing  # noqa: B018
