"""The tool that tries lines in worker processes: it notices what it looks for."""

import time

import numpy as np
import workers


def test_a_wrong_result_fails_the_check(capsys, monkeypatch):
    monkeypatch.setattr(workers, "run", lambda method, n, x, limit_s: [np.zeros(1) for _ in x])
    assert workers.main(["--runs", "2", "--workers", "1"]) == 1
    assert "2 pools of 1 by fork after warm-up: 0 right, 2 wrong" in capsys.readouterr().out


def test_a_run_that_does_not_end_fails_the_check(capsys, monkeypatch):
    monkeypatch.setattr(workers, "run", lambda *_: None)
    assert workers.main(["--runs", "1", "--workers", "1"]) == 1
    assert "0 right, 1 hanging" in capsys.readouterr().out


def test_a_pool_that_takes_too_long_is_given_up(monkeypatch):
    monkeypatch.setattr(workers, "code", time.sleep)
    assert workers.run("fork", 1, [60.0], 0.2) is None
