"""A checkpoint serves the training that it belongs to, and no other."""

import numpy as np
import pytest

from celpvq.training.checkpoint import Checkpoint


def test_a_checkpoint_of_another_plan_is_not_used(tmp_path):
    path, log = tmp_path / "work.npz", []
    Checkpoint(path, "one", log.append).get(["a", "b"], lambda: ([np.zeros(3), np.ones(3)], 0.5))
    other = Checkpoint(path, "another", log.append)
    assert (other.arrays, log) == ({}, [])
    [ones, zeros], error = other.get(["a", "b"], lambda: ([np.ones(2), np.zeros(1)], 0.25))
    assert (ones.tolist(), zeros.tolist(), error) == ([1, 1], [0], 0.25)
    again = Checkpoint(other.path, "another", log.append)
    [_, zeros], error = again.get(["a", "b"], lambda: pytest.fail("is there already"))
    assert (zeros.tolist(), error) == ([0], 0.25)


def test_a_damaged_checkpoint_is_not_used(tmp_path):
    path, log = tmp_path / "work.npz", []
    path.write_bytes(b"PK\x03\x04 and nothing else")
    assert Checkpoint(path, "any", log.append).arrays == {}
    assert "starts from the beginning" in log[0]
