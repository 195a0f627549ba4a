import io
import json
import os
import signal
import subprocess
import sys
import wave

import numpy as np
import pytest
import soundfile

import celpvq
from celpvq.cli import info, main, progress
from celpvq.cli.command import VERBS

CELPVQ = [sys.executable, "-m", "celpvq"]
PIPE_LEN = 4096  # bytes


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty folder, with two channels of sound at 16 kHz in it."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    x = 0.2 * rng.normal(size=(8000, 2)).clip(-4, 4) * np.sin(np.arange(8000) / 700)[:, None] ** 2
    soundfile.write("in.wav", x, 16000)
    return tmp_path


@pytest.fixture
def refused(run, here):
    """Check that a command line fails on one line, and leaves all files as they were."""

    def refused(line, message):
        before = {path: path.read_bytes() for path in here.iterdir()}
        status, out, err = run(line)
        assert (status, out) == (1, "")
        assert err.startswith("celpvq: ")
        assert err.count("\n") == 1
        assert message in err
        assert {path: path.read_bytes() for path in here.iterdir()} == before

    return refused


def test_a_file_is_encoded_and_decoded(run):
    status, out, err = run("encode -p fast in.wav a.cvq")
    assert (status, out) == (0, "")
    assert err.startswith("in.wav -> a.cvq: 0.50 s, 452 bytes, 7.23 kbit/s, ")
    assert err.endswith(" times real time (2 channels averaged)\n")
    x, _ = soundfile.read("in.wav")
    with open("a.cvq", "rb") as file:
        data = file.read()
    assert data == celpvq.encode(x, 16000, preset="fast", axis=1)

    assert run("decode a.cvq out.wav")[0] == 0
    y, rate = soundfile.read("out.wav", dtype="int16")
    assert rate == 8000
    np.testing.assert_array_equal(y, celpvq.decode(data, dtype="int16")[0])
    assert sorted(os.listdir()) == ["a.cvq", "in.wav", "out.wav"]


def test_options_do_what_they_say(run):
    x, _ = soundfile.read("in.wav")
    assert (
        run("encode -q --mode 8000 --preset fast --channel 1 --no-highpass in.wav a.cvq")[2] == ""
    )
    with open("a.cvq", "rb") as file:
        data = file.read()
    assert data == celpvq.encode(x[:, 1], 16000, 8000, "fast", highpass=False)
    assert run("decode -q --rate original --no-enhancement a.cvq out.flac")[2] == ""
    y, rate = soundfile.read("out.flac", dtype="int16")
    assert rate == 16000
    want, _ = celpvq.decode(data, dtype="int16", samplerate=None, enhancement=False)
    np.testing.assert_array_equal(y, want)
    assert run("decode -q --raw a.cvq out.s16")[0] == 0
    pcm, _ = celpvq.decode(data, dtype="int16")
    np.testing.assert_array_equal(np.fromfile("out.s16", "<i2"), pcm)
    assert run("encode -q -p fast --raw --rate 11025 out.s16 b.cvq")[0] == 0
    with open("b.cvq", "rb") as file:
        assert file.read() == celpvq.encode(pcm, 11025, preset="fast")


def test_tables_of_one_s_own_are_used(run, refused):
    tables = celpvq.Encoder().tables
    arrays = {name: array.copy() for name, array in tables.arrays.items()}
    arrays["lsf_mean"][0] += 0.001
    celpvq.TableSet(arrays).save("own.npz")
    assert run("encode -q -p fast --tables own.npz in.wav a.cvq")[0] == 0
    refused("decode a.cvq out.wav", "a.cvq: tables: no set with hash")
    assert run("decode -q --tables own.npz a.cvq out.wav")[0] == 0
    refused("encode --tables in.wav in.wav b.cvq", "tables: in.wav")


