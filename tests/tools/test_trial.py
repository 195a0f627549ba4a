"""tools/trial.py: a changed copy of the codec beside the codec as it is."""

import shutil

import pytest
import trial

from celpvq.lab.clips import clip_paths
from celpvq.training.plan import Plan


@pytest.fixture
def speech(tmp_path):
    (tmp_path / "speech").mkdir()
    for path in clip_paths()[:2]:
        shutil.copy(path, tmp_path / "speech")
    return tmp_path / "speech"


@pytest.mark.slow
def test_a_change_of_the_codec_changes_the_scores(speech, tmp_path, capsys):
    lines = [str(speech), "--out", str(tmp_path / "out"), "--name", "blunt", "--modes", "4800"]
    lines += ["--presets", "fast", "--measures", "estoi", "--jobs", "1"]
    change = ["codec/encoder/weighting.py", "GAMMA1 = 0.94", "GAMMA1 = 0.61"]
    assert trial.main([*lines, "--replace", *change]) == 0
    text = capsys.readouterr().out
    assert "difference to before" in text
    before = (tmp_path / "out" / "base" / "scores.csv").read_text()
    assert (tmp_path / "out" / "blunt" / "scores.csv").read_text() != before


def test_a_text_that_does_not_occur_once_is_refused(speech, tmp_path):
    lines = [str(speech), "--out", str(tmp_path / "out"), "--name", "none"]
    change = ["codec/encoder/weighting.py", "GAMMA", "DELTA"]
    with pytest.raises(SystemExit, match="expected the text once, found it"):
        trial.main([*lines, "--replace", *change])


def test_clips_of_other_speakers_are_linked(tmp_path, monkeypatch):
    monkeypatch.setattr(trial, "PLAN", Plan(held_back=0.5))
    for path in clip_paths()[:2]:  # each subfolder is a speaker
        (tmp_path / "speech" / path.stem).mkdir(parents=True)
        shutil.copy(path, tmp_path / "speech" / path.stem)
    [link] = trial.held_back(tmp_path / "speech", tmp_path / "held").iterdir()
    assert link.is_symlink()
    assert link.resolve().stem in [path.stem for path in clip_paths()[:2]]
