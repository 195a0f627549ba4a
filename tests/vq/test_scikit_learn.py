"""Every quantizer is a scikit-learn estimator: its own checks, pipelines, searches, validation."""

import pickle
import subprocess
import sys
import warnings
from importlib.util import find_spec

import numpy as np
import pytest

from celpvq import vq
from celpvq.errors import ArgumentError, CelpvqError
from celpvq.errors import NotFittedError as OurNotFittedError

sklearn = pytest.importorskip("sklearn", minversion="1.6")
from sklearn.base import clone  # noqa: E402
from sklearn.exceptions import NotFittedError  # noqa: E402
from sklearn.linear_model import LogisticRegression  # noqa: E402
from sklearn.model_selection import GridSearchCV, cross_val_score  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import OneHotEncoder, StandardScaler  # noqa: E402
from sklearn.utils.estimator_checks import parametrize_with_checks  # noqa: E402

# The checks bring about 20 vectors of 1 to 20 components; so one part, and few codewords.
ESTIMATORS = [
    vq.LBG(4),
    vq.LBG(4, init="kmeans++", n_init=2),
    vq.DeterministicAnnealing(4, cooling=0.6, n_settle=3),
    vq.EntropyConstrainedVQ(4),
    vq.MiniBatchVQ(4),
    vq.MultistageVQ([2, 2]),
    vq.NeuralGas(4, n_steps=5),
    vq.OnlineVQ(4),
    vq.PredictiveVQ(4, max_iter=5),
    vq.ProductVQ(4, n_parts=1),
    vq.SelfOrganizingMap(4, max_iter=5),
    vq.ShapeGainVQ([4, 2]),
    vq.SimulatedAnnealing(4, n_steps=5),
    vq.SplitVQ([4]),
    *([vq.StraightThroughVQ(4, max_iter=3)] if find_spec("torch") else []),
    vq.TreeVQ(4),
]


def expected_failures(estimator):
    """The checks that an estimator fails, each with the reason."""
    failures = {}
    if isinstance(estimator, vq.PredictiveVQ):
        failures = {
            "check_methods_sample_order_invariance": "the order of a sequence has a meaning",
            "check_methods_subset_invariance": "each vector is coded after those before it",
            "check_sample_weight_equivalence_on_dense_data": "a vector sent twice is predicted",
        }
    start = getattr(estimator, "init", "")
    if start in ("random", "kmeans++") or isinstance(estimator, vq.ShapeGainVQ):
        name = "check_sample_weight_equivalence_on_dense_data"
        failures[name] = "the start is drawn, and repeated vectors change the draws of a seed"
    return failures


with warnings.catch_warnings():  # the base class would have to be imported
    warnings.filterwarnings("ignore", "Estimator .* does not inherit from `sklearn.base")
    every_check = parametrize_with_checks(ESTIMATORS, expected_failed_checks=expected_failures)


@every_check
def test_the_checks_of_scikit_learn(estimator, check):
    np.random.seed(1)  # noqa: NPY002  # the checks draw from it, after all tests before
    check(estimator)


def test_every_quantizer_is_checked():
    names = {name for name in vq.__all__ if hasattr(getattr(vq, name), "encode")}
    assert names - {type(q).__name__ for q in ESTIMATORS} <= {"StraightThroughVQ"}


def vectors(n=600, k=3, seed=1):
    return np.random.default_rng(seed).normal(size=(n, k)) * [1, 10, 100] + 50


@pytest.mark.parametrize("make", [lambda: vq.LBG(32), lambda: vq.MultistageVQ([8, 4])])
def test_a_pipeline_codes_and_decodes_in_the_units_of_the_data(make):
    X, fresh = vectors(2000), vectors(seed=2)
    pipeline = make_pipeline(StandardScaler(), make().set_params(random_state=1))
    codes = pipeline.fit(X).transform(fresh)
    assert codes.dtype == np.int64
    assert codes.shape == (600, np.size(make().n_codewords))
    Y = pipeline.inverse_transform(codes)
    assert (((Y - fresh) ** 2).mean(axis=0) < 0.3 * X.var(axis=0)).all(), "scaled back"
    scaler, q = pipeline
    scaled = scaler.transform(fresh)
    assert pipeline.score(fresh) == pytest.approx(q.score(scaled))
    np.testing.assert_array_equal(pipeline.predict(fresh), q.encode(scaled))
    np.testing.assert_array_equal(make().set_params(random_state=1).fit_predict(X[:100]).shape[0],
                                  100)  # fmt: skip


