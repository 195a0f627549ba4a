"""The clips on which another codec does better."""

import pytest
import talkers

from celpvq.lab.scores import Result, ScoresFile


@pytest.fixture
def scores(tmp_path):
    """A file of scores: at 4800 clip a is behind in all, b in none, c in ViSQOL; 5600 is ahead."""
    file = ScoresFile(tmp_path / "scores.csv")
    made = {
        "celpvq 4800": {"a": (2.0, 0.7, 3.0), "b": (3.5, 0.9, 3.5), "c": (3.1, 0.8, 3.25)},
        "AMR-NB 4.75": {"a": (2.5, 0.8, 3.1), "b": (3.0, 0.8, 3.0), "c": (3.0, 0.8, 3.5)},
        "celpvq 5600": {"a": (3.0, 0.9, 4.0)},
        "AMR-NB 5.9": {"a": (2.9, 0.8, 3.9), "d": (4.0, 0.9, 4.0)},
        "celpvq 8000": {"a": (1.0, 0.1, 1.0)},
    }
    for codec, clips in made.items():
        for clip, values in clips.items():
            each = dict(zip(talkers.MEASURES, values, strict=True))
            file.add(Result(codec, clip, 1.0, 4.8, 0.1, 0.1, each, "", "k"))
    return file.path


def test_clips_below_another_codec_are_listed(scores, capsys):
    before = scores.read_bytes()
    assert talkers.main([str(scores)]) == 0
    assert scores.read_bytes() == before
    text = capsys.readouterr().out
    slow, fast = text.split("\n\n## ")
    assert "celpvq 4800 below AMR-NB 4.75" in slow
    assert "2 of 3 clips: PESQ 1, ESTOI 1, ViSQOL 2" in slow
    assert slow.splitlines()[-2:] == [
        "| a | **-0.500** | **-0.100** | **-0.100** |",
        "| c | +0.100 | +0.000 | **-0.250** |",
    ]
    assert "0 of 1 clips" in fast
    assert "8000" not in text


def test_scores_without_the_other_codec_are_refused(tmp_path):
    path = ScoresFile(tmp_path / "scores.csv").path
    with pytest.raises(SystemExit, match="no rate with results of AMR-NB"):
        talkers.main([str(path)])
    path.write_text("codec,clip\n")
    with pytest.raises(SystemExit, match="not a scores file"):
        talkers.main([str(path)])
