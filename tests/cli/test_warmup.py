"""The verb `warmup`: compiles or loads, says where the code is, fails if it cannot be kept."""

import re

import pytest

import celpvq
from celpvq._numba import folders, plan
from celpvq.cli import compiling, main


def test_compiled_code_is_loaded_and_its_folder_printed(capsys):
    celpvq.warmup(variable_rate=True)
    for _ in range(2):
        assert main(["warmup"]) == 0
        out, err = capsys.readouterr()
        assert out.startswith("loaded in ")
        assert out.endswith(f"\ncache: {folders.CACHE_DIR}\n")
        assert err == ""
    assert main(["warmup", "--quiet"]) == 0
    assert capsys.readouterr() == ("", "")


@pytest.fixture
def compiles(monkeypatch, tmp_path):
    """An empty cache, and a stand-in for `celpvq.warmup` that writes files of a given suffix."""
    for step in plan.steps():
        step.kernel()  # a kernel keeps the folder that is set when it is made
    monkeypatch.setattr(folders, "CACHE_DIR", tmp_path / "key")
    monkeypatch.delenv("CELPVQ_CACHE", raising=False)

    def set_suffix(suffix):
        def warmup(jobs, *, variable_rate):
            assert variable_rate
            n_jobs.append(jobs)
            (tmp_path / "key" / "package").mkdir(parents=True)
            for kernel in (compiling.ENCODER, compiling.VARIABLE_ENCODER, compiling.DECODER):
                (tmp_path / "key" / "package" / f"{kernel}-7.py311{suffix}").touch()

        monkeypatch.setattr(celpvq, "warmup", warmup)
        return n_jobs

    n_jobs = []
    return set_suffix


def test_a_compilation_is_announced(compiles, capsys, tmp_path):
    compiles(".nbi")
    assert main(["warmup"]) == 0
    out, err = capsys.readouterr()
    assert re.fullmatch(
        r"celpvq: first run in this environment: compiling the encoder, variable-rate encoder"
        r" and decoder, about \d+ s\n",
        err,
    )
    assert out.startswith("compiled in ")
    assert out.endswith(f"\ncache: {tmp_path / 'key'}\n")


def test_the_number_of_processes_can_be_chosen(compiles, monkeypatch, capsys):
    n_jobs = compiles(".nbi")
    assert main(["warmup", "-q", "--jobs", "3"]) == 0
    assert n_jobs == [3]
    with pytest.raises(SystemExit):
        main(["warmup", "--jobs", "0"])
    assert "expected at least 1, got 0" in capsys.readouterr().err


@pytest.mark.parametrize(("n_cores", "n"), [(1, 1), (2, 2), (64, 2)])
def test_two_processes_compile_if_there_are_two_cores(compiles, monkeypatch, n_cores, n):
    monkeypatch.setattr("celpvq._threads.n_threads", lambda: n_cores)
    n_jobs = compiles(".nbi")
    assert main(["warmup", "-q"]) == 0
    assert n_jobs == [n]


def test_two_processes_compile_for_the_demo(monkeypatch, tmp_path):
    n_jobs = []

    def warmup(jobs):
        n_jobs.append(jobs)
        raise celpvq.CelpvqError("compiled enough")

    monkeypatch.setattr("celpvq._threads.n_threads", lambda: 64)
    monkeypatch.setattr(celpvq, "warmup", warmup)
    assert main(["demo", "--out", str(tmp_path)]) == 1
    assert n_jobs == [2]


def test_code_that_is_not_kept_is_an_error(compiles, capsys, tmp_path):
    compiles(".other")
    assert main(["warmup", "-q"]) == 1
    out, err = capsys.readouterr()
    assert (out, err) == ("", f"celpvq: {tmp_path / 'key'}: compiled code cannot be kept there\n")


def test_a_folder_of_the_environment_that_cannot_serve_is_an_error(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(celpvq, "warmup", lambda **_: pytest.fail("compiled"))
    monkeypatch.setenv("CELPVQ_CACHE", str(tmp_path / "elsewhere"))
    assert main(["warmup"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(
        "celpvq: CELPVQ_CACHE: expected a folder of this user that can be written"
    )
    assert err.endswith(f"got {tmp_path / 'elsewhere'}\n")


def test_a_cache_that_can_only_be_read_serves(monkeypatch, tmp_path, capsys):
    celpvq.warmup(variable_rate=True)
    monkeypatch.setattr(folders, "SHIPPED_DIR", folders.CACHE_DIR)
    monkeypatch.setattr(folders, "CACHE_DIR", tmp_path / "key")
    monkeypatch.setenv("CELPVQ_CACHE", str(folders.SHIPPED_DIR.parent))
    assert main(["warmup"]) == 0
    assert capsys.readouterr().out.endswith(f"\ncache: {folders.SHIPPED_DIR}\n")
