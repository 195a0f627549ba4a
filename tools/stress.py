"""Stress the codec as a machine does: killed processes, full disks, many threads, hours of sound.

    python tools/stress.py kills --runs 1000      encoders that are killed, or lose disk or pipe
    python tools/stress.py processes --runs 32    processes that all start with an empty cache
    python tools/stress.py threads --runs 64      encoders and decoders on as many threads
    python tools/stress.py long --hours 3         a long file: peak memory, completeness

Each check prints its counts and its seed. The exit status is 1 if a check fails.
"""

import argparse
import hashlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import options
import soundfile

import celpvq
from celpvq._types import F64
from celpvq.lab.clips import clip_paths, read_clip

CELPVQ = [sys.executable, "-m", "celpvq"]
MEASURED = """
import resource, sys
from celpvq.cli import main
status = main(sys.argv[1:])
print(status, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def bundled_speech() -> F64:
    """Return the bundled clips, one after the other."""
    return np.concatenate([read_clip(path) for path in clip_paths()])


def kills(runs: int, seed: int) -> bool:
    """End encoders at random moments; a target is absent or complete, and nothing else is left."""
    rng = np.random.default_rng(seed)
    found: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        soundfile.write(folder / "in.wav", np.tile(bundled_speech(), 3), 8000)
        for _ in range(runs):
            how = str(rng.choice(["SIGKILL", "SIGINT", "SIGTERM", "disk full", "closed pipe"]))
            found[_end(how, folder, rng.uniform(0.3, 2.0))] += 1
            for path in folder.glob("*.cvq"):
                path.unlink()
            for path in folder.glob(".celpvq*"):
                if how != "SIGKILL":
                    found["unfinished file left"] += 1
                path.unlink()
    print(f"kills: {runs} runs, seed {seed}: " + ", ".join(f"{n} {k}" for k, n in found.items()))
    return not set(found) & {"damaged", "status 0", "traceback", "unfinished file left"}


def _end(how: str, folder: Path, after_s: float) -> str:
    """End one encoder, and return what became of its target."""
    out = folder / "out.cvq"
    command = [*CELPVQ, "encode", "-q", "-p", "best", str(folder / "in.wav")]
    if how == "disk full":
        command += ["/dev/full", "--force"]
    elif how == "closed pipe":
        command += ["-"]
    else:
        command += [str(out)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=os.environ
    )
    assert process.stdout is not None
    if how == "closed pipe":
        process.stdout.close()
        process.stdout = None
    elif how.startswith("SIG"):
        time.sleep(after_s)
        process.send_signal(signal.Signals[how])
    _, said = process.communicate()
    if b"Traceback" in said:  # Python prints one if it is interrupted while it starts
        return "traceback" if b"celpvq" in said else "interrupted before the start"
    if out.exists():
        return "complete" if celpvq.info(out).whole else "damaged"
    return "status 0" if process.returncode == 0 else "absent"


def processes(runs: int, seed: int) -> bool:
    """Start processes at once with an empty cache; all write the same bytes."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        soundfile.write(folder / "in.wav", bundled_speech()[:16000], 8000)
        environ = os.environ | {"CELPVQ_CACHE": str(folder / "cache")}
        started = [
            subprocess.Popen(
                [*CELPVQ, "encode", "-q", str(folder / "in.wav"), str(folder / f"{k}.cvq")],
                env=environ,
            )
            for k in range(runs)
        ]  # fmt: skip
        statuses = Counter(process.wait() for process in started)
        files = folder.glob("*.cvq")
        hashes = {hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    print(
        f"processes: {runs} at once, seed {seed}: statuses {dict(statuses)}, {len(hashes)} results"
    )
    return set(statuses) == {0} and len(hashes) == 1


def threads(runs: int, seed: int) -> bool:
    """Encode and decode on many threads, and in a child after a fork; all results are the same."""
    x = bundled_speech()[:80_000]
    data = celpvq.encode(x, 8000, preset="fast")
    sound = celpvq.decode(data)[0]
    with ThreadPoolExecutor(runs) as pool:
        start, cpu = time.perf_counter(), time.process_time()
        encoded = list(pool.map(lambda _: celpvq.encode(x, 8000, preset="fast"), range(runs)))
        cores = (time.process_time() - cpu) / (time.perf_counter() - start)
        decoded = list(pool.map(lambda _: celpvq.decode(data)[0], range(runs)))
    same = all(e == data for e in encoded) and all(np.array_equal(d, sound) for d in decoded)
    child = os.fork()
    if child == 0:
        os._exit(celpvq.encode(x, 8000, preset="fast") != data)
    forked = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    print(f"threads: {runs}, seed {seed}: same results {same}, after a fork {forked},"
          f" {cores:.2f} cores in use")  # fmt: skip
    return same and forked


def long(hours: float, seed: int) -> bool:
    """Encode and decode a file of hours at 16 kHz; print the peak memory of each process."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        block, n = np.repeat(bundled_speech(), 2), 0
        with soundfile.SoundFile(folder / "in.wav", "w", 16000, 1, "PCM_16") as file:
            while n < hours * 3600 * 16000:
                file.write(block)
                n += len(block)
        ok = True
        steps = (
            ["encode", "-q", "-p", "fast", "in.wav", "a.cvq"],
            ["decode", "-q", "a.cvq", "b.wav"],
        )
        for arguments in steps:
            run = subprocess.run(
                [sys.executable, "-c", MEASURED, *arguments], cwd=folder, capture_output=True,
                text=True, check=False,
            )  # fmt: skip
            status, mib = run.stdout.split()
            print(f"long: {arguments[0]}, {hours:g} h at 16 kHz: status {status}, peak {mib} MiB")
            ok &= status == "0"
        n_out = soundfile.info(folder / "b.wav").frames
        print(f"long: {n} samples in at 16 kHz, {n_out} out at 8 kHz, seed {seed}")
        return ok and n_out == round(n / 2)


def main(argv: list[str] | None = None) -> int:
    """Run one of the checks."""
    parser = options.new_parser(__doc__)
    parser.add_argument("check", choices=["kills", "processes", "threads", "long"])
    parser.add_argument("--runs", type=int, default=64, help="number of runs (default: 64)")
    parser.add_argument("--hours", type=float, default=3.0, help="of `long` (default: 3)")
    parser.add_argument("--seed", type=int, default=1, help="seed of random numbers (default: 1)")
    args: argparse.Namespace = parser.parse_args(argv)
    celpvq.warmup()
    if args.check == "long":
        ok = long(args.hours, args.seed)
    else:
        ok = {"kills": kills, "processes": processes, "threads": threads}[args.check](
            args.runs, args.seed
        )
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
