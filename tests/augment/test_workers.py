"""Telephone lines in the worker processes of data loaders: right results, and no hanging."""

import subprocess
import sys

import pytest

WORKERS = "tools/workers.py"


def run(root, *options):
    command = [sys.executable, str(root / WORKERS), "--limit", "3000", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_workers_by_fork_give_what_one_process_gives(root):
    assert "2 pools of 2 by fork after warm-up: 2 right" in run(
        root, "--runs", "2", "--workers", "2"
    )


@pytest.mark.slow
@pytest.mark.parametrize("options", [(), ("--busy",)])
def test_ten_pools_by_fork_end(root, options):
    assert ": 10 right" in run(root, "--runs", "10", *options)


@pytest.mark.slow
def test_workers_by_spawn_give_what_one_process_gives(root):
    assert ": 2 right" in run(root, "--runs", "2", "--method", "spawn", "--workers", "2")


@pytest.mark.slow
@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_workers_may_start_with_an_empty_cache(root, method):
    out = run(root, "--runs", "1", "--method", method, "--workers", "2", "--cold")
    assert f"1 pools of 2 by {method} after an empty cache: 1 right" in out
