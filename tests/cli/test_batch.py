"""``celpvq batch``: folders of files on the command line."""

import json
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import termios
import time

import numpy as np
import pytest
import soundfile
from batch_files import tree, write_speech

import celpvq
from celpvq.cli import main
from celpvq.folders.naming import seed_of

CELPVQ = [sys.executable, "-m", "celpvq"]


@pytest.fixture
def here(tmp_path, monkeypatch, clips):
    """An empty folder, with a folder of short recordings in it."""
    monkeypatch.chdir(tmp_path)
    write_speech(tmp_path / "in", clips["flite-slt-en"], 8)
    return tmp_path


@pytest.fixture
def run(here, capfd):
    """Run a command line here: return its status, output and complaint."""

    def run(line):
        try:
            status = main(["batch", *line.split()])
        except SystemExit as error:
            status = error.code
        return status, *capfd.readouterr()

    return run


def rows(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_folder_is_encoded_decoded_and_checked(run, here):
    status, out, err = run("in coded --encode -p fast -m 4800 -j 1")
    assert (status, out) == (0, "")
    n_bytes = sum(len(data) for name, data in tree(here / "coded").items() if "cvq" in name)
    assert err.startswith("in -> coded: 8 of 8 files converted, 0 failed; ")
    assert f" {n_bytes} bytes, " in err
    assert err.endswith(" times real time\n")
    for row in rows(here / "coded" / "manifest.jsonl"):
        x, rate = soundfile.read(here / "in" / row["source"], dtype="int16")
        data = (here / "coded" / row["audio_filepath"]).read_bytes()
        assert data == celpvq.encode(x, rate, 4800, "fast")
        assert (row["samples"], row["sampling_rate"]) == (len(x), rate)
    assert run("coded sound --decode --format FLAC --rate original --no-enhancement -q -j 1") == (
        0, "", "",
    )  # fmt: skip
    for row in rows(here / "sound" / "manifest.jsonl"):
        y, _ = soundfile.read(here / "sound" / row["audio_filepath"], dtype="int16")
        data = (here / "coded" / row["source"]).read_bytes()
        want, _ = celpvq.decode(data, None, "int16", enhancement=False)
        np.testing.assert_array_equal(y, want)
    assert run("in coded --check hashes") == (0, "", "coded: agrees with its manifest\n")
    (name,) = (here / "coded" / "speaker 1").glob("0001*")
    os.truncate(name, name.stat().st_size - 1)
    status, out, err = run("in coded --check sizes")
    assert (status, err) == (1, "coded: 1 faults\n")
    assert out.startswith("speaker 1/0001.wav: speaker 1/0001.cvq: expected ")
    status, _, err = run("in coded --encode -p fast -m 4800 -j 1 --resume")
    assert status == 0
    assert "1 of 8 files converted, 7 kept, 0 failed" in err
    assert run("in coded --check hashes -q") == (0, "", "")


def test_roundtrip_has_a_seed_for_each_file(run, here):
    line = "in phone --roundtrip -p fast --loss 20 --burst 2 --ber 1e-3 --seed 7 -q -j 1"
    assert run(line) == (0, "", "")
    found = rows(here / "phone" / "manifest.jsonl")
    assert len(found) == 8
    for row in found:
        assert row["seed"] == seed_of(7, row["source"])
        x, rate = soundfile.read(here / "in" / row["source"], dtype="int16")
        y, _ = soundfile.read(here / "phone" / row["audio_filepath"], dtype="int16")
        want = celpvq.roundtrip(
            x, rate, preset="fast", loss=0.2, burst=2, ber=1e-3, seed=row["seed"]
        )
        np.testing.assert_array_equal(y, want)


def test_failures_are_listed_and_survived(run, here):
    whole = next((here / "in").rglob("*.wav")).read_bytes()
    bad = {
        "1.wav": whole[:-1000], "2.flac": b"fLaC" + bytes(99), "3.ogg": whole[:20], "4.wav": b"",
    }  # fmt: skip
    for name, data in bad.items():
        (here / "in" / name).write_bytes(data)
    (here / "in" / "5.mp3").symlink_to("nowhere")
    status, out, err = run("in coded --encode -p fast -j 1")
    assert (status, out) == (1, "")
    lines = err.splitlines()
    assert len(lines) == 6
    assert lines[0].startswith("celpvq: 1.wav: expected ")
    assert lines[3] == "celpvq: 4.wav: empty, expected a sound file"
    assert lines[4] == "celpvq: 5.mp3: No such file or directory"
    assert "8 of 13 files converted, 5 failed" in lines[5]
    listed = rows(here / "coded" / "failures.jsonl")
    assert [f"celpvq: {row['source']}: {row['error']}" for row in listed] == lines[:5]
    assert len(rows(here / "coded" / "manifest.jsonl")) == 8
    status, _, err = run("in other --encode -p fast -j 1 -q --max-failures 20%")
    assert status == 1
    assert "other: expected at most 2.6 failures, got 3; --resume continues\n" in err
    assert run("in coded --check sizes -q")[0] == 1


def test_a_list_comes_from_a_pipe(here):
    names = "\n".join(f"in/speaker {k}/000{k}.wav" for k in (3, 1))
    done = subprocess.run(
        [*CELPVQ, "batch", "-", "out", "--encode", "-p", "fast", "-j", "1", "--root", "in/.."],
        input=names, text=True, capture_output=True, check=True,
    )  # fmt: skip
    assert done.stderr.startswith("standard input -> out: 2 of 2 files")
    assert [row["source"] for row in rows(here / "out" / "manifest.jsonl")] == names.split("\n")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("in out", "expected one of --encode, --decode, --roundtrip"),
        ("in out --encode --loss 3", "--loss: has no use with --encode"),
        ("in out --decode --mode 4800", "--mode: has no use with --decode"),
        ("in out --encode --format flac", "--format: has no use with --encode"),
        ("in out --roundtrip --rate 16000", "--rate: has no use with --roundtrip"),
        ("in out --roundtrip --burst 3", "--burst requires --loss"),
        ("in out --decode --format xyz", "expected the ending of a sound file"),
        ("in out --encode --max-failures x", "max_failures: expected a number"),
        ("in out --encode --resume --force", "resume: expected no overwrite"),
        ("in out --decode", "in: expected files with the ending .cvq, got none"),
        ("in out --check sizes", "out: expected the results of a run, got none"),
        ("in in/out --encode", "out: expected a folder apart from"),
        ("gone out --encode", "gone: no such file or folder"),
        ("in out --encode --tables gone.npz", "tables: gone.npz"),
    ],
)
def test_what_cannot_be_done_is_refused_on_one_line(line, message, run, here):
    status, out, err = run(f"{line} -j 1")
    assert (status, out) == (1, "")
    assert err.startswith("celpvq: ")
    assert err.count("\n") == 1
    assert message in err
    assert not list(here.rglob("*.cvq"))


