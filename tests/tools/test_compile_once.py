"""The tool that lets processes meet at an empty cache: it notices what it looks for."""

import os
import subprocess
import sys

import compile_once
import pytest


@pytest.mark.slow
@pytest.mark.parametrize("options", [[], ["--kill"], ["--method", "spawn"]])
def test_one_compiles_and_the_others_load(root, options):
    command = [sys.executable, str(root / "tools" / "compile_once.py"), "--workers", "2"]
    done = subprocess.run(
        [*command, "--runs", "2", *options], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    cold, warm = done.stdout.splitlines()
    assert "empty cache: " in cold
    assert warm.endswith(" full cache: 0 compiled, 4 loaded")


@pytest.mark.parametrize(
    ("cold", "warm", "said"),
    [
        ([compile_once.COMPILED] * 2, [compile_once.LOADED] * 2, "empty cache: 4 compiled"),
        ([compile_once.LOADED] * 2, [compile_once.LOADED] * 2, "empty cache: 0 compiled, 4 loaded"),
        ([compile_once.COMPILED, None], [compile_once.LOADED] * 2, "2 compiled, 2 hanging"),
        ([compile_once.COMPILED, compile_once.WRONG], [compile_once.LOADED] * 2, "2 wrong"),
        (
            [compile_once.COMPILED, compile_once.LOADED],
            [compile_once.COMPILED, compile_once.LOADED],
            "full cache: 2 compiled, 2 loaded",
        ),
    ],
)
def test_what_is_not_as_it_should_be_fails_the_check(cold, warm, said, monkeypatch, capsys):
    statuses = [cold, warm] * 2
    monkeypatch.setattr(compile_once, "run", lambda *_: statuses.pop(0))
    assert compile_once.main(["--runs", "2", "--workers", "2", "--method", "spawn"]) == 1
    assert said in capsys.readouterr().out


def test_a_process_that_takes_too_long_hangs(tmp_path, monkeypatch):
    def work(path, connection):
        connection.send("ready")
        connection.recv()
        connection.recv()  # nothing comes

    monkeypatch.setattr(compile_once, "work", work)
    assert compile_once.run(tmp_path, "fork", 1, 0.2, None) == [None]
    monkeypatch.setattr(compile_once, "work", lambda path, connection: connection.send(os.getpid()))
    assert compile_once.run(tmp_path, "fork", 2, 30.0, None) == [0, 0]
