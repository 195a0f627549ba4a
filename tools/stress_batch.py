"""Stress `celpvq batch` with many short files: kills, bad files, workers, memory, speed.

    python tools/stress_batch.py kills --files 1000 --runs 5   kill -9, --resume: the same bytes
    python tools/stress_batch.py failures --files 1000         bad files among good ones
    python tools/stress_batch.py workers --files 1000          1 process, 2 processes and Dask agree
    python tools/stress_batch.py memory --files 20000          peak memory, for a tenth and for all
    python tools/stress_batch.py speed --files 600 --runs 3    2 processes in comparison with 1

The files are pieces of the bundled clips, a half to one and a half seconds long. Each check prints
its figures and its seed. The exit status is 1 if a check fails; `speed` only measures.
"""

import argparse
import contextlib
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import options
import soundfile
from stress import bundled_speech

import celpvq

BATCH = [sys.executable, "-m", "celpvq", "batch"]
_RATE = 8000  # Hz


def write_files(folder: Path, n: int, seed: int) -> None:
    """Write n short WAV files into subfolders of 100."""
    x, rng = bundled_speech(), np.random.default_rng(seed)
    for k in range(n):
        length = int(rng.integers(_RATE // 2, 3 * _RATE // 2))
        start = int(rng.integers(0, len(x) - length))
        path = folder / f"{k // 100:04d}" / f"{k:06d}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, x[start : start + length], _RATE)


def command(folder: Path, out: str, *others: str) -> list[str]:
    """Return the command line of a run."""
    return [*BATCH, str(folder / "in"), str(folder / out), "--encode", "-p", "fast", *others]


def run(folder: Path, out: str, *others: str) -> tuple[int, str]:
    """Run a command line; return its exit status and its messages."""
    done = subprocess.run(
        command(folder, out, *others), text=True, capture_output=True, check=False
    )
    return done.returncode, done.stderr


def same(one: Path, other: Path) -> bool:
    """Return whether two folders hold the same files, to the byte."""
    names = [
        sorted(p.relative_to(f) for p in f.rglob("*") if p.is_file()) for f in (one, other)
    ]  # fmt: skip
    return names[0] == names[1] and all(
        (one / name).read_bytes() == (other / name).read_bytes() for name in names[0]
    )


def kills(folder: Path, args: argparse.Namespace) -> bool:
    """Kill runs at random moments, alone or with their processes, and resume them."""
    rng = np.random.default_rng(args.seed)
    ok = run(folder, "whole", "-j", "2", "-q")[0] == 0
    for number in range(args.runs):
        with_processes, n_least = bool(rng.integers(2)), int(rng.integers(args.files))
        process = subprocess.Popen(command(folder, "out", "-j", "2", "-q"), start_new_session=True)
        while process.poll() is None and _n_recorded(folder / "out") < n_least:
            time.sleep(0.001)
        time.sleep(float(rng.uniform(0, 0.1)))
        with contextlib.suppress(ProcessLookupError):
            (os.killpg if with_processes else os.kill)(process.pid, signal.SIGKILL)
        killed = process.wait() == -signal.SIGKILL
        n_before = _n_recorded(folder / "out")
        unfinished = len(list((folder / "out").rglob(".celpvq-*")))
        n_there = len(list((folder / "out").rglob("*.cvq")))
        status, said = run(folder, "out", "-j", "2", "--resume")
        counts = re.search(r"(\d+) of \d+ files converted(?:, (\d+) kept)?", said)
        agrees = status == 0 and same(folder / "out", folder / "whole")
        ok &= agrees
        print(
            f"kills: run {number}, {'all processes' if with_processes else 'the parent'}: killed"
            f" {killed}, {n_there} outputs, {n_before} recorded, {unfinished} unfinished; resumed:"
            f" {counts[0] if counts else said}, same {agrees}",
            flush=True,
        )
        shutil.rmtree(folder / "out")
    print(f"kills: {args.files} files, {args.runs} runs, seed {args.seed}: the same bytes {ok}")
    return ok


def _n_recorded(out: Path) -> int:
    """Return the number of results that a run has recorded; 0 before its start and at its end."""
    try:
        return (out / "manifest.jsonl.part").read_bytes().count(b"\n")
    except FileNotFoundError:
        return 0


def failures(folder: Path, args: argparse.Namespace) -> bool:
    """Add 3 corrupt files, an empty one and one that cannot be read; the others are done."""
    good = next((folder / "in").rglob("*.wav")).read_bytes()
    bad = {"a.wav": good[:-999], "b.flac": b"fLaC" + good[:99], "c.wav": good[4:], "d.wav": b""}
    for name, data in bad.items():
        (folder / "in" / name).write_bytes(data)
    (folder / "in" / "e.wav").symlink_to("nowhere")
    status, said = run(folder, "out", "-j", "2")
    *listed, summary = said.splitlines()
    n_lines = len((folder / "out" / "manifest.jsonl").read_bytes().splitlines())
    n_failed = len((folder / "out" / "failures.jsonl").read_bytes().splitlines())
    print(said, end="")
    print(
        f"failures: status {status}, {len(listed)} lines of failures, {n_failed} in failures.jsonl,"
        f" {n_lines} in manifest.jsonl"
    )
    return (status, len(listed), n_failed, n_lines) == (1, 5, 5, args.files) and bool(summary)


def workers(folder: Path, args: argparse.Namespace) -> bool:
    """Let 1 process, 2 processes and a Dask cluster do the same work, one of whose workers dies."""
    import distributed

    ok = run(folder, "one", "-j", "1", "-q")[0] == 0
    ok &= run(folder, "two", "-j", "2", "-q")[0] == 0
    with distributed.LocalCluster(
        2, threads_per_worker=1, dashboard_address=":0", silence_logs=50
    ) as local:
        with distributed.Client(local, set_as_default=False) as client:
            victim = next(iter(client.run(os.getpid).values()))
        process = subprocess.Popen(command(folder, "dask", "-q", "--dask", local.scheduler_address))
        journal = folder / "dask" / "manifest.jsonl.part"
        while process.poll() is None and not (journal.exists() and journal.stat().st_size):
            time.sleep(0.01)
        os.kill(victim, signal.SIGKILL)
        ok &= process.wait() == 0
    agree = [same(folder / "one", folder / other) for other in ("two", "dask")]
    listed = (folder / "one" / "manifest.jsonl").read_text().splitlines()[:100]
    rows = [json.loads(line) for line in listed]
    paths = [str(folder / "one" / row["audio_filepath"]) for row in rows]
    sums = subprocess.run(["sha256sum", *paths], text=True, capture_output=True, check=True).stdout
    hashes = [line.split()[0] for line in sums.splitlines()] == [row["sha256"] for row in rows]
    print(f"workers: {args.files} files: 2 processes as 1: {agree[0]}; Dask, with a worker killed,"
          f" as 1: {agree[1]}; sha256sum agrees: {hashes}")  # fmt: skip
    return ok and all(agree) and hashes


_MEASURED = """
import resource, sys
from celpvq.cli import main
status = main(sys.argv[1:])
print(status, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def memory(folder: Path, args: argparse.Namespace) -> bool:
    """Print the peak memory of the parent, for a tenth of the files and for all."""
    peaks = []
    (folder / "part").mkdir()
    for sub in sorted((folder / "in").iterdir())[: max(args.files // 1000, 1)]:
        (folder / "part" / sub.name).symlink_to(sub)
    for source in ("part", "in"):
        line = ["batch", str(folder / source), str(folder / f"out-{source}"), "--encode", "-q"]
        done = subprocess.run(
            [sys.executable, "-c", _MEASURED, *line, "-p", "fast", "-j", "2"],
            text=True, capture_output=True, check=True,
        )  # fmt: skip
        peaks.append(int(done.stdout.split()[-1]) / 1024)
        n = len((folder / f"out-{source}" / "manifest.jsonl").read_bytes().splitlines())
        print(f"memory: {n} files: status {done.stdout.split()[0]}, peak {peaks[-1]:.1f} MiB")
    return peaks[1] - peaks[0] < 1 + args.files * 100 / (1 << 20)


def speed(folder: Path, args: argparse.Namespace) -> bool:
    """Print time and processor time of 1 and of 2 processes, in turns; preset `default`."""
    walls: dict[int, list[float]] = {1: [], 2: []}
    cpus: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(args.runs):
        for jobs in (1, 2):
            before, start = _children_s(), time.perf_counter()
            status, _ = run(folder, "out", "-j", str(jobs), "-p", "default")
            walls[jobs].append(time.perf_counter() - start)
            cpus[jobs].append(_children_s() - before)
            shutil.rmtree(folder / "out")
            print(
                f"speed: -j {jobs}: status {status}, {walls[jobs][-1]:.1f} s,"
                f" {cpus[jobs][-1]:.1f} s of processor time",
                flush=True,
            )
    print(
        f"speed: {args.files} files, best of {args.runs}, with the start: 2 processes are"
        f" {min(walls[1]) / min(walls[2]):.2f} times as fast as 1, in"
        f" {min(cpus[2]) / min(cpus[1]):.2f} times its processor time"
    )
    return True


def _children_s() -> float:
    """Return the processor time of all processes that have ended [s]."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


CHECKS = {
    "kills": kills, "failures": failures, "workers": workers, "memory": memory, "speed": speed,
}  # fmt: skip


def main(argv: list[str] | None = None) -> int:
    """Run one of the checks."""
    parser = options.new_parser(__doc__)
    parser.add_argument("check", choices=CHECKS)
    parser.add_argument("--files", type=int, default=1000, help="number of files (default: 1000)")
    parser.add_argument("--runs", type=int, default=3, help="of kills and speed (default: 3)")
    parser.add_argument("--seed", type=int, default=1, help="seed of random numbers (default: 1)")
    args = parser.parse_args(argv)
    celpvq.warmup()
    with tempfile.TemporaryDirectory() as name:
        write_files(Path(name) / "in", args.files, args.seed)
        return 0 if CHECKS[args.check](Path(name), args) else 1


if __name__ == "__main__":
    sys.exit(main())
