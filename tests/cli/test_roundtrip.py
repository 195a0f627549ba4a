"""The command `celpvq roundtrip`."""

import json
import subprocess
import sys

import numpy as np
import pytest
import soundfile

from celpvq.augment import Choice, DrawnLine, TelephoneLine, Uniform
from celpvq.cli import main


@pytest.fixture
def sound(tmp_path, monkeypatch, clips):
    """An empty folder with a sound of two channels in it: its samples (2, n), int16."""
    monkeypatch.chdir(tmp_path)
    x = np.round(clips["espeak-f-es"][:8000] * 32767).astype(np.int16)
    channels = np.stack([x, x[::-1]])
    soundfile.write("in.wav", channels.T, 16000)
    return channels


def said(capfd, line):
    try:
        status = main(["roundtrip", *line.split()])
    except SystemExit as error:
        status = error.code
    out, err = capfd.readouterr()
    return status, out, err


def written(path="out.wav"):
    samples, rate = soundfile.read(path, dtype="int16", always_2d=True)
    assert rate == 16000
    return samples.T


def test_the_command_is_a_line(sound, capfd):
    options = (
        "--mode 4800 -p fast --loss 20 --burst 2 --ber 1e-3 --bit-burst 8 --dtx --codings 2"
        " --low 300 --high 3400 --level -30 --seed 5"
    )
    status, out, err = said(capfd, f"in.wav out.wav {options}")
    assert (status, out) == (0, "")
    assert err.startswith("in.wav -> out.wav: 0.50 s, 4800 bit/s, 4800 bit/s, ")
    assert err.endswith(" times real time, seed 5\n")
    line = TelephoneLine(
        mode=4800, loss=0.2, burst=2, ber=1e-3, bit_burst=8, dtx=True, n_codings=2, low_hz=300,
        high_hz=3400, level_db=-30,
    )  # fmt: skip
    np.testing.assert_array_equal(written(), line(sound, 16000, seed=5))


def test_without_options_the_line_only_codes(sound, capfd):
    assert said(capfd, "in.wav out.flac -q --low 0") == (0, "", "")
    line = DrawnLine(modes=[6400], preset="default", low_hz=None, seed=1)
    np.testing.assert_array_equal(written("out.flac"), line(sound, 16000))


def test_the_line_may_come_from_a_file(sound, capfd):
    line = TelephoneLine(mode=Choice([4800, 8000]), loss=Uniform(0, 0.3))
    with open("line.json", "w") as file:
        json.dump(line.to_dict(), file)
    for seed in (1, 2):
        assert said(capfd, f"in.wav out.wav -q -f --line line.json --seed {seed}")[0] == 0
        np.testing.assert_array_equal(written(), line(sound, 16000, seed=seed))
    with open("drawn.json", "w") as file:
        json.dump(line.draw(7).to_dict(), file)
    _, _, err = said(capfd, "in.wav out.wav -f --line drawn.json")
    assert err.endswith("seed 7\n")
    np.testing.assert_array_equal(written(), line(sound, 16000, seed=7))


def test_a_pipe_of_kaldi_gets_a_wav_of_the_same_length(sound):
    soundfile.write("mono.wav", sound[0], 16000)
    command = f'cat mono.wav | "{sys.executable}" -m celpvq roundtrip -q --mode 4800 - - > out.wav'
    done = subprocess.run(command, shell=True, check=True, capture_output=True)
    assert done.stderr == b""
    expected = TelephoneLine(mode=4800, preset="default")(sound[:1], 16000, seed=1)
    np.testing.assert_array_equal(written(), expected)


def test_samples_beyond_full_scale_are_scaled(sound, capfd):
    loud = 2.5 * sound.T / 32768
    soundfile.write("loud.wav", loud, 16000, subtype="FLOAT")
    assert said(capfd, "loud.wav out.wav -q -p fast")[0] == 0
    expected = TelephoneLine()(loud.T, 16000, seed=1)
    np.testing.assert_allclose(written() / 32768, np.clip(expected, -1, 1 - 2**-15), atol=1 / 32768)


@pytest.mark.parametrize("n", [0, 1])
def test_short_files_stay_short(sound, capfd, n):
    soundfile.write("short.wav", sound.T[:n], 16000)
    assert said(capfd, "short.wav out.wav -q -p fast")[0] == 0
    assert written().shape == (2, n)


@pytest.mark.parametrize(
    ("line", "status", "message"),
    [
        ("in.wav in.wav", 1, "in.wav: is the input itself"),
        ("in.wav out.wav --low 5000", 1, "low_hz: expected from 10 to 3990"),
        ("in.wav out.wav --loss 80 --burst 2", 1, "loss: expected at most 0.667"),
        ("in.wav out.wav --burst 2", 1, "--burst requires --loss"),
        ("in.wav out.wav --bit-burst 9", 1, "--bit-burst requires --ber"),
        ("broken.wav out.wav", 1, "celpvq: broken.wav: Invalid argument"),
        ("in.wav out.wav --line in.wav", 1, "in.wav: expected JSON"),
        ("in.wav out.wav --line list.json", 1, "list.json: line: expected a dict, got list"),
        ("in.wav out.wav --line noise.json", 1, "got 'noise'"),
        ("in.wav out.wav --line noise.json --loss 3", 1, "got loss as well"),
        ("in.wav out.wav --codings 11", 2, "--codings"),
        ("in.wav out.wav --seed -1", 1, "seed: expected 0 or more"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_written(
    sound, tmp_path, capfd, line, status, message
):
    (tmp_path / "list.json").write_text("[1]")
    (tmp_path / "noise.json").write_text('{"noise": 1}')
    (tmp_path / "broken.wav").symlink_to("/proc/self/mem")  # can be opened, but not read
    result, out, err = said(capfd, line)
    assert (result, out) == (status, "")
    assert message in err
    assert not (tmp_path / "out.wav").exists()
