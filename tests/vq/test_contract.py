"""What every quantizer keeps to, whatever its method."""

from importlib.util import find_spec

import numpy as np
import pytest

from celpvq import vq
from celpvq.errors import ArgumentError, ArgumentTypeError, FormatError, NotFittedError

needs_torch = pytest.mark.skipif(find_spec("torch") is None, reason="needs PyTorch")
QUANTIZERS = {
    "LBG": lambda **kw: vq.LBG(16, **kw),
    "MultistageVQ": lambda **kw: vq.MultistageVQ([4, 8], **kw),
    "SplitVQ": lambda **kw: vq.SplitVQ([4, 8], widths=[1, 3], **kw),
    "ProductVQ": lambda **kw: vq.ProductVQ(8, n_parts=2, **kw),
    "ShapeGainVQ": lambda **kw: vq.ShapeGainVQ([8, 4], **kw),
    "TreeVQ": lambda **kw: vq.TreeVQ(16, **kw),
    "PredictiveVQ": lambda **kw: vq.PredictiveVQ(16, n_predictors=2, **kw),
    "OnlineVQ": lambda **kw: vq.OnlineVQ(16, **kw),
    "MiniBatchVQ": lambda **kw: vq.MiniBatchVQ(16, **kw),
    "SelfOrganizingMap": lambda **kw: vq.SelfOrganizingMap(16, init="random", **kw),
    "NeuralGas": lambda **kw: vq.NeuralGas(16, n_steps=10, **kw),
    "SimulatedAnnealing": lambda **kw: vq.SimulatedAnnealing(16, n_steps=30, **kw),
    "DeterministicAnnealing": lambda **kw: vq.DeterministicAnnealing(
        16, cooling=0.7, n_settle=10, **kw
    ),
    "EntropyConstrainedVQ": lambda **kw: vq.EntropyConstrainedVQ(16, **kw),
    "StraightThroughVQ": lambda **kw: vq.StraightThroughVQ(16, batch_size=200, decay=0.8, **kw),
}
every_quantizer = pytest.mark.parametrize(
    "make",
    [
        pytest.param(make, id=name, marks=[needs_torch] if name == "StraightThroughVQ" else [])
        for name, make in QUANTIZERS.items()
    ],
)
every_type = pytest.mark.parametrize("dtype", [np.float32, np.float64])
NOT_WEIGHTED = ("ProductVQ", "ShapeGainVQ", "NeuralGas", "DeterministicAnnealing",
                "EntropyConstrainedVQ", "StraightThroughVQ")  # fmt: skip
MAY_RISE = ("OnlineVQ", "MiniBatchVQ", "SelfOrganizingMap", "NeuralGas", "SimulatedAnnealing",
            "DeterministicAnnealing", "EntropyConstrainedVQ", "StraightThroughVQ")  # fmt: skip
every_weighted = pytest.mark.parametrize(
    "make", [make for name, make in QUANTIZERS.items() if name not in NOT_WEIGHTED]
)


def vectors(n=600, k=4, seed=1, dtype=np.float64):
    """Gaussian vectors with some order in them, of which every method can make something."""
    walk = np.random.default_rng(seed).normal(size=(n, k)).cumsum(axis=1)
    return walk.astype(dtype)


@every_quantizer
@every_type
def test_a_quantizer_fits_encodes_decodes_and_scores(make, dtype):
    X = vectors(dtype=dtype)
    q = make(random_state=1)
    assert q.fit(X) is q
    codes = q.encode(X)
    assert codes.dtype == np.int64
    assert len(codes) == len(X)
    Y = q.decode(codes)
    assert Y.shape == X.shape
    assert Y.dtype == dtype
    assert q.score(X) == pytest.approx(-vq.distortion(X, Y), rel=1e-5)
    assert -q.score(X) < 0.4 * X.var(), "hardly better than the mean"
    np.testing.assert_array_equal(q.encode(np.float64(X[:50])), codes[:50])
    assert q.decode(q.encode(X[:0])).shape == (0, 4)
    for some in (X[:50], X[:0]):
        matrix = q.transform(some)
        np.testing.assert_array_equal(matrix.ravel(), q.predict(some).ravel())
        assert matrix.shape == (len(some), np.size(q._code_sizes))
        np.testing.assert_array_equal(q.inverse_transform(matrix), q.decode(q.encode(some)))


@every_quantizer
def test_a_fit_repeats_with_any_number_of_threads(make, tmp_path):
    X = vectors(9000)
    one = make(random_state=3, n_threads=1, max_iter=3).fit(X)
    five = make(random_state=3, n_threads=5, max_iter=3).fit(X)
    for name in one._fitted:
        np.testing.assert_equal(getattr(five, name), getattr(one, name))
    np.testing.assert_array_equal(five.encode(X), one.encode(X))
    other = make(random_state=4, n_threads=1, max_iter=3).fit(X)
    assert not np.array_equal(other.decode(other.encode(X)), one.decode(one.encode(X)))


@every_quantizer
def test_a_quantizer_is_the_same_after_a_file(make, tmp_path):
    X = vectors()
    q = make(random_state=np.random.default_rng(1)).fit(X)
    q.save(tmp_path / "q.npz")
    loaded = type(q).load(tmp_path / "q.npz")
    for name in q._fitted:
        np.testing.assert_equal(getattr(loaded, name), getattr(q, name))
    np.testing.assert_array_equal(loaded.encode(X), q.encode(X))
    np.testing.assert_array_equal(loaded.decode(q.encode(X)), q.decode(q.encode(X)))
    expected = {name: value for name, value in q.get_params().items() if name != "random_state"}
    assert loaded.get_params() == expected | {"random_state": None}


