"""The benchmark of quantizers on a few vectors; its times are not checked."""

import sys
from importlib.util import find_spec

import numpy as np
import pytest
import vq_benchmark


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_a_table_has_the_installed_packages(capsys, monkeypatch):
    monkeypatch.setattr(vq_benchmark, "PACKAGES", {"celpvq": "celpvq", "none": "no_such_package"})
    vq_benchmark.main(["--vectors", "400", "--codewords", "8", "--dimension", "3"])
    head, _, *rows = capsys.readouterr().out.splitlines()
    assert head.startswith(
        "| package | design, 400 vectors [s] | memory [MB] | search, 800 vectors"
    )
    assert [row.split(" | ")[0] for row in rows] == ["| celpvq"]
    assert all(np.isfinite(float(cell)) for cell in rows[0].strip("| ").split(" | ")[1:])


@pytest.mark.parametrize("package", vq_benchmark.PACKAGES)
def test_all_packages_solve_the_same_tasks(package):
    if find_spec(vq_benchmark.PACKAGES[package]) is None:
        pytest.skip(f"{package} is not installed")
    X = np.random.default_rng(1).standard_normal((500, 3)).astype(np.float32)
    start = X[:4].copy()
    make = {"celpvq": vq_benchmark.celpvq, "scikit-learn": vq_benchmark.scikit_learn,
            "faiss": vq_benchmark.faiss}[package]  # fmt: skip
    design, search = make(X, start, 1)
    found = search()
    indices, distances = found if package != "faiss" else found[::-1]
    exact = np.square(X[:, None] - start).sum(axis=2)
    np.testing.assert_array_equal(np.ravel(indices), exact.argmin(axis=1))
    assert len(np.ravel(distances)) == len(X)
    assert design(2) is not None
