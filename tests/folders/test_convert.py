"""Runs over many files: what they write, what they survive, and what they refuse."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tracemalloc

import pytest
from batch_files import Copy, tree, write_all

from celpvq import ArgumentError, ArgumentTypeError, OutputError, OutputExistsError, folders
from celpvq.folders import TooManyFailures, check, convert

TEXTS = {f"{'ab'[k % 2]}/{k:02d}.in": f"text {k}" for k in range(30)}


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture
def source(tmp_path):
    return write_all(tmp_path / "in", TEXTS)


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


def test_each_file_has_an_output_and_a_line(source, out):
    seen = []
    report = convert(source, out, Copy(), seed=5, progress=lambda *now: seen.append(now))
    n_bytes = sum(map(len, TEXTS.values()))
    assert report == folders.Report(30, 30, 0, 0, pytest.approx(n_bytes / 1000), n_bytes)
    found = tree(out)
    assert {name for name in found if not name.endswith(".out")} == {"batch.json", "manifest.jsonl"}
    rows = lines(out / "manifest.jsonl")
    assert [row["source"] for row in rows] == sorted(TEXTS)
    for row in rows:
        text = TEXTS[row["source"]].encode()
        assert found[row["audio_filepath"]] == text
        assert row == {
            "audio_filepath": row["source"].replace(".in", ".out"),
            "duration": len(text) / 1000,
            "source": row["source"],
            "source_bytes": len(text),
            "samples": 8 * len(text),
            "sampling_rate": 8000,
            "mode": 6400,
            "bytes": len(text),
            "sha256": hashlib.sha256(text).hexdigest(),
            "seed": row["seed"],
        }
    assert len({row["seed"] for row in rows}) == 30
    done, total = zip(*seen, strict=True)
    assert list(done) == sorted(done)
    assert (done[0], done[-1], total[-1]) == (0, report.seconds, report.seconds)


@pytest.mark.skipif(not shutil.which("sha256sum"), reason="sha256sum is not installed")
def test_the_hashes_are_those_of_sha256sum(source, out):
    convert(source, out, Copy())
    for row in lines(out / "manifest.jsonl")[:3]:
        said = subprocess.check_output(["sha256sum", out / row["audio_filepath"]], text=True)
        assert said.split()[0] == row["sha256"]


def test_processes_write_the_same(source, out, tmp_path):
    write_all(source, {"a/03.in": "bad", "b/10.in": "note this"})
    convert(source, out, Copy())
    convert(source, tmp_path / "other", Copy(), jobs=2)
    assert tree(tmp_path / "other") == tree(out)
    assert any(row.get("note") == "noted" for row in lines(out / "manifest.jsonl"))


def test_failures_are_listed_and_survived(source, out):
    write_all(source, {"a/00.in": "bad", "b/01.in": "bug", "c.in": "bad too"})
    (source / "lost.in").symlink_to("nowhere")
    os.mkfifo(source / "pipe.in")
    (source / "shut.in").write_text("")
    (source / "shut.in").chmod(0)
    told = []
    report = convert(source, out, Copy(), on_failure=lambda *failure: told.append(failure))
    as_root = os.geteuid() == 0  # who can read everything
    shut = [] if as_root else [("shut.in", "Permission denied")]
    assert told == [
        ("a/00.in", "it is bad"),
        ("b/01.in", "internal error: ZeroDivisionError: a bug"),
        ("c.in", "it is bad"),
        ("lost.in", "No such file or directory"),
        ("pipe.in", "expected a file"),
        *shut,
    ]
    assert lines(out / "failures.jsonl") == [{"source": key, "error": text} for key, text in told]
    assert (report.n_failed, report.n_converted) == (len(told), 28 + as_root)
    assert len(lines(out / "manifest.jsonl")) == 28 + as_root
    failed = {key.replace(".in", ".out") for key, _ in told}
    assert not failed & set(tree(out))  # nor is a part of them there


def test_a_run_stops_when_too_many_files_fail(source, out):
    write_all(source, {f"a/{k:02d}.in": "bad" for k in range(0, 20, 2)})
    for limit, n_failed in ((0, 1), (3, 4), ("3", 4), ("10%", 4), ("0%", 1), (9, 10)):
        told = []
        with pytest.raises(TooManyFailures, match=rf"got {n_failed}; --resume continues"):
            convert(
                source, out, Copy(), max_failures=limit, overwrite=True,
                on_failure=lambda *failure, told=told: told.append(failure),
            )  # fmt: skip
        assert len(told) == n_failed
        assert (out / "manifest.jsonl.part").exists()
        assert not (out / "manifest.jsonl").exists()
    for limit in (10, "34%", "100%", None):
        assert convert(source, out, Copy(), max_failures=limit, resume=True).n_failed == 10


@pytest.mark.parametrize("limit", [-1, "-1", "101%", "x", "1.5", "%", "nan%"])
def test_a_limit_that_is_none_is_refused(limit, source, out):
    with pytest.raises(ArgumentError, match="max_failures: expected"):
        convert(source, out, Copy(), max_failures=limit)
    with pytest.raises(ArgumentTypeError, match="max_failures: expected"):
        convert(source, out, Copy(), max_failures=1.5)
    assert not out.exists()


def test_a_full_disk_ends_the_run(source, out):
    write_all(source, {"a/04.in": "full"})
    with pytest.raises(OutputError, match="no space; --resume continues"):
        convert(source, out, Copy())
    assert len(lines(out / "manifest.jsonl.part")) == 2
    write_all(source, {"a/04.in": "text 4"})
    report = convert(source, out, Copy(), resume=True)
    assert (report.n_converted, report.n_kept) == (28, 2)


def test_resume_keeps_what_still_holds(source, out, tmp_path):
    for how in ("sizes", "hashes"):
        write_all(source, TEXTS | {"a/08.in": "bad"})
        convert(source, out, Copy(), overwrite=True)
        write_all(source, {"a/08.in": "text 8", "a/10.in": "longer than before", "new.in": "new"})
        (source / "b" / "29.in").unlink()
        (out / "a" / "00.out").unlink()
        (out / "b" / "01.out").write_text("cut")
        (out / "b" / "03.out").write_text("text x")  # of the right size
        old = (out / "b" / "05.out").stat().st_mtime_ns
        report = convert(source, out, Copy(), resume=True, check=how)
        n_again = 5 + (how == "hashes")
        assert (report.n_files, report.n_converted, report.n_kept) == (30, n_again, 30 - n_again)
        assert (out / "b" / "05.out").stat().st_mtime_ns == old
        assert ((out / "b" / "03.out").read_text() == "text 3") is (how == "hashes")
        assert not (out / "failures.jsonl").exists()
        (source / "new.in").unlink()
    write_all(source, TEXTS)
    convert(source, out, Copy(), resume=True)
    convert(source, tmp_path / "fresh", Copy())
    assert tree(out).keys() - {"new.out"} == tree(tmp_path / "fresh").keys()
    assert tree(out)["manifest.jsonl"] == tree(tmp_path / "fresh")["manifest.jsonl"]


@pytest.mark.slow
def test_a_run_that_a_process_dies_in_goes_on(source, out, tmp_path):
    write_all(source, {"a/04.in": "die", "b/17.in": f"once {tmp_path / 'mark'}", "c.in": "die"})
    report = convert(source, out, Copy(), jobs=2)
    assert lines(out / "failures.jsonl") == [
        {"source": key, "error": "the process that converted it died"}
        for key in ("a/04.in", "c.in")
    ]
    assert (report.n_converted, report.n_failed) == (29, 2)
    assert sorted(tree(out)) == sorted(
        [*(k.replace(".in", ".out") for k in TEXTS if k != "a/04.in"), "batch.json",
         "manifest.jsonl", "failures.jsonl"]
    )  # fmt: skip


def test_existing_files_are_not_replaced_unasked(source, out):
    write_all(out, {"b/17.out": "mine", "other": "mine"})
    before = tree(out)
    with pytest.raises(OutputExistsError, match=r"b/17\.out: exists already; --force replaces"):
        convert(source, out, Copy())
    with pytest.raises(OutputExistsError, match=r"b/17\.out: exists already"):
        convert(source, out, Copy(), resume=True)  # there is nothing to resume
    assert tree(out) == before
    convert(source, out, Copy(), overwrite=True)
    assert tree(out)["b/17.out"] == b"text 17"
    assert tree(out)["other"] == b"mine"
    before = tree(out)
    with pytest.raises(OutputExistsError, match="has results of an earlier run"):
        convert(source, out, Copy())
    with pytest.raises(OutputExistsError, match=r"ending '\.out', got '\.new'"):
        convert(source, out, Copy(".new"), resume=True)
    assert tree(out) == before


def test_outputs_never_leave_the_folder(source, out, tmp_path):
    write_all(tmp_path / "outside", {"00.out": "mine"})
    out.mkdir()
    (out / "a").symlink_to(tmp_path / "outside")
    report = convert(source, out, Copy(), overwrite=True)
    assert (report.n_converted, report.n_failed) == (15, 15)
    assert "a link leads to" in lines(out / "failures.jsonl")[0]["error"]
    assert tree(tmp_path / "outside") == {"00.out": b"mine"}


def test_two_inputs_of_one_output_are_refused(source, out):
    write_all(source, {"a/02.other": "text"})
    for work in (Copy(), Copy(".x")):
        with pytest.raises(ArgumentError, match=r"a/02\.in and a/02\.other: .*--keep-endings"):
            convert(source, out, work, endings=[".in", ".other"])
    assert tree(out) == {}
    convert(source, out, Copy(), endings=[".in", ".other"], keep_endings=True)
    assert {"a/02.in.out", "a/02.other.out"} <= set(tree(out))
    with pytest.raises(ArgumentError, match=r"a/02\.in: expected each input once"):
        convert(["a/02.in", "./a/02.in"], out, Copy(), root=source, overwrite=True)


def test_inputs_and_outputs_lie_apart(source, out):
    for folder in (source, source / "coded", source.parent):
        with pytest.raises(ArgumentError, match="out: expected a folder apart from"):
            convert(source, folder, Copy())
    report = convert(["a/00.in"], source, Copy(".in"), root=source, overwrite=True)
    assert report.n_failed == 1
    assert lines(source / "failures.jsonl")[0]["error"] == "is the input itself"
    assert (source / "a" / "00.in").read_text() == "text 0"


def test_a_link_to_the_outputs_does_not_make_them_inputs(source, out):
    (source / "out").symlink_to(out)
    (source / "above").symlink_to(source.parent)
    for options in ({}, {"resume": True}):
        report = convert(source, out, Copy(".in"), **options)
        assert (report.n_files, report.n_failed) == (30, 0)
    assert list(check(source, out, "hashes")) == []


def test_a_manifest_keeps_its_columns(source, out, tmp_path):
    rows = [
        {"audio_filepath": "b/01.in", "duration": 3.5, "text": "wörd", "seed": "old"},
        {"audio_filepath": "a/00.in", "speaker": 7},
    ]
    manifest = write_all(source, {"m.jsonl": "\n".join(map(json.dumps, rows))}) / "m.jsonl"
    seen = []
    convert(manifest, out, Copy(), progress=lambda *now: seen.append(now))
    one, two = lines(out / "manifest.jsonl")
    assert (one["source"], one["text"], one["duration"]) == ("b/01.in", "wörd", 0.006)
    assert one["seed"] != "old"
    assert list(two)[-1] == "speaker"
    assert seen[0][1] == pytest.approx(3.5 + 6 / 32000)
    rows[1]["speaker"] = 8
    manifest.write_text("\n".join(map(json.dumps, rows)))
    report = convert(manifest, out, Copy(), resume=True)
    assert (report.n_kept, report.n_converted) == (2, 0)
    assert lines(out / "manifest.jsonl")[1] == two | {"speaker": 8}
    # the new manifest is the input of the next run
    convert(out / "manifest.jsonl", tmp_path / "next", Copy(".next"))
    assert (tmp_path / "next" / "b" / "01.next").read_text() == "text 1"
    assert lines(tmp_path / "next" / "manifest.jsonl")[0]["text"] == "wörd"


def test_a_wav_scp_gets_a_new_one(source, out, tmp_path, monkeypatch):
    monkeypatch.chdir(source)
    (source / "wav.scp").write_text("u2 b/01.in\nu.1 a/00.in\nu3 gone.in\n")
    convert("wav.scp", out, Copy())
    assert (out / "wav.scp").read_text() == f"u2 {out}/u2.out\nu.1 {out}/u.1.out\n"
    assert (out / "u.1.out").read_text() == "text 0"
    assert lines(out / "failures.jsonl")[0]["source"] == "u3"


def test_check_finds_what_does_not_agree(source, out):
    with pytest.raises(ArgumentError, match="expected the results of a run, got none"):
        check(source, out)
    write_all(source, {"a/00.in": "bad"})
    convert(source, out, Copy())
    assert list(check(source, out, "hashes")) == [("a/00.in", "failed: it is bad")]
    before = tree(out)
    os.truncate(out / "b" / "01.out", 5)
    (out / "a" / "02.out").unlink()
    (out / "b" / "03.out").write_text("text x")
    write_all(source, {"new.in": ""})
    faults = [
        ("a/00.in", "failed: it is bad"),
        ("a/02.in", "a/02.out: No such file or directory"),
        ("b/01.in", "b/01.out: expected 6 bytes, got 5"),
        ("new.in", "no result yet"),
    ]
    assert list(check(source, out)) == faults
    digests = [hashlib.sha256(text).hexdigest() for text in (b"text 3", b"text x")]
    faults.insert(3, ("b/03.in", f"b/03.out: expected SHA-256 {digests[0]}, got {digests[1]}"))
    assert list(check(source, out, "hashes")) == faults
    assert tree(out).keys() == before.keys() - {"a/02.out"}
    with pytest.raises(ArgumentError, match="check: expected one of sizes, hashes, got 'all'"):
        check(source, out, "all")


def test_check_looks_at_a_run_that_is_not_finished(source, out):
    write_all(source, {"a/02.in": "bad", "b/01.in": "full"})
    with pytest.raises(OutputError):
        convert(source, out, Copy())
    faults = dict(check(source, out))
    assert faults.pop("a/02.in") == "failed: it is bad"
    assert set(faults.values()) == {"no result yet"}
    assert len(faults) == 15


def test_bad_arguments_are_refused_and_nothing_is_written(source, out, tmp_path):
    for options, error, message in (
        ({"jobs": 0}, ArgumentError, "jobs: expected at least 1"),
        ({"jobs": "2"}, ArgumentTypeError, "jobs: expected an int"),
        ({"seed": 1.5}, ArgumentTypeError, "seed: expected an int"),
        ({"check": "all"}, ArgumentError, "check: expected one of"),
        ({"resume": True, "overwrite": True}, ArgumentError, "resume: expected no overwrite"),
        ({"work": "encode"}, ArgumentTypeError, "work: expected Encode, Decode or Roundtrip"),
        ({"root": tmp_path}, ArgumentError, "root: expected a list"),
        ({"source": tmp_path / "none"}, ArgumentError, "no such file or folder"),
    ):
        arguments = {"source": source, "work": Copy()} | options
        with pytest.raises(error, match=message):
            convert(out=out, **arguments)
        assert not out.exists()
    with pytest.raises(ArgumentError, match=r"expected files with the ending \.none, got none"):
        convert(source, out, Copy(), endings=[".none"])
    assert tree(out) == {}
    (tmp_path / "file").touch()
    with pytest.raises(OutputExistsError, match="out: expected a folder"):
        convert(source, tmp_path / "file", Copy())


@pytest.mark.slow
def test_memory_does_not_grow_with_the_number_of_files(tmp_path):
    for n in (200, 2200):
        write_all(tmp_path / f"{n}", {f"{k // 50:04d}/{k:05d}.in": "x" for k in range(n)})
    peaks = []
    for n in (200, 200, 2200):  # the first time, what stays is loaded
        tracemalloc.start()
        convert(tmp_path / f"{n}", tmp_path / "out", Copy(), overwrite=True)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[2] < peaks[1] + 2000 * 100


KILLED = """
import sys
from batch_files import Copy
from celpvq.folders import convert
convert(sys.argv[1], sys.argv[2], Copy(), jobs=2)
"""


@pytest.mark.slow
def test_processes_end_with_their_parent_and_leave_nothing(source, out):
    write_all(source, dict.fromkeys(TEXTS, "wait 0.2"))
    parent = subprocess.Popen(
        [sys.executable, "-c", KILLED, source, out], stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    journal = out / "manifest.jsonl.part"
    while not (journal.exists() and len(journal.read_bytes().splitlines()) > 1):
        assert parent.poll() is None
    parent.kill()
    parent.communicate()  # the processes have this pipe too: its end is theirs
    assert [name for name in tree(out) if name.startswith(".celpvq") or "/.celpvq" in name] == []
    before = len(journal.read_bytes().splitlines())
    report = convert(source, out, Copy(), resume=True)
    assert report.n_kept == before
    assert report.n_files == 30
