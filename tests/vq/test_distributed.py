"""Designs for vectors in files and by many workers: the same to the bit, in little memory."""

import multiprocessing
import tracemalloc
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pytest

from celpvq import vq
from celpvq.errors import ArgumentError, ArgumentTypeError, FormatError
from celpvq.vq import LBG

N = 20_001


@pytest.fixture(scope="module")
def processes():
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        yield pool


@pytest.fixture(scope="module")
def cluster():
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(2, threads_per_worker=1, dashboard_address=None) as local,
        distributed.Client(local) as client,
    ):
        yield client.get_executor()


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(1)
    X = rng.normal(5, 1, size=(N, 3))
    root = rng.normal(size=(N, 3, 3))
    weights = {"squared": rng.exponential(size=N), "weighted": rng.exponential(size=(N, 3)),
               "mahalanobis": rng.exponential(size=N),
               "matrix": root @ root.transpose(0, 2, 1)}  # fmt: skip
    return X.astype(np.float32), weights


def in_files(array, folder, name, cuts):
    """Return the paths of files that hold pieces of `array`."""
    paths = [folder / f"{name}{i}.npy" for i in range(len(cuts) + 1)]
    for path, piece in zip(paths, np.split(array, cuts), strict=True):
        np.save(path, piece)
    return paths


def assert_same(q, other):
    for name in q._fitted:
        np.testing.assert_equal(getattr(q, name), getattr(other, name))


@pytest.mark.parametrize("distortion", ["squared", "weighted", "mahalanobis", "matrix"])
def test_a_design_is_the_same_wherever_the_vectors_are_and_whoever_works(
    distortion, data, tmp_path, processes, cluster
):
    X, weight = data[0], data[1][distortion]
    one = in_files(X, tmp_path, "X", [])[0]
    many = in_files(X, tmp_path, "part", [1, 4095, 9000, 9001])
    weights = in_files(weight, tmp_path, "weight", [12_000])
    params = {"distortion": distortion, "random_state": 1, "max_iter": 2}
    expected = LBG(6, n_threads=1, **params).fit(X, sample_weight=weight)
    for vectors, w in (
        (X, weights),
        (str(one), weight),
        (np.load(one, mmap_mode="r"), weight),
    ):
        assert_same(expected, LBG(6, **params).fit(vectors, sample_weight=w))
    for executor in (None, processes, cluster):
        for vectors, w in ((X, weight), (many, weights)):
            assert_same(expected, LBG(6, **params).fit(vectors, sample_weight=w, executor=executor))


OTHERS = {
    "tree": lambda: vq.TreeVQ(9, branching=3, random_state=1, max_iter=2),
    "weighted tree": lambda: vq.TreeVQ(4, distortion="weighted", random_state=1, max_iter=2),
    "split": lambda: vq.SplitVQ([4, 6], widths=[1, 2], random_state=1, max_iter=2),
    "weighted split": lambda: vq.SplitVQ(
        [4, 6], widths=[2, 1], distortion="weighted", random_state=1, max_iter=2
    ),
    "product": lambda: vq.ProductVQ(4, n_parts=3, random_state=1, max_iter=2),
    "entropy-constrained": lambda: vq.EntropyConstrainedVQ(
        9, init="random", random_state=1, max_iter=2
    ),
}


@pytest.mark.parametrize("make", OTHERS.values(), ids=OTHERS)
def test_so_are_those_of_other_quantizers(make, data, tmp_path, processes, cluster):
    X, q = data[0], make()
    weight = data[1][q.distortion]
    many = in_files(X, tmp_path, "part", [1, 4095, 9000, 9001])
    weights = in_files(weight, tmp_path, "weight", [12_000])
    expected = make().set_params(n_threads=1).fit(X, sample_weight=weight)
    assert_same(expected, q.fit(many, sample_weight=weights))
    for executor in (processes, cluster):
        for vectors, w in ((X, weight), (many, weights)):
            assert_same(expected, make().fit(vectors, sample_weight=w, executor=executor))
    np.testing.assert_equal(q.encode(X[:99]), expected.encode(X[:99]))


@pytest.mark.parametrize("make", OTHERS.values(), ids=OTHERS)
def test_weight_of_no_use_and_too_few_vectors_are_refused(make, data, tmp_path):
    [one], [zeros] = (in_files(x, tmp_path, name, []) for x, name in
                      ((data[0], "X"), (np.zeros(N), "weight")))  # fmt: skip
    with pytest.raises(ArgumentError, match="sample_weight: expected"):
        make().fit(one, sample_weight=zeros)
    for few in (data[0][:3], in_files(data[0][:3], tmp_path, "few", [])):
        with pytest.raises(ArgumentError, match=r"X: expected \d vectors or more, got 3"):
            make().fit(few)
    with pytest.raises(ArgumentTypeError, match=r"executor: expected a concurrent\.futures"):
        make().fit(data[0], executor=4)


