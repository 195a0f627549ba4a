"""Feed damaged files to a parser for some time, and keep each input that it should not fail on.

    python tools/fuzz container --minutes 10            a seed of its own, which it prints
    python tools/fuzz sound --minutes 10 --seed 7       the same inputs again

Inputs are small valid files with a few changes, drawn by hypothesis, which also makes each finding
as short as it can. An exception that the parser does not document is a finding, and so are a crash
of the interpreter, an input that takes longer than 10 s and one that wants gigabytes of memory.
Findings go into --keep, one file each. The exit status is 1 if there is any.
"""

import argparse
import faulthandler
import os
import resource
import secrets
import signal
import subprocess
import sys
import time
import traceback
import warnings
from pathlib import Path

EXAMPLES = 1000  # inputs of a round
LIMIT_S = 10  # for an input
HANG_S = 120  # without a new input: code in C does not return
MEMORY = 4 << 30  # bytes of address space


class TooSlow(Exception):
    """An input took too long."""


def _too_slow(*_: object) -> None:
    raise TooSlow(f"no result after {LIMIT_S} s")


def work(name: str, seed: int, end: float, keep: Path) -> int:
    """Run rounds until the time is over; return how many findings there were."""
    import hypothesis
    from mutations import mutated
    from parsers import PARSERS

    parser = PARSERS[name]
    corpus = parser.corpus()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    warnings.simplefilter("ignore")
    signal.signal(signal.SIGALRM, _too_slow)
    last = keep / f"{name}-last.bin"
    findings, n = set(), 0

    def check(data: bytes) -> None:
        nonlocal n
        n += 1
        last.write_bytes(data)
        signal.alarm(LIMIT_S)
        try:
            parser.read(data)
        except parser.errors:
            pass
        finally:
            signal.alarm(0)

    options = {
        "max_examples": EXAMPLES, "deadline": None, "database": None,
        "suppress_health_check": list(hypothesis.HealthCheck), "print_blob": False,
    }  # fmt: skip
    while time.time() < end:
        test = hypothesis.given(mutated(corpus, parser.repair))(check)
        try:
            hypothesis.seed(seed)(hypothesis.settings(**options)(test))()
        except Exception as error:  # hypothesis ends with the shortest input, which is in `last`
            frame = traceback.extract_tb(error.__traceback__)[-1]
            place = f"{type(error).__name__} {Path(frame.filename).name}:{frame.lineno}"
            if place not in findings:
                findings.add(place)
                path = keep / f"{name}-{seed}.bin"
                path.write_bytes(last.read_bytes())
                print(f"{name}: {place}: {error} ({path})", flush=True)
        seed += 1
    print(f"{name}: {n} inputs, {len(findings)} findings", flush=True)
    return len(findings)


def supervise(args: argparse.Namespace) -> int:
    """Start workers until the time is over; a worker that crashes or hangs is a finding."""
    seed = secrets.randbits(32) if args.seed is None else args.seed
    args.keep.mkdir(parents=True, exist_ok=True)
    last = args.keep / f"{args.parser}-last.bin"
    start = time.time()
    end = start + 60 * args.minutes
    print(f"{args.parser}: seed {seed}, {args.minutes:g} minutes", flush=True)
    found = 0
    while time.time() < end:
        command = [sys.executable, __file__, args.parser, "--keep", str(args.keep)]
        worker = subprocess.Popen([*command, "--seed", str(seed), "--until", str(end)])
        hung = False
        while worker.poll() is None:
            time.sleep(1)
            if last.exists() and time.time() - max(last.stat().st_mtime, start) > HANG_S:
                worker.kill()
                hung = True
        if worker.returncode in (0, 1):
            found += worker.returncode
            continue
        found += 1
        path = args.keep / f"{args.parser}-{seed}-{'hang' if hung else 'crash'}.bin"
        path.write_bytes(last.read_bytes() if last.exists() else b"")
        print(f"{args.parser}: worker ended with {worker.returncode} ({path})", flush=True)
        seed += 1_000_000
    print(f"{args.parser}: {(time.time() - start) / 60:.1f} minutes, {found} workers with findings")
    return 1 if found else 0


def main() -> int:
    """Run from the command line; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "parser",
        choices=["sound", "container", "tables", "payload", "rtp", "sdp", "messages", "g192"],
    )
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--keep", type=Path, default=Path("findings"), metavar="FOLDER")
    parser.add_argument("--until", type=float, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.until is None:
        return supervise(args)
    faulthandler.enable()
    return 1 if work(args.parser, args.seed, args.until, args.keep) else 0


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    sys.exit(main())
