"""Laws of codebook design, and equality with k-means."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from celpvq import vq
from celpvq.errors import ArgumentError, ArgumentTypeError, FormatError, NotFittedError
from celpvq.vq import LBG


def vectors(n=4000, k=3, seed=1, dtype=np.float64):
    return np.random.default_rng(seed).normal(size=(n, k)).astype(dtype)


def weights(X, seed=2):
    return np.random.default_rng(seed).exponential(size=X.shape)


every_start = pytest.mark.parametrize("init", ["splitting", "random", "kmeans++", "maximin"])
every_type = pytest.mark.parametrize("dtype", [np.float32, np.float64])


@every_start
@every_type
@pytest.mark.parametrize("weighted", [False, True])
def test_laws_of_a_design(init, dtype, weighted):
    X = vectors(2000, dtype=dtype)
    w = weights(X) if weighted else np.ones_like(X)
    params = {"distortion": "weighted"} if weighted else {}
    q = LBG(50, init=init, random_state=1, tol=1e-7, max_iter=500, **params)
    assert q.fit(X, sample_weight=w if weighted else None) is q

    assert q.codebook_.shape == (50, 3)
    assert q.codebook_.dtype == dtype
    assert (np.diff(q.distortion_history_) <= 0).all(), "distortion rose"
    assert len(q.distortion_history_) > q.n_iter_ > 0
    indices = q.encode(X, w) if weighted else q.encode(X)
    assert vq.cell_usage(indices, 50) == 1, "a cell is empty"
    reached = vq.distortion(X, q.decode(indices), w)
    np.testing.assert_allclose(q.distortion_history_[-1], reached, rtol=1e-6)
    np.testing.assert_allclose(
        q.score(X, sample_weight=w if weighted else None), -reached, rtol=1e-6
    )


@pytest.mark.parametrize("weighted", [False, True])
def test_every_codeword_of_a_finished_design_is_the_centroid_of_its_cell(weighted):
    X = vectors()
    w = weights(X) if weighted else np.ones_like(X)
    q = LBG(16, distortion="weighted", random_state=1, tol=0, max_iter=1000).fit(X, sample_weight=w)
    indices = q.encode(X, w)
    for j, codeword in enumerate(q.codebook_):
        centroid = np.average(X[indices == j], axis=0, weights=w[indices == j])
        np.testing.assert_allclose(codeword, centroid, atol=1e-5)


@settings(max_examples=10)
@given(n_codewords=st.integers(1, 40), seed=st.integers(0, 99), k=st.integers(1, 4))
def test_any_number_of_codewords_is_reached_without_a_rise(n_codewords, seed, k):
    X = vectors(200, k, seed)
    q = LBG(n_codewords, random_state=seed).fit(X)
    assert len(q.codebook_) == n_codewords
    assert (np.diff(q.distortion_history_) <= 0).all()
    assert vq.cell_usage(q.encode(X), n_codewords) == 1


@pytest.mark.parametrize("n_iter", [1, 7, 30])
@every_type
def test_equals_lloyds_k_means_from_the_same_start(n_iter, dtype):
    cluster = pytest.importorskip("sklearn.cluster")
    X, sample_weight = vectors(dtype=dtype), weights(vectors(k=1))[:, 0]
    start = X[:24]
    for w in (None, sample_weight):
        ours = LBG(24, init=start, tol=0, max_iter=n_iter).fit(X, sample_weight=w)
        theirs = cluster.KMeans(24, init=start, n_init=1, tol=0, max_iter=n_iter, algorithm="lloyd")
        # it warns of stopping early only where it reached a fixed point, as ours does then
        theirs.fit(X, sample_weight=w)
        # scikit-learn adds float32 up in float32, in an order that its threads choose
        atol = 1e-6 if dtype == np.float64 else 4e-6
        np.testing.assert_allclose(ours.codebook_, theirs.cluster_centers_, atol=atol)
        np.testing.assert_array_equal(ours.encode(X), theirs.predict(X))


def test_is_an_estimator_as_scikit_learn_knows_them():
    clone = pytest.importorskip("sklearn.base").clone
    q = LBG(8, tol=1e-3, random_state=5)
    assert clone(q).get_params() == q.get_params()
    assert q.set_params(tol=0.5) is q
    assert q.tol == 0.5
    assert repr(q) == "LBG(n_codewords=8, tol=0.5, random_state=5)"
    with pytest.raises(ArgumentError, match=r"expected one of n_codewords, .*got 'colour'"):
        q.set_params(colour=1)


@every_start
def test_a_seed_repeats_exactly_with_any_number_of_threads(init):
    X = vectors(20_000, 2, dtype=np.float32)
    one = LBG(20, init=init, random_state=3, n_threads=1, max_iter=5).fit(X)
    for n_threads in (1, 2, 5):
        again = LBG(20, init=init, random_state=3, n_threads=n_threads, max_iter=5).fit(X)
        np.testing.assert_array_equal(again.codebook_, one.codebook_)
        np.testing.assert_array_equal(again.distortion_history_, one.distortion_history_)
    other = LBG(20, init=init, random_state=4, max_iter=5).fit(X)
    assert np.array_equal(other.codebook_, one.codebook_) == (init == "maximin")


def test_the_order_of_the_training_vectors_does_not_matter():
    X = vectors()
    shuffled = np.random.default_rng(7).permutation(X)
    a, b = (LBG(32, init=X[:32], tol=0, max_iter=20).fit(x) for x in (X, shuffled))
    np.testing.assert_allclose(a.codebook_, b.codebook_, atol=1e-9)


@pytest.mark.parametrize("distortion", ["squared", "weighted"])
def test_an_integer_weight_is_a_repetition(distortion):
    X = vectors(500)
    times = np.random.default_rng(1).integers(1, 4, size=500)
    params = {"init": X[:9], "tol": 0, "max_iter": 10, "distortion": distortion}
    weighted = LBG(9, **params).fit(X, sample_weight=times)
    repeated = LBG(9, **params).fit(np.repeat(X, times, axis=0))
    np.testing.assert_allclose(weighted.codebook_, repeated.codebook_, atol=1e-9)
    np.testing.assert_allclose(weighted.distortion_history_, repeated.distortion_history_)


def test_equal_weights_per_component_are_no_weights():
    X = vectors(500)
    plain = LBG(9, init=X[:9]).fit(X)
    weighted = LBG(9, init=X[:9], distortion="weighted").fit(X, sample_weight=np.full(X.shape, 2.0))
    np.testing.assert_allclose(weighted.codebook_, plain.codebook_, atol=1e-12)
    np.testing.assert_allclose(weighted.distortion_history_, plain.distortion_history_)


def test_a_component_without_weight_has_no_say():
    X = vectors(1000, 2)
    w = np.ones_like(X)
    w[:, 1] = 0
    q = LBG(8, distortion="weighted", random_state=1, tol=0, max_iter=500).fit(X, sample_weight=w)
    alone = LBG(8, init=q.codebook_[:, :1], tol=0).fit(X[:, :1])
    np.testing.assert_allclose(q.codebook_[:, :1], alone.codebook_, atol=1e-9)


def matrices(X, seed=3, rank=None):
    root = np.random.default_rng(seed).normal(size=(*X.shape, rank or X.shape[1]))
    return (root @ root.transpose(0, 2, 1)).astype(X.dtype)


@every_type
def test_a_matrix_per_vector_makes_each_centroid_a_solution(dtype):
    X = vectors(600, dtype=dtype)
    W = matrices(X)
    codebook = X[:7].astype(np.float64)
    for n_iter in range(4):
        q = LBG(7, init=X[:7], distortion="matrix", tol=0, max_iter=n_iter).fit(X, sample_weight=W)
        np.testing.assert_allclose(
            q.codebook_, codebook, atol=1e-9 if dtype is np.float64 else 1e-4
        )
        errors = X[:, None] - codebook
        costs = np.einsum("nci,nij,ncj->nc", errors, W, errors)
        best = costs.argmin(axis=1)
        np.testing.assert_array_equal(q.encode(X, W), best)
        mean = costs.min(axis=1).sum() / np.einsum("nii->", W)
        np.testing.assert_allclose(q.distortion_history_[-1], mean, rtol=1e-5)
        np.testing.assert_allclose(-q.score(X, sample_weight=W), mean, rtol=1e-5)
        np.testing.assert_allclose(vq.distortion(X, q.decode(best), W), mean, rtol=1e-5)
        codebook = np.stack(
            [
                np.linalg.solve(
                    W[best == j].sum(axis=0), (W @ X[:, :, None])[best == j, :, 0].sum(axis=0)
                )
                for j in range(7)
            ]
        )


def test_diagonal_matrices_are_weights_per_component():
    X = vectors(500)
    w = weights(X)
    diagonal = np.einsum("ni,ij->nij", w, np.eye(3))
    params = {"init": X[:9], "tol": 0, "max_iter": 10}
    weighted = LBG(9, distortion="weighted", **params).fit(X, sample_weight=w)
    matrix = LBG(9, distortion="matrix", **params).fit(X, sample_weight=diagonal)
    np.testing.assert_allclose(matrix.codebook_, weighted.codebook_, atol=1e-9)
    np.testing.assert_allclose(matrix.distortion_history_, weighted.distortion_history_)
    plain, ones = (
        LBG(9, distortion="matrix", **params).fit(X, sample_weight=one)
        for one in (None, np.ones(500))
    )
    np.testing.assert_array_equal(plain.codebook_, ones.codebook_)
    np.testing.assert_array_equal(plain.codebook_, LBG(9, **params).fit(X).codebook_)


@every_start
def test_matrices_of_low_rank_never_raise_the_distortion(init):
    X = vectors(1000)
    W = matrices(X, rank=1)
    W[:500, 2] = W[:500, :, 2] = 0
    W[500:510] = 0
    q = LBG(30, init=init, distortion="matrix", random_state=1, tol=1e-7, max_iter=300).fit(
        X, sample_weight=W
    )
    assert (np.diff(q.distortion_history_) <= 0).all()
    assert np.isfinite(q.codebook_).all()
    assert q.distortion_history_[-1] < 0.05 * q.distortion_history_[0] or init != "splitting"


def test_empty_cells_are_filled_from_the_worst():
    start = np.full((16, 2), 50.0)  # one codeword takes all, the others none
    excess = []
    for seed in range(8):
        X = vectors(1000, 2, seed)
        q = LBG(16, init=start, max_iter=100).fit(X)
        assert vq.cell_usage(q.encode(X), 16) == 1
        assert (np.diff(q.distortion_history_) <= 0).all()
        good = LBG(16, random_state=1, max_iter=100).fit(X)
        excess.append(q.distortion_history_[-1] / good.distortion_history_[-1])
    # Which optimum one design ends in depends on the last bit of a sum, the mean does not.
    assert np.mean(excess) < 1.1


def test_empty_cells_may_become_one_with_their_neighbours():
    X = vectors(1000, 2)
    start = np.r_[X[:5], np.full((11, 2), 50.0)]
    q = LBG(16, init=start, empty="merge", tol=0, max_iter=200).fit(X)
    alone = LBG(5, init=X[:5], tol=0, max_iter=200).fit(X)
    np.testing.assert_allclose(q.codebook_, alone.codebook_, atol=1e-12)
    assert len(LBG(8, empty="merge").fit(np.repeat(np.eye(3), 20, axis=0)).codebook_) <= 3


def test_maximin_starts_from_the_corners_of_the_data():
    X = np.r_[vectors(500, 2), [[9, 9], [-9, 9], [9, -9], [-8, -8]]]
    q = LBG(4, init="maximin", max_iter=0).fit(X)
    assert sorted(map(tuple, q.codebook_)) == [(-9, 9), (-8, -8), (9, -9), (9, 9)]
    weighted = LBG(4, init="maximin", max_iter=0).fit(X, sample_weight=np.r_[np.ones(503), 0])
    assert (-8, -8) not in map(tuple, weighted.codebook_)


@every_type
def test_mahalanobis_sees_through_any_linear_map(dtype):
    X = vectors(2000, 3, dtype=dtype)
    skew = np.array([[3.0, 1.0, 0.0], [0.0, 0.5, 0.2], [0.0, 0.0, 9.0]], dtype)
    params = {"distortion": "mahalanobis", "tol": 0, "max_iter": 5}
    plain = LBG(8, init=X[:8], **params).fit(X)
    skewed = LBG(8, init=X[:8] @ skew, **params).fit(X @ skew)
    rtol = 1e-3 if dtype == np.float32 else 1e-9
    np.testing.assert_allclose(skewed.codebook_, plain.codebook_ @ skew, rtol, rtol)
    np.testing.assert_allclose(skewed.distortion_history_, plain.distortion_history_, rtol)
    assert (skewed.encode(X @ skew) == plain.encode(X)).mean() > 0.99
    errors = X - plain.decode(plain.encode(X))
    mean = np.einsum("ni,ij,nj->n", errors, np.linalg.inv(np.cov(X.T, ddof=0)), errors).mean() / 3
    assert plain.distortion_history_[-1] == pytest.approx(mean, rel=1e-4)
    assert plain.score(X) == pytest.approx(-mean, rel=1e-4)


def test_mahalanobis_is_saved_with_its_metric(tmp_path):
    X = vectors(500) * [1, 5, 25]
    q = LBG(7, distortion="mahalanobis").fit(X)
    q.save(tmp_path / "q.npz")
    loaded = LBG.load(tmp_path / "q.npz")
    np.testing.assert_array_equal(loaded.encode(X), q.encode(X))
    arrays = dict(np.load(tmp_path / "q.npz"))
    del arrays["metric_"]
    np.savez(tmp_path / "q.npz", **arrays)
    with pytest.raises(FormatError, match="metric_: expected one with"):
        LBG.load(tmp_path / "q.npz")


@every_start
def test_fewer_different_vectors_than_codewords_are_learnt_by_heart(init):
    X = np.repeat(np.eye(3), 20, axis=0)
    q = LBG(8, init=init, random_state=1).fit(X)
    np.testing.assert_allclose(q.decode(q.encode(X)), X, atol=1e-12)


def test_the_best_of_ten_designs_is_kept():
    gains, behind = [], []
    for seed in range(6):
        X = vectors(2000, 2, seed)
        one, ten = (LBG(16, n_init=n, random_state=seed).fit(X) for n in (1, 10))
        starts = [LBG(16, init="kmeans++", random_state=i).fit(X).score(X) for i in range(10)]
        db = [10 * np.log10(-score) for score in (one.score(X), ten.score(X), max(starts))]
        gains.append(db[0] - db[1])
        behind.append(db[1] - db[2])
        assert ten.score(X) == pytest.approx(-ten.distortion_history_[-1])
    assert min(gains) >= 0
    assert max(gains) > 0.08
    assert np.mean(gains) > 0.04
    assert np.mean(behind) < 0.03, "worse than the best of ten other starts"


@every_start
def test_a_first_design_is_the_only_one_and_more_are_no_worse(init, tmp_path):
    X = vectors(1000, 2)
    one, three = (LBG(12, init=init, n_init=n, random_state=1).fit(X) for n in (1, 3))
    assert three.score(X) >= one.score(X)
    repeat = LBG(12, init=init, n_init=3, random_state=1, n_threads=1).fit(X)
    np.testing.assert_array_equal(repeat.codebook_, three.codebook_)
    np.save(tmp_path / "X.npy", X)
    if init in ("splitting", "random"):
        LBG(12, init=init, n_init=2, random_state=1).fit(tmp_path / "X.npy")
    with pytest.raises(ArgumentError, match="n_init: expected 1 or more, got 0"):
        LBG(12, init=init, n_init=0).fit(X)


def test_no_iterations_leave_the_start_alone():
    X = vectors(100)
    q = LBG(5, init=X[:5], max_iter=0).fit(X)
    np.testing.assert_array_equal(q.codebook_, X[:5])
    assert q.n_iter_ == 0


def test_verbose_tells_the_distortion(capsys):
    LBG(2, max_iter=1, verbose=True).fit(vectors(100))
    assert "LBG: 2 codewords, iteration" in capsys.readouterr().out


def test_save_and_load_keep_everything(tmp_path):
    X = vectors(500, dtype=np.float32)
    path = tmp_path / "codebook.vq"
    q = LBG(7, init=X[:7], tol=0.01, distortion="weighted").fit(X)
    q.save(path)
    loaded = LBG.load(path)
    np.testing.assert_array_equal(loaded.codebook_, q.codebook_)
    assert loaded.codebook_.dtype == np.float32
    np.testing.assert_array_equal(loaded.distortion_history_, q.distortion_history_)
    assert loaded.n_iter_ == q.n_iter_
    assert loaded.tol == 0.01
    np.testing.assert_array_equal(loaded.init, X[:7])
    np.testing.assert_array_equal(loaded.encode(X), q.encode(X))


def test_a_damaged_file_is_refused(tmp_path):
    path = tmp_path / "codebook.npz"
    LBG(2).fit(vectors(100)).save(path)
    whole = path.read_bytes()
    for damaged in (b"", b"RIFF" + whole[4:], whole[: len(whole) // 2], whole[:-10]):
        path.write_bytes(damaged)
        with pytest.raises(FormatError, match=r"codebook\.npz: expected a saved LBG, got"):
            LBG.load(path)
    with pytest.raises(FileNotFoundError):
        LBG.load(tmp_path / "none.npz")


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("codebook_", np.full((2, 3), np.nan), "codebook_: expected finite"),
        ("codebook_", np.zeros((3, 3)), r"codebook_: expected shape \(2, k\), got \(3, 3\)"),
        ("codebook_", np.zeros(2), r"codebook_: expected shape \(2, k\), got \(2,\)"),
        ("codebook_", np.array([["a"], ["b"]]), "codebook_: expected finite numbers"),
        ("codebook_", np.array([[None], [None]]), "Object arrays cannot be loaded"),
        ("kind", np.array("TreeVQ"), "expected a file of LBG, got TreeVQ"),
        ("params", np.array('{"colour": 1}'), "colour"),
        ("params", np.array("{"), "expected a saved LBG"),
    ],
)
def test_a_file_with_wrong_contents_is_refused(tmp_path, name, value, words):
    path = tmp_path / "codebook.npz"
    LBG(2).fit(vectors(100)).save(path)
    arrays = dict(np.load(path))
    arrays[name] = value
    np.savez(path, **arrays)
    with pytest.raises(FormatError, match=words):
        LBG.load(path)


@pytest.mark.parametrize(
    "use",
    [
        lambda q: q.encode([[1.0]]),
        lambda q: q.decode([0]),
        lambda q: q.score([[1.0]]),
        lambda q: q.save("never"),
    ],
)
def test_nothing_works_before_fit(use):
    with pytest.raises(NotFittedError, match="LBG: expected a fitted quantizer"):
        use(LBG(2))


@pytest.mark.parametrize(
    ("params", "X", "sample_weight", "words"),
    [
        ({"n_codewords": 0}, vectors(9), None, "n_codewords: expected 1 or more, got 0"),
        ({"n_codewords": 10}, vectors(9), None, "X: expected 10 vectors or more, got 9"),
        ({"max_iter": -1}, vectors(9), None, "max_iter: expected 0 or more, got -1"),
        ({"tol": np.nan}, vectors(9), None, "tol: expected 0 or more, got nan"),
        ({"init": "magic"}, vectors(9), None, "init: expected one of splitting.*got 'magic'"),
        ({"init": np.ones((3, 3))}, vectors(9), None, "init: expected 2 codewords, got 3"),
        ({"init": np.ones((2, 2))}, vectors(9), None, "init: expected .* 3 components, got 2"),
        ({"empty": "keep"}, vectors(9), None, "empty: expected one of split, merge, got 'keep'"),
        ({"distortion": "cubed"}, vectors(9), None, "distortion: expected one of .*'cubed'"),
        ({"distortion": "mahalanobis"}, np.ones((9, 3)), None, "X: expected a covariance of full"),
        ({}, [[1.0, np.nan]] * 3, None, r"X: expected finite values, got nan at \[0, 1\]"),
        ({}, vectors(9), np.ones(8), r"sample_weight: expected shape \(9,\), got \(8,\)"),
        ({}, vectors(9), np.ones((9, 3)), r"sample_weight: expected shape \(9,\), got \(9, 3\)"),
        ({}, vectors(9), np.eye(9)[0], "sample_weight: expected 2 vectors .* got 1"),
        ({"distortion": "weighted"}, vectors(9), -np.ones((9, 3)), "no negative weight"),
        ({"distortion": "matrix"}, vectors(9), np.ones((9, 3)), r"\(9,\) or \(9, 3, 3\), got"),
        ({"distortion": "matrix"}, vectors(9), -matrices(vectors(9)), "no negative weight"),
    ],
)
def test_bad_designs_are_refused(params, X, sample_weight, words):
    with pytest.raises(ArgumentError, match=words):
        LBG(**{"n_codewords": 2} | params).fit(X, sample_weight=sample_weight)


def test_a_number_of_codewords_is_an_integer():
    with pytest.raises(ArgumentTypeError, match=r"n_codewords: expected an integer, got 2\.0"):
        LBG(2.0).fit(vectors(9))


def test_encode_and_decode_refuse_what_does_not_fit():
    q = LBG(2).fit(vectors(100))
    with pytest.raises(ArgumentError, match="X: expected vectors of 3 components, got 2"):
        q.encode(np.ones((4, 2)))
    with pytest.raises(ArgumentError, match="weight: expected None with distortion='squared'"):
        q.encode(vectors(4), np.ones(3))
    for bad in ([2], [-1]):
        with pytest.raises(ArgumentError, match="indices: expected from 0 to 1, got"):
            q.decode(bad)
    with pytest.raises(ArgumentTypeError, match="indices: expected integers, got float64"):
        q.decode([0.5])