@every_quantizer
def test_a_file_of_wrong_shapes_is_refused(make, tmp_path):
    q = make().fit(vectors())
    q.save(tmp_path / "q.npz")
    arrays = dict(np.load(tmp_path / "q.npz"))
    for name, value in arrays.items():
        if value.ndim and "history" not in name and len(value):
            cut = {**arrays, name: value[:-1]}
            np.savez(tmp_path / "q.npz", **cut)
            with pytest.raises(FormatError, match=r"expected"):
                type(q).load(tmp_path / "q.npz")
            missing = {key: array for key, array in arrays.items() if key != name}
            np.savez(tmp_path / "q.npz", **missing)
            with pytest.raises(FormatError, match=r"expected"):
                type(q).load(tmp_path / "q.npz")


@every_quantizer
def test_the_history_never_rises_and_ends_in_the_score(make):
    X = vectors()
    q = make(random_state=1).fit(X)
    if hasattr(q, "distortion_history_"):
        may_rise = type(q).__name__ in MAY_RISE
        assert may_rise or (np.diff(q.distortion_history_) <= 0).all(), "distortion rose"
        assert q.distortion_history_[-1] == pytest.approx(-q.score(X), rel=1e-9)
        assert len(q.distortion_history_) > q.n_iter_


@every_quantizer
def test_a_vector_of_no_weight_has_no_say(make):
    X = vectors()
    far = np.r_[X, 1000 * np.ones((50, 4))]
    weight = np.r_[np.ones(len(X)), np.zeros(50)]
    q = make(random_state=1).fit(far, sample_weight=weight)
    assert np.abs(q.decode(q.encode(far))).max() < 100
    assert q.score(far, sample_weight=weight) == pytest.approx(q.score(X))
    plain = make(random_state=1).fit(X)
    assert q.score(X) > 1.3 * plain.score(X)


@every_weighted
def test_weights_of_components_move_the_error_elsewhere(make):
    X, weight = vectors(2000), np.tile([100.0, 1.0, 30.0, 1.0], (2000, 1))
    plain = make(random_state=1).fit(X)
    weighted = make(random_state=1, distortion="weighted").fit(X, sample_weight=weight)
    reached = vq.distortion(X, weighted.decode(weighted.encode(X, weight)), weight)
    assert weighted.score(X, sample_weight=weight) == pytest.approx(-reached)
    assert reached < vq.distortion(X, plain.decode(plain.encode(X)), weight) * 0.98
    np.testing.assert_array_equal(weighted.encode(X, weight[0]), weighted.encode(X, weight))


@every_quantizer
def test_an_estimator_can_be_cloned(make):
    clone = pytest.importorskip("sklearn.base").clone
    q = make(random_state=5)
    assert clone(q).get_params() == q.get_params()
    assert repr(q).startswith(type(q).__name__ + "(")


@every_quantizer
def test_nothing_works_before_fit(make, tmp_path):
    q = make()
    uses = [q.encode, q.score, lambda X: q.decode([0]), lambda X: q.save(tmp_path / "never")]
    for use in uses:
        with pytest.raises(NotFittedError, match="expected a fitted quantizer"):
            use(vectors())
    assert not (tmp_path / "never").exists()


@every_quantizer
def test_bad_input_is_named(make):
    X = vectors()
    nan = X.copy()
    nan[3, 1] = np.nan
    with pytest.raises(ArgumentError, match=r"X: expected finite values, got nan at \[3, 1\]"):
        make().fit(nan)
    with pytest.raises(ArgumentError, match=r"X: expected .* or more.*, got 2"):
        make().fit(X[:2])
    with pytest.raises(ArgumentError, match=r"X: expected shape \(n, k\)"):
        make().fit(X[0])
    with pytest.raises(ArgumentError, match=r"sample_weight: expected shape \(600,\)"):
        make().fit(X, sample_weight=np.ones(3))
    with pytest.raises(ArgumentError, match=r"expected .*weight.*, got (0|none)"):
        make().fit(X, sample_weight=np.zeros(600))
    for name, value in [("max_iter", -1), ("tol", np.nan)]:
        if name in make().get_params():
            with pytest.raises(ArgumentError, match=f"{name}: expected 0 or more, got {value}"):
                make(**{name: value}).fit(X)
    with pytest.raises(ArgumentTypeError, match=r"max_iter: expected an integer, got 1\.5"):
        make(max_iter=1.5).fit(X)
    with pytest.raises(ArgumentError, match="random_state: expected 0 or more, got -1"):
        make(random_state=-1).fit(X)
    with pytest.raises(ArgumentTypeError, match=r"random_state: expected an integer, .* got 'x'"):
        make(random_state="x").fit(X)
    if "distortion" in make().get_params():
        with pytest.raises(ArgumentError, match=r"distortion: expected one of squared, .*'none'"):
            make(distortion="none").fit(X)
    q = make().fit(X)
    with pytest.raises(ArgumentError, match="X: expected vectors of 4 components, got 3"):
        q.encode(X[:, :3])
    with pytest.raises(ArgumentError, match="weight: expected None with distortion='squared'"):
        q.encode(X, np.ones(4))
    codes = q.encode(X[:5])
    for bad in (codes - 1000, codes + 1000):
        with pytest.raises(ArgumentError, match="indices: expected from 0 to"):
            q.decode(bad)
    if codes.ndim == 2:
        with pytest.raises(ArgumentError, match=r"indices: expected shape \(n, \d\), got"):
            q.decode(codes[:, 0])


@every_quantizer
def test_verbose_tells_of_each_iteration(make, capsys):
    make(verbose=True, max_iter=2).fit(vectors())
    assert ": " in capsys.readouterr().out