def test_bad_input_is_refused(refused, run, here):
    assert run("encode -q -p fast in.wav a.cvq")[0] == 0
    data = (here / "a.cvq").read_bytes()
    wav = (here / "in.wav").read_bytes()
    soundfile.write("nan.wav", np.array([0, np.nan]), 8000, subtype="FLOAT")
    soundfile.write("none.wav", np.zeros(0), 8000)
    soundfile.write("slow.wav", np.zeros(9), 2000)
    (here / "text.txt").write_text("words\n" * 9)
    (here / "empty").write_bytes(b"")
    (here / "cut.wav").write_bytes(wav[:-1000])
    (here / "odd.raw").write_bytes(b"123")
    (here / "cut.cvq").write_bytes(data[:-1])
    (here / "bad.cvq").write_bytes(data[:40] + bytes([data[40] ^ 1]) + data[41:])

    refused("encode missing.wav b.cvq", "missing.wav: No such file")
    refused("encode . b.cvq", ".: Is a directory")
    refused("encode text.txt b.cvq", "text.txt: not a sound file")
    refused("encode empty b.cvq", "empty: empty, expected a sound file")
    refused("encode a.cvq b.cvq", "a.cvq: a celpvq stream already")
    refused("encode nan.wav b.cvq", "nan.wav: x: expected finite samples, got nan")
    refused("encode none.wav b.cvq", "none.wav: x: expected at least one sample")
    refused("encode slow.wav b.cvq", "slow.wav: sample rate: expected a whole number of 4000")
    refused("encode cut.wav b.cvq", "cut.wav: expected 32000 bytes of sound")
    refused("encode --raw odd.raw b.cvq", "odd.raw: expected samples of 2 bytes")
    refused("encode --raw empty b.cvq", "empty: x: expected at least one sample")
    refused("encode --channel 2 in.wav b.cvq", "in.wav: channel: expected 0 to 1, got 2")
    refused("encode --rate 8000 in.wav b.cvq", "--rate")
    refused("decode in.wav out.wav", "in.wav: not a celpvq stream")
    refused("decode cut.cvq out.wav", "cut.cvq: expected 26 packets")
    refused("decode bad.cvq out.wav", "bad.cvq: damaged block after packet 0")
    refused("decode empty out.wav", "empty: not a celpvq stream")
    refused("decode a.cvq out.xyz", "out.xyz: expected the ending of a sound file")
    refused("info text.txt", "text.txt: not a celpvq stream")
    refused("encode in.wav missing/b.cvq", "missing/b.cvq: No such file")
    refused("encode in.wav /dev/full", "/dev/full: No space left on device")
    refused("decode a.cvq /dev/full", "/dev/full: No space left on device")


def test_files_are_not_replaced_unasked(run, refused, here):
    assert run("encode -q -p fast in.wav a.cvq")[0] == 0
    (here / "soft").symlink_to("in.wav")
    (here / "hard").hardlink_to("in.wav")
    refused("encode in.wav a.cvq", "a.cvq: exists already; --force replaces it")
    refused("decode a.cvq in.wav", "in.wav: exists already")
    for same in ("in.wav", "./in.wav", "soft", "hard"):
        refused(f"encode --force in.wav {same}", f"{same}: is the input itself")
    refused("decode --force a.cvq a.cvq", "a.cvq: ")
    assert run("encode -q -p fast --force --mode 4800 in.wav a.cvq")[0] == 0
    assert celpvq.info("a.cvq").mode == 4800


def test_what_is_damaged_is_taken_when_asked_for(run, here):
    assert run("encode -q -p fast in.wav a.cvq")[0] == 0
    (here / "cut.cvq").write_bytes((here / "a.cvq").read_bytes()[: 32 + 10 * 16 + 3])
    status, _, err = run("decode --partial cut.cvq out.wav")
    assert status == 0
    assert err.endswith(
        "; 16 packets missing: expected 26 packets in the block after packet 0, got 10\n"
    )
    assert soundfile.info("out.wav").frames == 1560
    (here / "cut.wav").write_bytes((here / "in.wav").read_bytes()[:-800])
    assert run("encode -q -p fast --partial cut.wav b.cvq")[0] == 0
    assert celpvq.info("b.cvq").n_samples == 7800


def test_info_says_what_a_file_is(run, here):
    assert run("encode -q -p fast in.wav a.cvq")[0] == 0
    status, out, err = run("info a.cvq")
    assert (status, err) == (0, "")
    for line in ("mode      6400 bit/s", "duration  0.500 s", "packets   26", "state     whole"):
        assert line in out.splitlines()
    status, out, _ = run("info --json a.cvq")
    assert json.loads(out)["n_samples"] == 8000
    assert json.loads(out)["whole"] is True
    (here / "cut.cvq").write_bytes((here / "a.cvq").read_bytes()[:100])
    status, out, _ = run("info cut.cvq")
    assert status == 1
    assert "missing   22 packets" in out.splitlines()
    status, out, _ = run("info --json cut.cvq")
    assert (status, json.loads(out)["n_missing"]) == (1, 22)


@pytest.mark.parametrize(
    "line",
    ["", "frobnicate", "encode", "encode in.wav", "encode --mode 1 in.wav a.cvq",
     "encode --preset slow in.wav a.cvq", "encode --raw --rate 0 in.wav a.cvq",
     "decode --rate x a.cvq out.wav", "encode --forc in.wav a.cvq",
     "channel --loss 101 a.cvq out.wav", "channel --loss nan a.cvq out.wav",
     "live --loss=-1"],
)  # fmt: skip
def test_a_command_line_that_is_not_understood_is_status_2(run, line):
    status, out, err = run(line)
    assert (status, out) == (2, "")
    verb = (line.split() or [""])[0]
    assert err.startswith(f"usage: celpvq {verb if verb in VERBS else ''}")
    assert "float" not in err
    assert os.listdir() == ["in.wav"]


def test_odd_names_are_told_on_one_line_that_no_terminal_obeys(run, refused, capfd, here):
    odd = "a\nb\x1b[31m\udcff.cvq"
    assert main(["encode", "-p", "fast", "in.wav", odd]) == 0
    assert capfd.readouterr().err.startswith(r"in.wav -> a\nb\x1b[31m\udcff.cvq: 0.50 s")
    assert sorted(os.listdir()) == [odd, "in.wav"]
    assert main(["decode", odd, "none/\x1b.wav"]) == 1
    assert capfd.readouterr().err == "celpvq: none/\\x1b.wav: No such file or directory\n"
    for names in (["", "a.cvq"], ["in.wav", ""]):
        assert main(["encode", *names]) == 1
        assert "expected a name, got an empty one" in capfd.readouterr().err


