"""The tool that watches the codec for hours holds for seconds."""

import sys

import pytest


@pytest.fixture
def soak(root, monkeypatch):
    monkeypatch.syspath_prepend(str(root / "tools"))
    import soak

    yield soak
    sys.modules.pop("soak")


def test_a_minute_of_everything(soak, capsys):
    assert soak.main(["--seconds", "60"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("CELPVQ_SEED=")
    assert "3000 frames" in said


def test_what_goes_wrong_is_told(soak, monkeypatch):
    monkeypatch.setenv("CELPVQ_SEED", "1")
    monkeypatch.setattr(soak, "same_ears", lambda encoder, decoder: False)
    with pytest.raises(SystemExit, match="frame 0: the decoder heard something else"):
        soak.main(["--seconds", "1"])


def test_a_seed_repeats_everything(soak):
    runs = [soak.Soak(5), soak.Soak(5)]
    for run in runs:
        run.run(300)
    assert runs[0].count == runs[1].count
    assert runs[0].bad.stats == runs[1].bad.stats
