"""``celpvq train`` refuses bad input on one line."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from celpvq.cli import main
from celpvq.lab.clips import clip_paths


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("train empty out.npz", "empty: holds no sound file"),
        ("train nowhere out.npz", "nowhere"),
        ("train file out.npz", "file"),
        ("train speech there.npz", "there.npz: exists already; --force replaces it"),
        ("train speech nowhere/out.npz", "nowhere/out.npz: its folder is not there"),
        ("train --minutes 0 speech out.npz", "minutes: expected a positive number, got 0"),
        ("train --targets -1 speech out.npz", "targets: expected a positive number, got -1"),
        ("train --preset slow speech out.npz", "preset: expected one of fast, default, best"),
        ("train --seed -1 speech out.npz", "seed: expected 0 or more, got -1"),
        ("train --held-back 1 speech out.npz", "held-back: expected at least 0, less than 1, got"),
        ("train --held-back -0.1 speech out.npz", "held-back: expected"),
        ("train latin out.npz", "latin/manifest.csv: expected CSV in UTF-8"),
        ("train quoted out.npz", "quoted/manifest.csv: expected CSV in UTF-8"),
        ("train foreign out.npz", "foreign/manifest.csv: expected a column file"),
        ("train --iterations 0 speech out.npz", "iterations: expected a positive number"),
        ("train broken out.npz", "x.wav"),
        ("train silent out.npz", "audible frames, got 0"),
        ("train short out.npz", "no recording is as long as four frames"),
    ],
)
def test_bad_input_is_refused_on_one_line(tmp_path, monkeypatch, capfd, line, message):
    import soundfile

    monkeypatch.chdir(tmp_path)
    for name in ("speech", "empty", "broken", "silent", "short"):
        Path(name).mkdir()
    for name, text in {"latin": "file\nzo\xe9", "quoted": 'file\n"a" b', "foreign": "a,b"}.items():
        Path(name).mkdir()
        Path(name, "manifest.csv").write_text(text, encoding="latin-1")
    Path("there.npz").write_text("precious")
    Path("file").touch()
    shutil.copy(clip_paths()[0], "speech")
    Path("broken/x.wav").write_bytes(b"RIFF????WAVE")
    soundfile.write("silent/x.wav", np.zeros(80000), 8000)
    soundfile.write("short/x.wav", np.ones(100) / 9, 8000)
    assert main(line.split()) == 1
    out, err = capfd.readouterr()
    complaint = [text for text in err.splitlines() if not text.startswith("[")]
    assert len(complaint) == 1
    assert complaint[0].startswith("celpvq: ")
    assert message in complaint[0]
    assert out == ""
    assert Path("there.npz").read_text() == "precious"
    assert not Path("out.npz").exists()
