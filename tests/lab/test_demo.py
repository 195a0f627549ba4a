import argparse
import errno
import sys

import numpy as np
import pytest
import soundfile

import celpvq
from celpvq.cli import demo as verb
from celpvq.errors import OutputError, OutputExistsError
from celpvq.lab import demo
from celpvq.lab.clip_picture import draw
from celpvq.lab.clips import clip_paths, read_clip


@pytest.fixture
def two_clips(monkeypatch):
    """The demonstration on two of the clips, the one of the picture among them."""
    few = [path for path in clip_paths() if path.stem in ("espeak-m-de", demo.PICTURE_CLIP)]
    monkeypatch.setattr("celpvq.lab.clips.clip_paths", lambda: few)
    return few


def run(*words):
    parser = argparse.ArgumentParser()
    verb.add_arguments(parser)
    return verb.run(parser.parse_args(list(words)))


def test_the_demo_tells_every_rate_and_leaves_its_files(tmp_path, capsys, two_clips):
    assert run("--out", str(tmp_path), "--preset", "fast") == 0
    out = capsys.readouterr().out
    assert str(tmp_path) in out
    head, *rows = out.splitlines()[1 : 2 + len(celpvq.modes())]
    assert head.split()[:5] == ["bit/s", "bytes", "kbit/s", "encode", "x"]
    assert [int(row.split()[0]) for row in rows] == [mode.bitrate for mode in celpvq.modes()]
    for row in rows:
        bitrate, _, kbps = row.split()[:3]
        assert 1 < float(kbps) * 1000 / int(bitrate) < 1.05  # the header's share
    for path in two_clips:
        n = read_clip(path).size
        for kind in ["original", *(mode.name for mode in celpvq.modes())]:
            samples, rate = soundfile.read(tmp_path / f"{path.stem}-{kind}.wav")
            assert (samples.shape, rate) == ((n,), 8000)
    png = (tmp_path / f"{demo.PICTURE_CLIP}-{demo.PICTURE_MODE}.png").read_bytes()
    assert png.startswith(b"\x89PNG")


def test_the_demo_names_what_is_not_installed(tmp_path, capsys, monkeypatch, two_clips):
    for package in ("pesq", "pystoi", "matplotlib.figure"):
        monkeypatch.setitem(sys.modules, package, None)
    assert run("--out", str(tmp_path), "--preset", "fast") == 0
    out = capsys.readouterr().out
    assert "pip install celpvq[quality]" in out
    assert "pip install celpvq[plot]" in out
    assert "PESQ" not in out.splitlines()[1]
    assert not list(tmp_path.glob("*.png"))


def test_a_file_in_the_folder_s_place_is_refused(tmp_path):
    (tmp_path / "file").touch()
    for out in ("file", "file/below"):
        with pytest.raises(OutputExistsError, match="expected a folder"):
            run("--out", str(tmp_path / out))


def test_the_original_is_written_as_it_is(tmp_path, clips):
    path = tmp_path / "a.wav"
    demo.write_wav(path, clips[demo.PICTURE_CLIP])
    np.testing.assert_array_equal(soundfile.read(path)[0], clips[demo.PICTURE_CLIP])


@pytest.mark.parametrize("n_frames", [1, 50])
def test_a_picture_is_drawn_of_any_length(tmp_path, n_frames):
    x = np.random.default_rng(1).normal(scale=0.1, size=n_frames * 160 + 100)
    lsf = np.tile(np.arange(1, 11) * np.pi / 11, (n_frames, 1))
    draw(tmp_path / "p.png", x, x, lsf, np.full(4 * n_frames, 50.0), "noise")
    assert (tmp_path / "p.png").stat().st_size > 10_000


def test_what_cannot_be_written_leaves_what_was_there(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    old = {tmp_path / name: name.encode() for name in ("a.wav", "p.png")}
    for path, data in old.items():
        path.write_bytes(data)
    monkeypatch.setattr("celpvq.output.os.fsync", full)
    x = np.full(1700, 0.1)
    with pytest.raises(OutputError, match=r"a\.wav: No space left"):
        demo.write_wav(tmp_path / "a.wav", x)
    with pytest.raises(OutputError, match=r"p\.png: No space left"):
        draw(tmp_path / "p.png", x, x, np.ones((10, 10)), np.full(40, 50.0), "constant")
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == old