def test_output_that_the_terminal_lacks_characters_for_is_escaped(here):
    code = "import sys; from celpvq.cli import main; main(['info', '-']); print('\xb1 done')"
    env = os.environ | {"PYTHONIOENCODING": "ascii"}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, input="", capture_output=True, text=True, env=env, check=True)
    assert done.stdout == "\\xb1 done\n"


@pytest.mark.parametrize("verb", ["", *VERBS])
def test_help_teaches(run, verb):
    status, out, _ = run(f"{verb} --help")
    assert status == 0
    assert "examples:" in out
    assert run("--version")[1].startswith("celpvq ")


def test_a_defect_is_one_line(run, monkeypatch):
    monkeypatch.setattr(info, "open_input", lambda path: 1 / 0)
    status, out, err = run("info a.cvq")
    assert (status, out) == (70, "")
    assert err == "celpvq: internal error: ZeroDivisionError: division by zero\n"


@pytest.mark.parametrize(("kind", "status"), [(KeyboardInterrupt, 130), (MemoryError, 1)])
def test_an_interruption_leaves_nothing(run, monkeypatch, kind, status):
    def interrupt(*_):
        raise kind

    monkeypatch.setattr(progress.Progress, "update", interrupt)
    assert run("encode -p fast in.wav a.cvq")[0] == status
    assert os.listdir() == ["in.wav"]


def test_help_is_fast_and_loads_nothing(here):
    code = """
import sys
from celpvq.cli import main
for line in ("--help", "encode --help", "info --help", "--version"):
    try: main(line.split())
    except SystemExit: pass
print({"numpy", "numba", "scipy", "soundfile"} & set(sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("set()\n")


def test_pipes_on_both_sides(here):
    command = " ".join(CELPVQ)
    line = f"cat in.wav | {command} encode -q -p fast - - | {command} decode -q - - > out.wav"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", line], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    x, _ = soundfile.read("in.wav")
    want, _ = celpvq.decode(celpvq.encode(x, 16000, preset="fast", axis=1), dtype="int16")
    y = np.frombuffer((here / "out.wav").read_bytes()[44:], "<i2")
    np.testing.assert_array_equal(y, want)


def test_a_pipe_that_knows_its_length_says_it(here):
    main(["encode", "-q", "-p", "fast", "in.wav", "a.cvq"])
    with open("a.cvq", "rb") as stdin:
        done = subprocess.run(
            [*CELPVQ, "decode", "-", "-"], stdin=stdin, capture_output=True, check=True
        )
    assert b"standard input -> standard output: 0.50 s" in done.stderr
    with wave.open(io.BytesIO(done.stdout)) as sound:
        assert sound.getnframes() == 4000


def encoding(folder, name):
    """An encoder that has written a part of its file, and now waits for more sound."""
    (folder / name).mkdir()
    process = subprocess.Popen(
        [*CELPVQ, "encode", "--preset", "fast", "--raw", "-", f"{name}/a.cvq"],
        cwd=folder, stdin=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0, pipesize=PIPE_LEN,
    )  # fmt: skip
    # the pipe holds so little that this returns only when the encoder reads its last block, and
    # the block is not full: the encoder has coded all others, and stays within its read
    sound = memoryview(bytes((1 << 18) + 4 * PIPE_LEN))
    while sound:
        sound = sound[process.stdin.write(sound) :]
    [part] = (folder / name).iterdir()
    assert part.name != "a.cvq"
    assert part.stat().st_size > 200
    return process


def test_a_killed_encoder_leaves_no_file(here):
    signals = {"int": signal.SIGINT, "term": signal.SIGTERM, "kill": signal.SIGKILL}
    running = {name: encoding(here, name) for name in signals}
    for name, process in running.items():
        process.send_signal(signals[name])
    for name, status in {"int": 130, "term": 143, "kill": -9}.items():
        running[name].wait()  # before its input ends
        _, err = running[name].communicate()
        assert running[name].returncode == status
        assert err == (b"celpvq: interrupted\n" if name == "int" else b"")
        left = [path.name for path in (here / name).iterdir()]
        assert "a.cvq" not in left
        assert name == "kill" or not left


def test_a_closed_pipe_is_one_line(here):
    main(["encode", "-q", "-p", "fast", "in.wav", "a.cvq"])
    env = {k: v for k, v in os.environ.items() if k != "PYTHONUNBUFFERED"}
    for verb in (["decode", "a.cvq", "-"], ["info", "a.cvq"]):
        read_fd, write_fd = os.pipe()
        os.close(read_fd)
        done = subprocess.run(
            [*CELPVQ, *verb], stdout=write_fd, stderr=-1, text=True, check=False, env=env
        )
        os.close(write_fd)
        assert done.returncode == 1
        assert done.stderr.endswith("Broken pipe\n")
        assert done.stderr.count("\n") == 1
