"""Prediction in the loop: the decoder follows the encoder, and the past is worth what it must."""

import numpy as np
import pytest
from scipy.signal import lfilter

from celpvq import vq
from celpvq.errors import ArgumentError


def gauss_markov(n, k=1, seed=1):
    """Sequences in time of k components that do not know of each other."""
    noise = np.random.default_rng(seed).normal(size=(n, k))
    return lfilter([np.sqrt(1 - 0.9**2)], [1, -0.9], noise, axis=0)


def naive(q, X, starts=(0,)):
    """Code X by the definition, one vector at a time: codes and quantized vectors."""
    codes, out = np.empty((len(X), 2), int), np.empty(X.shape)
    for n, x in enumerate(X):
        if n in starts:
            memory = [np.zeros(X.shape[1])] * q.order
        if q.predictor == "matrix":
            predicted = [sum(A @ m for A, m in zip(coef, memory, strict=True)) for coef in q.coefs_]
        else:
            predicted = [(coef * memory).sum(axis=0) for coef in q.coefs_]
        sums = [p + book for p, book in zip(predicted, q.codebooks_, strict=True)]
        errors = np.array([((x - q.mean_ - s) ** 2).sum(axis=1) for s in sums])
        p, c = codes[n] = np.unravel_index(errors.argmin(), errors.shape)
        out[n] = sums[p][c] + q.mean_
        seen = q.codebooks_[p, c] if q.predictor == "ma" else sums[p][c]
        memory = [seen, *memory[:-1]]
    return codes, out


@pytest.mark.parametrize("predictor", ["ma", "ar", "matrix"])
@pytest.mark.parametrize(("order", "n_predictors"), [(1, 1), (3, 2), (2, 3)])
def test_the_loop_is_that_of_the_definition(predictor, order, n_predictors):
    X = 5 + gauss_markov(400, 2)
    q = vq.PredictiveVQ(6, predictor=predictor, order=order, n_predictors=n_predictors,
                        random_state=1, max_iter=5).fit(X)  # fmt: skip
    codes, out = naive(q, X)
    np.testing.assert_array_equal(q.encode(X), codes)
    np.testing.assert_allclose(q.decode(codes), out, atol=1e-12)
    assert len(np.unique(codes[:, 0])) == n_predictors


def test_sequences_do_not_see_each_other():
    X = gauss_markov(500, 2)
    q = vq.PredictiveVQ(8, predictor="ar", order=2, random_state=1).fit(X, lengths=[200, 300])
    codes = q.encode(X, lengths=[200, 0, 300])
    np.testing.assert_array_equal(codes, np.r_[q.encode(X[:200]), q.encode(X[200:])])
    np.testing.assert_array_equal(codes, naive(q, X, (0, 200))[0])
    decoded = q.decode(codes, lengths=[200, 300])
    np.testing.assert_array_equal(decoded[200:], q.decode(codes[200:]))
    assert q.score(X, lengths=[200, 300]) == pytest.approx(-vq.distortion(X, decoded))
    again = vq.PredictiveVQ(8, predictor="ar", order=2, random_state=1).fit(X)
    assert not np.array_equal(again.coefs_, q.coefs_)


def sqnr_of(X, fresh, **params):
    q = vq.PredictiveVQ(8, random_state=1, **params).fit(X)
    return vq.sqnr(fresh, q.decode(q.encode(fresh)))


def test_the_past_is_worth_its_prediction_gain():
    X, fresh = gauss_markov(20_000), gauss_markov(20_000, seed=2)
    memoryless = vq.LBG(8, random_state=1).fit(X)
    base = vq.sqnr(fresh, memoryless.decode(memoryless.encode(fresh)))
    gain = 10 * np.log10(1 / (1 - 0.9**2))  # 7.2 dB
    ar = sqnr_of(X, fresh, predictor="ar") - base
    ma = [sqnr_of(X, fresh, predictor="ma", order=order) - base for order in (1, 2, 4)]
    assert gain - 0.5 < ar < gain + 0.2
    assert 0.5 < ma[0] < ma[1] < ma[2] < ar
    assert base + ar < -10 * np.log10(vq.shannon_distortion_gaussian(3, 1 - 0.9**2))


def test_ar_finds_the_coefficient_of_the_source():
    X = gauss_markov(20_000, 2)
    q = vq.PredictiveVQ(32, predictor="ar", order=2, random_state=1).fit(X)
    np.testing.assert_allclose(q.coefs_[0], [[0.9, 0.9], [0, 0]], atol=0.04)


