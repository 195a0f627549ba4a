"""Pictures of spectra without and with enhancement."""

import matplotlib.image
import numpy as np
import pytest
import soundfile
import spectra


@pytest.fixture
def folder(clips, tmp_path):
    """Two short clips."""
    (tmp_path / "in").mkdir()
    for name in ("flite-slt-en", "espeak-m-de"):
        soundfile.write(tmp_path / "in" / f"{name}.wav", clips[name][4000:16000], 8000)
    return tmp_path / "in"


def test_a_picture_is_drawn_by_the_command(folder, tmp_path, monkeypatch):
    out = tmp_path / "out.png"
    monkeypatch.setattr("sys.argv", ["spectra", str(folder), str(out), "--mode", "4800"])
    spectra.main()
    pixels = matplotlib.image.imread(out)
    assert pixels.shape[0] > pixels.shape[1] > 900
    assert len(np.unique(pixels[..., :3].reshape(-1, 3), axis=0)) > 200


def test_the_two_ways_differ_in_the_enhancement_alone(clips):
    x = clips["flite-slt-en"][4000:12000]
    plain, enhanced = (spectra.coded(x, 4800, enhancement=on) for on in (False, True))
    assert plain.shape == enhanced.shape == x.shape
    assert np.abs(plain - enhanced).max() > 0.01


def test_a_folder_without_speech_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.argv", ["spectra", str(tmp_path), str(tmp_path / "out.png")])
    with pytest.raises(SystemExit) as caught:
        spectra.main()
    assert caught.value.code != 0
    assert not (tmp_path / "out.png").exists()
