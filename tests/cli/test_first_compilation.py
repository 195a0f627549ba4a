"""The message about the first compilation."""

import re

import numpy as np
import pytest
import soundfile

import celpvq
from celpvq import Encoder, _numba
from celpvq._numba import folders, work
from celpvq._threads import n_threads
from celpvq.cli import compiling, main, progress


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
    assert _numba.is_compiled(compiling.ENCODER)
    assert not _numba.is_compiled(compiling.ENCODER[:-1])
    for folder, isatty, quiet, said in [
        (folders.CACHE_DIR, True, False, False), (tmp_path, True, False, True),
        (tmp_path, False, False, False), (tmp_path, True, True, False),
    ]:  # fmt: skip
        monkeypatch.setattr(folders, "CACHE_DIR", folder)
        terminal(isatty)
        with progress.Progress("encode", 1.0, quiet=quiet):
            pass
        assert ("compiling the encoder, about" in capsys.readouterr().err) == said


def test_the_bar_tells_of_the_compilation_until_the_first_sound_is_done(
    tmp_path, monkeypatch, terminal
):
    monkeypatch.setattr(folders, "CACHE_DIR", tmp_path)
    terminal(True)
    said = []
    with progress.Progress("encode", 1.0, quiet=False) as bar:
        monkeypatch.setattr(bar._bar, "set_description_str", said.append)
        assert work._jobs == min(2, n_threads())
        for share in (0.0, 0.25, 1.0):
            work._report(share)
        bar.update(0.5)
        assert (work._jobs, work._report) == (1, None)
        bar.update(0.5)
    assert re.fullmatch(r"compiling, 25%, about \d+ s left", said[0])
    assert said[1:] == ["compiling, 100%, about 0 s left", "encode"]


def test_without_a_terminal_processes_share_the_compilation_as_well(
    tmp_path, monkeypatch, terminal
):
    monkeypatch.setattr(folders, "CACHE_DIR", tmp_path)
    terminal(False)
    with progress.Progress("encode", 1.0, quiet=False):
        assert work._jobs == min(2, n_threads())
    assert work._jobs == 1


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