def test_indices_are_features_of_a_classifier():
    rng = np.random.default_rng(1)
    angle = rng.uniform(0, 2 * np.pi, 800)
    label = (np.arange(800) % 2).astype(int)
    X = (1 + label)[:, None] * np.c_[np.cos(angle), np.sin(angle)] + 0.05 * rng.normal(
        size=(800, 2)
    )
    model = make_pipeline(vq.LBG(32, random_state=1), OneHotEncoder(handle_unknown="ignore"),
                          LogisticRegression())  # fmt: skip
    assert cross_val_score(model, X, label, cv=4).mean() > 0.95  # two rings
    assert cross_val_score(LogisticRegression(), X, label, cv=4).mean() < 0.7


def test_a_grid_search_finds_the_larger_codebook_and_takes_weights():
    X, weight = vectors(400), np.random.default_rng(3).exponential(size=400)
    grid = {"n_codewords": [2, 8, 4], "init": ["random", "kmeans++"]}
    search = GridSearchCV(vq.LBG(random_state=1), grid, cv=3).fit(X, sample_weight=weight)
    assert search.best_params_["n_codewords"] == 8
    expected = vq.LBG(8, init=search.best_params_["init"], random_state=1)
    expected.fit(X, sample_weight=weight)
    np.testing.assert_array_equal(search.best_estimator_.codebook_, expected.codebook_)
    scores = cross_val_score(vq.LBG(8, random_state=1), X, cv=3)
    assert scores.shape == (3,)
    assert (scores < 0).all()


def test_parameters_are_stored_as_they_are_and_checked_by_fit_only():
    start = [[1, 2], [3, 4]]
    q = vq.LBG(-1, init=start, tol="no")
    assert q.init is start
    assert clone(vq.LBG(2, init=start)).get_params()["init"] == start
    with pytest.raises(ArgumentError, match="n_codewords: expected 1 or more, got -1"):
        q.fit(np.ones((9, 2)))
    assert vars(vq.MultistageVQ()).keys() == vq.MultistageVQ().get_params().keys()
    assert vq.MultistageVQ().n_codewords == (16, 16)


def test_the_second_argument_is_a_label_and_is_ignored():
    X, y = vectors(100), np.arange(100.0)
    plain, labelled = vq.LBG(4, random_state=1).fit(X), vq.LBG(4, random_state=1).fit(X, y)
    np.testing.assert_array_equal(plain.codebook_, labelled.codebook_)
    assert plain.score(X, y) == plain.score(X)
    one, two = (vq.MiniBatchVQ(4, random_state=1).partial_fit(X, label) for label in (None, y))
    np.testing.assert_array_equal(one.codebook_, two.codebook_)


def test_the_error_before_fit_is_of_both_packages_and_survives_pickling():
    with pytest.raises(NotFittedError, match="LBG: expected a fitted quantizer") as caught:
        vq.LBG(2).predict([[1.0]])
    for error in (caught.value, pickle.loads(pickle.dumps(caught.value))):
        assert isinstance(error, vq.NotFittedError)
        assert isinstance(error, NotFittedError)
        assert isinstance(error, CelpvqError | ValueError | AttributeError)
        assert str(error) == str(caught.value)
    assert vq.NotFittedError is OurNotFittedError
    assert not hasattr(vq.LBG(2), "n_features_in_")
    assert vq.LBG(2).fit(vectors(9)).n_features_in_ == 3


WITHOUT_SKLEARN = """
import sys
import numpy as np
from celpvq import vq
X = np.random.default_rng(1).normal(size=(100, 2))
q = vq.LBG(4).fit(X)
q.inverse_transform(q.transform(X)), q.score(X), q.predict(X), repr(q), q.set_params(tol=1)
try:
    vq.LBG(4).predict(X)
except vq.NotFittedError as error:
    print(type(error) is vq.NotFittedError, "sklearn" in sys.modules)
"""


def test_scikit_learn_is_not_loaded():
    run = subprocess.run(
        [sys.executable, "-c", WITHOUT_SKLEARN], capture_output=True, text=True, check=True
    )
    assert run.stdout == "True False\n"