@pytest.mark.parametrize("init", ["random", "codebook"])
def test_other_starts_are_the_same_too(init, data, tmp_path):
    X, weight = data[0], data[1]["squared"]
    for distortion in ("squared", "mahalanobis"):
        start = X[:10] if init == "codebook" else init
        q = LBG(10, init=start, distortion=distortion, random_state=1, max_iter=2)
        expected = LBG(**q.get_params()).fit(X, sample_weight=weight)
        assert_same(expected, q.fit(in_files(X, tmp_path, "X", [7000]), sample_weight=weight))


def test_a_part_of_a_memory_map_is_not_taken_for_the_whole(data, tmp_path):
    X = data[0]
    whole = np.load(in_files(X, tmp_path, "X", [])[0], mmap_mode="r")
    for part in (slice(5000, None), slice(None, None, 2)):
        assert_same(
            LBG(4, random_state=1, max_iter=2).fit(X[part]),
            LBG(4, random_state=1, max_iter=2).fit(whole[part]),
        )


@pytest.mark.parametrize("dtype", [np.int16, ">f4", np.float64])
def test_numbers_of_other_types_are_read_as_they_are_in_memory(dtype, data, tmp_path):
    X = (100 * data[0]).astype(dtype)
    path = in_files(X, tmp_path, "X", [])[0]
    assert_same(
        LBG(4, random_state=1, max_iter=2).fit(X), LBG(4, random_state=1, max_iter=2).fit(path)
    )


@pytest.mark.parametrize("method", [LBG, vq.TreeVQ, vq.ProductVQ])
def test_a_file_is_never_in_memory_as_a_whole(method, tmp_path):
    rng = np.random.default_rng(1)
    X = rng.normal(size=(400_000, 10)).astype(np.float32)
    paths = in_files(X, tmp_path, "X", [150_000])
    params = {"max_iter": 1, "n_threads": 2} | ({"n_parts": 2} if method is vq.ProductVQ else {})
    method(8, **params).fit(X[:5000])  # whatever stays, once
    tracemalloc.start()
    try:
        method(8, **params).fit(paths)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < X.nbytes / 8


def test_a_worker_names_the_vector_that_is_not_finite(data, tmp_path, processes):
    X = data[0].copy()
    X[9500, 1] = np.nan
    paths = in_files(X, tmp_path, "X", [9000])
    for executor in (None, processes):
        with pytest.raises(ArgumentError, match=r"X: expected finite .*got nan at \[9500, 1\]"):
            LBG(4).fit(paths, executor=executor)
    weight = np.ones(N)
    weight[N - 1] = -2
    weights = in_files(weight, tmp_path, "weight", [])
    with pytest.raises(ArgumentError, match=r"sample_weight: expected no negative .*got -2"):
        LBG(4).fit(data[0], sample_weight=weights)


def test_files_that_do_not_fit_are_named(data, tmp_path):
    X = data[0]
    np.save(tmp_path / "X.npy", X)
    bad = {
        "wide.npy": (np.ones((5, 4), np.float32), r"wide\.npy: expected rows \(3,\) of float32"),
        "double.npy": (np.ones((5, 3)), r"double\.npy: expected .*float32, got .* of float64"),
        "words.npy": (np.array([["a"] * 3]), "X: expected real numbers, got <U1"),
        "column.npy": (np.asfortranarray(X), "expected a .npy file of an array in the order of C"),
    }
    for name, (array, words) in bad.items():
        np.save(tmp_path / name, array)
        with pytest.raises((ArgumentError, ArgumentTypeError, FormatError), match=words):
            LBG(4).fit([tmp_path / "X.npy", tmp_path / name])
    np.save(tmp_path / "line.npy", np.ones(5))
    with pytest.raises(ArgumentError, match=r"X: expected shape \(n, k\) with k > 0, got \(5,\)"):
        LBG(4).fit(tmp_path / "line.npy")
    with pytest.raises(ArgumentError, match=r"X: expected 30000 vectors or more, got 20001"):
        LBG(30_000).fit(tmp_path / "X.npy")
    with pytest.raises(ArgumentError, match=r"sample_weight: expected shape \(20001,\), got \(5,"):
        LBG(4).fit(X, sample_weight=tmp_path / "line.npy")
    for damaged in (b"", b"RIFF", (tmp_path / "X.npy").read_bytes()[:-1]):
        (tmp_path / "damaged.npy").write_bytes(damaged)
        with pytest.raises(FormatError, match=r"damaged\.npy: expected a NumPy array, got"):
            LBG(4).fit(tmp_path / "damaged.npy")
    with pytest.raises(FileNotFoundError):
        LBG(4).fit(tmp_path / "none.npy")


def test_starts_that_need_all_vectors_and_foreign_workers_are_refused(data, tmp_path):
    np.save(tmp_path / "X.npy", data[0])
    for method in (LBG, vq.EntropyConstrainedVQ):
        with pytest.raises(ArgumentError, match="init: expected vectors in memory for 'maximin'"):
            method(4, init="maximin").fit(tmp_path / "X.npy")
    with pytest.raises(ArgumentTypeError, match=r"executor: expected a concurrent\.futures"):
        LBG(4).fit(data[0], executor=4)
