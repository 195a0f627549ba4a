"""The command line in daemons, with options that need others, and with headerless speech."""

import subprocess
import sys

import numpy as np
import pytest
import soundfile
from formats import ID3V1, sound_file, voice

import celpvq
from celpvq.audio.rawfiles import compress
from celpvq.cli import main


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in.wav").write_bytes(sound_file("WAV"))
    (tmp_path / "c.cvq").write_bytes(celpvq.encode(voice()[:, 0], 8000, preset="fast"))
    return tmp_path


def shell(line, folder):
    command = line.replace("celpvq", f'"{sys.executable}" -m celpvq', 1)
    done = subprocess.run(
        command, check=False, shell=True, cwd=folder, capture_output=True, text=True
    )
    return done.returncode, done.stdout, done.stderr


# standard streams ---------------------------------------------------------------------------------


def test_standard_error_may_be_closed(folder):
    status, out, _ = shell("celpvq encode -f -p fast in.wav a.cvq 2>&-", folder)
    assert (status, out) == (0, "")
    assert celpvq.info(folder / "a.cvq").whole
    assert (folder / "a.cvq").read_bytes()[:4] == b"\x89CVQ"


def test_standard_output_may_be_closed_if_it_is_not_the_result(folder):
    assert shell("celpvq info c.cvq >&-", folder)[0] == 0
    status, _, err = shell("celpvq decode c.cvq - >&-", folder)
    assert status == 1
    assert err.startswith("celpvq: standard output: ")


def test_standard_input_may_be_closed_if_it_is_not_the_sound(folder):
    assert shell("celpvq encode -q -p fast in.wav b.cvq <&-", folder)[0] == 0
    status, _, err = shell("celpvq encode -p fast - d.cvq <&-", folder)
    assert status == 1
    assert err.startswith("celpvq: ")
    assert not (folder / "d.cvq").exists()


def test_all_standard_streams_may_be_closed(folder):
    assert shell("celpvq encode -p fast in.wav e.cvq <&- >&- 2>&-", folder)[0] == 0
    assert celpvq.info(folder / "e.cvq").whole


# options ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("channel c.cvq x.wav --burst 3", "--burst requires --loss"),
        ("channel c.cvq x.wav --bit-burst 9", "--bit-burst requires --ber"),
        ("channel c.cvq x.wav --fields lag", "--fields requires --ber"),
        ("channel c.cvq x.wav --compact bits", "--compact requires --pattern"),
        ("encode in.wav x.cvq --rate 8000", "--rate requires --raw"),
        ("encode --raw in.wav x.cvq --channel 1", "--channel: a --raw input has one channel"),
        ("receive x.wav --device 1", "--device requires OUT to be `speaker`"),
        ("receive x.wav --fast --seconds 1", "--seconds cannot be used with --fast"),
        ("send in.wav localhost --device 1", "--device requires IN to be `mic`"),
        ("send mic localhost --channel 1", "--channel requires IN to be a sound file"),
        ("live --burst 3", "--burst requires --loss"),
    ],
)
def test_options_that_need_others_say_so(folder, capsys, line, message):
    assert main(line.split()) == 1
    assert message in capsys.readouterr().err


def test_a_cut_g192_file_gives_the_frames_that_are_whole(folder, capsys):
    assert main(["channel", "-q", "c.cvq", "c.g192"]) == 0
    (folder / "cut.g192").write_bytes((folder / "c.g192").read_bytes()[:5001])
    assert main(["channel", "cut.g192", "cut.wav"]) == 1
    assert main(["channel", "--partial", "cut.g192", "cut.wav"]) == 0
    assert "the end is missing" in capsys.readouterr().err
    assert soundfile.info(folder / "cut.wav").frames == 5001 // 260 * 160 - 40


# sound --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("law", ["alaw", "ULAW"])
def test_telephone_sound_goes_both_ways(folder, law):
    x = (voice()[:, 0] * 32767).astype(np.int16)
    (folder / "call").write_bytes(compress(x, law.upper()))
    assert main(["encode", "-q", "-p", "fast", "--raw", law, "call", "call.cvq"]) == 0
    assert celpvq.info(folder / "call.cvq").whole
    assert main(["decode", "-q", f"--raw={law}", "call.cvq", "back"]) == 0
    assert (folder / "back").stat().st_size == len(x)


def test_a_file_behind_raw_is_a_file(folder):
    (folder / "x.s16").write_bytes(bytes(1600))
    assert main(["encode", "-q", "-p", "fast", "--raw", "x.s16", "raw.cvq"]) == 0
    assert main(["decode", "-q", "--raw", "raw.cvq", "back.s16"]) == 0
    assert (folder / "back.s16").stat().st_size == 1600


def test_the_summary_says_what_is_missing_or_clipped(folder, capsys):
    data = sound_file("FLAC", seconds=3)
    (folder / "cut.flac").write_bytes(data[: len(data) // 2])
    assert main(["encode", "-p", "fast", "cut.flac", "cut.cvq"]) == 1
    assert "--partial reads as much as possible" in capsys.readouterr().err
    assert main(["encode", "-p", "fast", "--partial", "cut.flac", "cut.cvq"]) == 0
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert "damaged after" in lines[0]
    soundfile.write("loud.wav", 50 * voice()[:, 0], 8000, subtype="FLOAT")
    assert main(["encode", "-p", "fast", "loud.wav", "loud.cvq"]) == 0
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert "samples beyond full scale were clipped" in lines[0]


def test_a_tag_behind_the_sound_is_not_worth_a_word(folder, capsys):
    (folder / "t.flac").write_bytes(sound_file("FLAC") + ID3V1)
    assert main(["encode", "-p", "fast", "t.flac", "t.cvq"]) == 0
    assert capsys.readouterr().err.endswith(" times real time\n")


# the interpreter ----------------------------------------------------------------------------------

MAIN_PATH = """
import sys
import numpy as np
import celpvq
from celpvq import vq
from celpvq.cli import main

x = np.sin(np.arange(8000) / 9) / 3
data = celpvq.encode(x, 8000, preset="fast")
y, rate = celpvq.decode(data)
assert False, "asserts are on"
print(len(data), len(y), celpvq.info(data).whole, len(celpvq.roundtrip(x, 8000, loss=0.1, seed=1)))
print(vq.LBG(4, random_state=1).fit(np.random.default_rng(1).normal(size=(99, 2))).codebook_.shape)
lines = ["encode -q -p fast in.wav o.cvq", "decode -q o.cvq o.flac", "info o.cvq",
         "channel -q o.cvq o.wav --loss 5"]
print([main(line.split()) for line in lines])
print(main(["encode", "missing.wav", "x.cvq"]))
try:
    main(["--help"])
except SystemExit as end:
    print(end.code)
"""


@pytest.mark.parametrize("option", ["-O", "-OO"])
@pytest.mark.slow
def test_nothing_depends_on_asserts_or_docstrings(folder, option):
    command = [sys.executable, option, "-c", MAIN_PATH]
    done = subprocess.run(command, check=False, cwd=folder, capture_output=True, text=True)
    lines = done.stdout.splitlines()
    assert lines[0] == "856 8000 True 8000", done.stderr
    assert lines[1] == "(4, 2)"
    assert "[0, 0, 0, 0]" in lines
    assert lines[-1] == "0"
