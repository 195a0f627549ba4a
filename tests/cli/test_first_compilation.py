"""The message about the first compilation."""

import numpy as np
import pytest
import soundfile

import celpvq
from celpvq import Encoder, _numba
from celpvq._numba import folders
from celpvq.cli import main, progress


@pytest.fixture
def terminal(monkeypatch):
    """A function that says whether the standard error is a terminal."""

    def set_terminal(isatty):
        monkeypatch.setattr("sys.stderr.isatty", lambda: isatty)

    return set_terminal


def test_only_a_terminal_gets_a_message_before_the_first_compilation(
    tmp_path, monkeypatch, capsys, terminal
):
    Encoder().encode_frame(np.zeros(160))
    assert _numba.is_compiled(progress.ENCODER)
    assert not _numba.is_compiled(progress.ENCODER[:-1])
    for folder, isatty, quiet, said in [
        (folders.CACHE_DIR, True, False, False), (tmp_path, True, False, True),
        (tmp_path, False, False, False), (tmp_path, True, True, False),
    ]:  # fmt: skip
        monkeypatch.setattr(folders, "CACHE_DIR", folder)
        terminal(isatty)
        with progress.Progress("encode", 1.0, quiet=quiet):
            pass
        assert ("first run in this environment" in capsys.readouterr().err) == said


def test_once_both_directions_are_compiled_no_verb_announces_a_compilation(
    tmp_path, capsys, terminal
):
    celpvq.warmup()
    terminal(True)
    wav, coded = str(tmp_path / "a.wav"), str(tmp_path / "a.cvq")
    soundfile.write(wav, 0.1 * np.random.default_rng(1).normal(size=8000), 8000)
    for command in (
        ["encode", wav, coded], ["decode", coded, str(tmp_path / "b.wav")],
        ["channel", coded, str(tmp_path / "c.wav")],
        ["compare", str(tmp_path), "--out", str(tmp_path / "out"), "-m", "4800", "-j", "1",
         "--measures", "segsnr", "--limit", "1"],
    ):  # fmt: skip
        main(command)
        assert "compiling" not in capsys.readouterr().err
