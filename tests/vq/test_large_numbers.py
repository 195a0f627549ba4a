"""Squares that overflow: a right answer or a typed error, never NaN and never an endless design."""

from importlib.util import find_spec

import numpy as np
import pytest

from celpvq import vq
from celpvq.errors import ArgumentError

QUANTIZERS = [
    vq.LBG(4),
    vq.LBG(4, distortion="weighted", init="kmeans++"),
    vq.LBG(4, distortion="matrix", init="maximin"),
    vq.LBG(4, distortion="mahalanobis"),
    vq.DeterministicAnnealing(4),
    vq.EntropyConstrainedVQ(4),
    vq.MiniBatchVQ(4),
    vq.MultistageVQ([4, 4], distortion="weighted"),
    vq.NeuralGas(4),
    vq.OnlineVQ(4),
    vq.PredictiveVQ(4),
    vq.PredictiveVQ(4, predictor="ma", distortion="weighted"),
    vq.ProductVQ(4, n_parts=2),
    vq.SelfOrganizingMap(4),
    vq.ShapeGainVQ([4, 2]),
    vq.SimulatedAnnealing(4),
    vq.SplitVQ([4, 4]),
    *([vq.StraightThroughVQ(4)] if find_spec("torch") else []),
    vq.TreeVQ(4),
]
every_quantizer = pytest.mark.parametrize("q", QUANTIZERS, ids=repr)


def vectors(dtype=np.float64):
    return np.random.default_rng(1).normal(size=(300, 4)).astype(dtype)


def weights(q):
    """A weight of the shape that the quantizer takes, in float64."""
    weight = np.random.default_rng(2).uniform(0.5, 1.5, size=300)
    if q.distortion == "weighted":
        return np.tile(weight[:, None], 4)
    return weight[:, None, None] * np.eye(4) if q.distortion == "matrix" else weight


def assert_right(q, X, scale):
    """The design of scaled vectors is finite, and about as good as of the vectors themselves."""
    q.set_params(random_state=1)
    plain = -q.fit(X.astype(np.float64)).score(X.astype(np.float64))
    big = X * X.dtype.type(scale)
    reached = -q.fit(big).score(big)
    assert np.isfinite(q.decode(q.encode(big))).all()
    expected = plain if q.distortion == "mahalanobis" else plain * scale**2
    assert reached == pytest.approx(expected, rel=0.3)


@every_quantizer
@pytest.mark.parametrize(
    ("dtype", "scale"),
    [(np.float32, 1e19), (np.float32, 1e25), (np.float64, 1e155), (np.float64, 1e200)],
)
def test_vectors_whose_squares_overflow_are_named(q, dtype, scale):
    X = vectors(dtype) * dtype(scale)
    with pytest.raises(ArgumentError, match=r"X: expected magnitudes up to .*, got "):
        q.fit(X)
    fitted = q.set_params(random_state=1).fit(vectors(dtype))
    for use in (fitted.encode, fitted.score):
        with pytest.raises(ArgumentError, match="X: expected magnitudes up to "):
            use(X)


@every_quantizer
@pytest.mark.parametrize(("dtype", "scale"), [(np.float32, 1e17), (np.float64, 1e140)])
def test_large_vectors_below_the_limit_are_coded_as_well_as_small_ones(q, dtype, scale):
    assert_right(q, vectors(dtype), scale)


@every_quantizer
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("scale", [1e40, 1e200, 1e300])
def test_large_weights_are_right_or_named(q, dtype, scale):
    X, weight = vectors(dtype), weights(q)
    q.set_params(random_state=1)
    if dtype == np.float32 or scale > 1e200:
        with pytest.raises(ArgumentError, match="sample_weight: expected weights"):
            q.fit(X, sample_weight=scale * weight)
    else:
        q.fit(X, sample_weight=scale * weight)
        score = q.score(X, sample_weight=scale * weight)
        assert score == pytest.approx(q.score(X, sample_weight=weight), rel=1e-6)
        assert -0.9 < score < -0.05
        assert np.isfinite(q.decode(q.encode(X))).all()


def test_weights_of_a_search_that_overflow_are_named():
    X = vectors(np.float32)
    q = vq.LBG(4, distortion="weighted").fit(X)
    with pytest.raises(ArgumentError, match="weight: expected weights that float32 can hold"):
        q.encode(X, np.full(4, 1e40))
    with pytest.raises(ArgumentError, match="weight: expected weights whose products with squared"):
        vq.nearest(X * np.float32(1e15), X, np.full(4, 1e20))


def test_searches_and_measures_are_right_or_named():
    X = vectors(np.float32)
    with pytest.raises(ArgumentError, match=r"X: expected magnitudes up to .*or use float64"):
        vq.nearest(X * np.float32(1e19), X)
    with pytest.raises(ArgumentError, match="codebook: expected"):
        vq.nearest(X, X.astype(np.float64) * 1e30)
    big = X * np.float32(1e19)
    assert vq.distortion(big, 0 * big) == pytest.approx(1e38 * (X**2).mean(), rel=1e-5)
    assert vq.sqnr(big, np.float32(1.1) * big) == pytest.approx(20, abs=0.01)
    assert vq.psnr(X, 1.01 * X, peak=1e200) == pytest.approx(4040 - 20 * np.log10(X.std()), abs=1)
    with pytest.raises(ArgumentError, match="X: expected magnitudes up to"):
        vq.distortion([[1e200]], [[0.0]])
    with pytest.raises(ArgumentError, match="codebook: expected magnitudes up to"):
        vq.assign_indices([[1e200], [0]])


def test_files_are_checked_block_by_block(tmp_path):
    X = vectors(np.float32)
    X[200, 2] = 1e19
    np.save(tmp_path / "X.npy", X)
    with pytest.raises(ArgumentError, match=r"X: expected magnitudes up to .*, got 1e\+19"):
        vq.LBG(4).fit(tmp_path / "X.npy")
    X[200] = 1
    np.save(tmp_path / "X.npy", X)
    np.save(tmp_path / "weight.npy", np.full(300, 1e40))
    with pytest.raises(ArgumentError, match="sample_weight: expected"):
        vq.LBG(4).fit(tmp_path / "X.npy", sample_weight=tmp_path / "weight.npy")


def test_a_price_of_bits_that_overflows_is_named():
    with pytest.raises(ArgumentError, match="lagrangian: expected"):
        vq.EntropyConstrainedVQ(4, lagrangian=1e300).fit(vectors(np.float32))
