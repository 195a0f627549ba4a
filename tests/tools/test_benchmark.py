"""The benchmark on three seconds of speech, section by section; its times are not checked."""

import re

import benchmark
import numpy as np
import pytest
from speed import files, processes, stages, timing

import celpvq
from celpvq.lab.contenders import Coded


class Instant:
    """A codec with given times: 100 times real time to encode, 400 to decode."""

    name = "Instant 6.7"
    kbps = 6.7

    def code(self, samples):
        seconds = len(samples) / 8000
        return Coded(samples, self.kbps, seconds / 100, seconds / 400)


@pytest.fixture
def run(capsys, monkeypatch):
    """Run sections on the bundled clips, with one other codec; return the tables' cells."""
    monkeypatch.delenv("CELPVQ_SPEECH", raising=False)
    monkeypatch.setattr(timing, "N_RUNS", 1)
    monkeypatch.setattr(files.registry, "installed", lambda *_: ([Instant()], {"g729": "lib"}))

    def run(*sections):
        assert benchmark.main(["--seconds", "3", "--only", *sections]) == 0
        text = capsys.readouterr().out
        assert "3 s of the bundled clips" in text
        lines = [line for line in text.splitlines() if line.startswith("| ")]
        rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
        return text, [row for row in rows if row[0] != "---"]

    return run


def test_throughput_is_compared_with_amr_in_the_same_run(run):
    _, rows = run("throughput")
    head, *speeds, ratio_head, ratios = rows
    assert head == ["bit/s", "encode fast", "encode default", "encode best", "decode"]
    assert [row[0] for row in speeds] == [mode.name for mode in celpvq.modes()]
    assert ratio_head[:2] == ["bit/s", "AMR-NB [kbit/s]"]
    assert ratios[:2] == ["6400", "6.7"]
    own = [float(cell.split()[0]) for cell in speeds[2][1:]]
    for speed, ratio, other in zip(own, ratios[2:], [100, 100, 100, 400], strict=True):
        assert float(ratio) == pytest.approx(speed / other, abs=0.5 / other + 0.006)


def test_other_codecs_are_listed_and_missing_ones_named(run):
    text, rows = run("peers")
    assert rows[1] == ["Instant 6.7", "100", "400"]
    assert "left out: g729 needs lib" in text


def test_frame_calls_are_timed_for_each_mode(run):
    _, rows = run("frames")
    assert [row[:2] for row in rows[1:]] == [
        [mode.name, side] for mode in celpvq.modes() for side in ("encode", "decode")
    ]
    assert all(float(row[2]) >= 0 and float(row[5]) >= 0 for row in rows[1:])


def test_lines_are_timed_at_each_sampling_rate(run):
    _, rows = run("augment")
    speeds, ratios = rows[:4], rows[4:]
    assert [row[0] for row in rows] == ["Hz", "8000", "16000", "48000"] * 2
    assert [len(row) for row in speeds] == [6] * 4
    assert all(float(cell) > 0 for row in speeds[1:] + ratios[1:] for cell in row[1:])


def test_every_stage_is_timed(run):
    _, rows = run("stages")
    names = [row[0] for row in rows if row[0] != "stage"]
    assert len(names) == 7 * len(celpvq.modes())
    assert len(set(names)) == 7


def test_stages_do_what_they_say(clips):
    mode = celpvq.modes()[-1]
    cases = stages.cases(mode, clips["flite-slt-en"])
    assert all(n > 1000 for _, n in cases.values())
    for action, _ in cases.values():
        action()


def test_the_spectral_distortion_falls_with_the_bits(run):
    _, rows = run("spectrum")
    assert [row[1] for row in rows[1:]] == ["20", "20", "22", "22", "24"]
    means = [float(row[2]) for row in rows[1:]]
    assert 0.5 < means[4] < means[2] < means[0] < 2
    assert (means[0], means[2]) == (means[1], means[3])


@pytest.mark.slow
def test_threads_memory_and_single_clips_are_measured(run):
    text, rows = run("threads", "memory", "clips")
    assert [row[0] for row in rows[1:3]] == ["encode_batch", "decode_batch"]
    assert 10 < float(re.search(r"decoder: (\d+) KiB", text)[1]) < 1000
    assert len(rows) == 3 + 1 + 8
    assert rows[4][-1] == "100"


def test_starting_is_timed_in_new_and_old_environments(run, monkeypatch):
    started = []

    def child(code, **env):
        started.append((code, env))
        return 2.0, 100.0

    monkeypatch.setattr(processes, "child", child)
    _, rows = run("start")
    assert len(rows) == 1 + 1 + 2 * 2 + 2
    caches = {env["CELPVQ_CACHE"] for _, env in started if env}
    assert len(caches) == 2
    assert rows[2][1:] == ["2.00", "100"]


def test_a_child_process_reports_its_peak_memory_and_its_failure():
    wall, peak = processes.child("print(open('/proc/self/status').read())")
    assert wall > 0
    assert 1 < peak < 1000
    assert np.isnan(processes.child("pass")[1])
    with pytest.raises(SystemExit, match="exit status 3"):
        processes.child("import sys; sys.exit(3)")
    assert "status = main(['info', 'x.cvq'])" in processes.command("info", "x.cvq")
