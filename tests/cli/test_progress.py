"""Progress bars, summaries, and the message about compilation."""

import os
import pty
import sys
import termios

import numpy as np
import pytest
import soundfile

import celpvq
from celpvq import _numba
from celpvq.cli import main, progress


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty folder, with half a second of sound at 16 kHz in it."""
    monkeypatch.chdir(tmp_path)
    soundfile.write("in.wav", 0.1 * np.random.default_rng(0).normal(size=8000), 16000)


def test_a_progress_bar_is_for_terminals(here, monkeypatch):
    main_end, terminal = pty.openpty()
    termios.tcsetwinsize(terminal, (24, 80))

    def said(line):
        """What a command says to the terminal, up to its summary."""
        assert main(line.split()) == 0
        text = b""
        while b"times real time" not in text or not text.endswith(b"\n"):
            text += os.read(main_end, 1 << 16)
        return text.decode()

    with os.fdopen(terminal, "w") as stderr:
        monkeypatch.setattr(sys, "stderr", stderr)
        assert "\rencode   0% |" in said("encode -p fast in.wav a.cvq")
        assert "\rdecode   0% |" in said("decode a.cvq out.wav")
        monkeypatch.setitem(sys.modules, "tqdm", None)
        assert said("decode --force a.cvq out.wav").startswith("a.cvq -> out.wav")
        monkeypatch.setattr(progress, "LONG_S", 0.1)
        assert "without tqdm: pip install celpvq[progress]" in said("decode --force a.cvq out.wav")
    os.close(main_end)


def test_speeds_are_plain_numbers(here, monkeypatch, capfd):
    for speed, text in ((1234.5, "1234"), (0.12345, "0.123"), (12.345, "12.3")):
        monkeypatch.setattr(progress.Progress, "speed", speed)
        assert main(["encode", "-f", "-p", "fast", "in.wav", "a.cvq"]) == 0
        assert capfd.readouterr().err.split(", ")[-1].startswith(f"{text} times")


def test_a_terminal_hears_of_the_first_compilation_and_of_no_later_one(
    tmp_path, monkeypatch, capsys
):
    celpvq.Encoder().encode_frame(np.zeros(160))
    assert _numba.is_compiled(progress.ENCODER)
    assert not _numba.is_compiled(progress.ENCODER[:-1])
    for folder, isatty, quiet, said in [
        (_numba.CACHE_DIR, True, False, False), (tmp_path, True, False, True),
        (tmp_path, False, False, False), (tmp_path, True, True, False),
    ]:  # fmt: skip
        monkeypatch.setattr(_numba, "CACHE_DIR", folder)
        monkeypatch.setattr("sys.stderr.isatty", lambda tty=isatty: tty)
        with progress.Progress("encode", 1.0, quiet=quiet):
            pass
        assert ("first run in this environment" in capsys.readouterr().err) == said


def test_no_verb_speaks_of_compilation_once_both_directions_are_compiled(
    tmp_path, monkeypatch, capsys
):
    celpvq.warmup()
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
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