def test_two_kinds_of_work_are_refused(run):
    status, _, err = run("in out --encode --decode")
    assert status == 2
    assert "not allowed with argument" in err


def test_a_bar_shows_the_seconds_of_sound_that_are_left(here, monkeypatch):
    (here / "in" / "a.wav").write_bytes(b"")
    main_end, terminal = pty.openpty()
    termios.tcsetwinsize(terminal, (24, 100))
    with os.fdopen(terminal, "w") as stderr:
        monkeypatch.setattr(sys, "stderr", stderr)
        assert main(["batch", "in", "out", "--encode", "-p", "fast", "-j", "1"]) == 1
    said = b""
    while b"times real time" not in said:
        said += os.read(main_end, 1 << 16)
    os.close(main_end)
    n_bytes = sum(path.stat().st_size for path in (here / "in").rglob("*.wav"))
    bars = re.findall(r"batch +(\d+)% \|.*?\| (\d+)/(\d+) s, ", said.decode())
    assert bars[0] == ("0", "0", f"{n_bytes / 32000:.0f}")  # a guess: 16 kHz, 16 bits
    assert "celpvq: a.wav: empty, expected a sound file" in said.decode()


def start(*options):
    return subprocess.Popen(
        [*CELPVQ, "batch", "in", "out", "--encode", "-p", "best", "-q", *options],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def wait_for_results(process, n):
    """Wait until a run has recorded n results; return whether it is still at work."""
    journal = os.path.join("out", "manifest.jsonl.part")
    while process.poll() is None:
        if os.path.exists(journal):
            with open(journal, "rb") as file:
                if file.read().count(b"\n") >= n:
                    return True
        time.sleep(0.005)
    return False


@pytest.mark.slow
@pytest.mark.parametrize("jobs", ["1", "2"])
@pytest.mark.parametrize("signal_name", ["SIGKILL", "SIGINT", "SIGTERM"])
def test_an_interrupted_run_goes_on_to_the_same_end(here, clips, signal_name, jobs):
    write_speech(here / "in", clips["flite-rms-en"], 60, seed=1)
    undisturbed = start("-j", "1")
    assert undisturbed.communicate() == ("", "")
    os.rename("out", "whole")
    process = start("-j", jobs)
    while not wait_for_results(process, 5):  # it was too fast
        assert process.communicate() == ("", "")
        shutil.rmtree("out")
        process = start("-j", jobs)
    process.send_signal(getattr(signal, signal_name))
    _, said = process.communicate()  # also its processes have left this pipe
    status = {"SIGKILL": -9, "SIGINT": 130, "SIGTERM": 143}[signal_name]
    assert process.returncode == status
    if signal_name == "SIGINT":
        assert said == "celpvq: --resume continues\ncelpvq: interrupted\n"
    if signal_name != "SIGKILL" or jobs != "1":
        assert not list((here / "out").rglob(".celpvq-*"))
    n_before = len((here / "out" / "manifest.jsonl.part").read_bytes().splitlines())
    assert 5 <= n_before < 60
    again = subprocess.run(
        [*CELPVQ, "batch", "in", "out", "--encode", "-p", "best", "-j", jobs, "--resume"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert f"{60 - n_before} of 60 files converted, {n_before} kept" in again.stderr
    assert tree(here / "out") == tree(here / "whole")
