"""Progress bars and summaries."""

import os
import pty
import sys
import termios

import numpy as np
import pytest
import soundfile

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