@pytest.mark.parametrize("seed", range(4))
def test_blocks_of_a_signal_are_predicted_by_default_and_beat_memoryless_codes(seed):
    def blocks(seed):
        noise = np.random.default_rng(seed).normal(size=22_000)
        return lfilter([np.sqrt(1 - 0.97**2)], [1, -0.97], noise)[2000:].reshape(-1, 2)

    X, fresh = blocks(seed), blocks(100 + seed)
    db = {}
    for q in (vq.LBG(32), vq.PredictiveVQ(32), vq.PredictiveVQ(32, predictor="ar")):
        q.set_params(random_state=seed).fit(X)
        db[getattr(q, "predictor", "none")] = vq.sqnr(fresh, q.decode(q.encode(fresh)))
    assert db["matrix"] > db["none"] + 4.5  # 6.1 dB at high rate
    assert db["matrix"] > db["ar"] + 1.5


def test_the_matrix_is_the_one_of_the_source():
    rng = np.random.default_rng(1)
    A = np.array([[0.6, 0.5], [-0.5, 0.6]])
    X = np.zeros((20_000, 2))
    for n in range(1, len(X)):
        X[n] = A @ X[n - 1] + rng.normal(size=2)
    weight = rng.exponential(size=X.shape)
    for params, w in (({}, None), ({"distortion": "weighted"}, weight)):
        q = vq.PredictiveVQ(64, order=2, random_state=1, **params).fit(X, sample_weight=w)
        assert q.coefs_.shape == (1, 2, 2, 2)
        np.testing.assert_allclose(q.coefs_[0], [A, np.zeros((2, 2))], atol=0.05)


def test_a_predictor_never_makes_an_error_grow():
    X = np.cumsum(1.01 ** np.arange(800)[:, None] * np.ones(2), axis=0)  # an explosion
    q = vq.PredictiveVQ(8, order=2, random_state=1).fit(X)
    A, B = q.coefs_[0]
    companion = np.block([[A, B], [np.eye(2), np.zeros((2, 2))]])
    assert np.abs(np.linalg.eigvals(companion)).max() < 1 + 1e-6
    assert np.isfinite(q.decode(np.zeros((50_000, 2), int))).all()


def test_a_switch_pays_where_the_past_tells_now_more_and_now_less():
    rng = np.random.default_rng(1)
    jumps = np.repeat(rng.normal(size=(400, 2)), 20, axis=0)  # holds its value, then forgets it
    X = jumps + 0.1 * gauss_markov(8000, 2)
    one = vq.PredictiveVQ(16, predictor="ar", random_state=1).fit(X)
    two = vq.PredictiveVQ(8, predictor="ar", n_predictors=2, random_state=1).fit(X)
    assert two.score(X) > 0.9 * one.score(X)
    switched = two.encode(X)[:, 0].mean()
    assert 0.02 < switched < 0.5
    assert not two.coefs_[1].any()


def test_an_ma_decoder_forgets_an_error_after_its_order():
    X = gauss_markov(300, 2)
    q = vq.PredictiveVQ(8, predictor="ma", order=3, random_state=1).fit(X)
    codes = q.encode(X)
    damaged = codes.copy()
    damaged[100, 1] = (damaged[100, 1] + 3) % 8
    wrong = np.flatnonzero((q.decode(damaged) != q.decode(codes)).any(axis=1))
    np.testing.assert_array_equal(wrong, [100, 101, 102, 103])


@pytest.mark.parametrize(
    ("params", "fit_params", "words"),
    [
        ({"predictor": "arma"}, {}, "predictor: expected one of matrix, ar, ma, got 'arma'"),
        ({"order": 0}, {}, "order: expected 1 or more, got 0"),
        ({"n_predictors": 0}, {}, "n_predictors: expected 1 or more, got 0"),
        ({}, {"lengths": [50, 49]}, "lengths: expected a sum of 100 vectors, got 99"),
        ({}, {"lengths": [101, -1]}, "lengths: expected numbers of vectors, got"),
    ],
)
def test_predictors_that_cannot_be_are_refused(params, fit_params, words):
    with pytest.raises(ArgumentError, match=words):
        vq.PredictiveVQ(4, **params).fit(gauss_markov(100), **fit_params)
