"""The comparison with another commit, with the working tree on both sides; no time is checked."""

import numpy as np
import pytest
from speed import against

from celpvq.codec.format.modes import FRAME_LEN


def test_each_preset_and_the_decoder_get_a_ratio(monkeypatch):
    copied = []

    def link(commit, folder):
        copied.append(commit)
        folder.symlink_to(against.ROOT)

    monkeypatch.setattr(against, "extract", link)
    x = 0.1 * np.random.default_rng(1).normal(size=4 * FRAME_LEN)
    [row] = against.rows("some-commit", x, [6400], n_runs=1)
    assert copied == ["some-commit"]
    assert row[0] == 6400
    assert len(row) == len(against.HEAD)
    assert all(float(cell) > 0 for cell in row[1:])


def test_an_unknown_commit_is_named(tmp_path):
    with pytest.raises(SystemExit, match="against: no-such-commit"):
        against.extract("no-such-commit", tmp_path)
