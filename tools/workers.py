"""Pass sound through telephone lines in the worker processes of a data loader.

    python tools/workers.py --runs 100                   100 pools of 4 processes, by fork
    python tools/workers.py --runs 10 --method spawn
    python tools/workers.py --runs 100 --busy            while a thread of the parent codes
    python tools/workers.py --runs 1 --cold              with an empty cache: the workers compile

Each run starts a pool, codes signals in it, and compares the results with those of one process. A
run that takes longer than --limit seconds counts as hanging. The exit status is 1 if a run hangs or
if a result differs.
"""

import argparse
import contextlib
import multiprocessing
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
import options

from celpvq.augment import Choice, LogUniform, TelephoneLine, Uniform
from celpvq.augment.functions import augment_array

SAMPLERATE = 16000
LINE = TelephoneLine(
    mode=Choice([4800, 6400, 8000]), loss=Uniform(0, 0.2), ber=LogUniform(1e-4, 1e-2),
    dtx=Choice([True, False]), n_codings=Choice([1, 2]), low_hz=300, high_hz=3400,
)  # fmt: skip
code = partial(augment_array, line=LINE, samplerate=SAMPLERATE)


def signals(n: int, seed: int) -> list[np.ndarray[Any, Any]]:
    """Return short noises of different lengths."""
    rng = np.random.default_rng(seed)
    return [0.1 * rng.normal(size=500 + 100 * k).astype(np.float32) for k in range(n)]


def run(method: str, n_workers: int, x: list[Any], limit_s: float) -> list[Any] | None:
    """Return the results of a pool; None if it does not finish in time."""
    with multiprocessing.get_context(method).Pool(n_workers) as pool:
        try:
            return pool.map_async(code, x).get(limit_s)
        except multiprocessing.TimeoutError:
            return None


@contextlib.contextmanager
def busy_thread(x: list[Any]) -> Iterator[None]:
    """Code signals in a thread of this process meanwhile."""
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            for signal in x:
                code(signal)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def check(
    runs: int, *, method: str = "fork", n_workers: int = 4, limit_s: float = 1800.0,
    busy: bool = False, warm: bool = True, seed: int = 1,
) -> Counter[str]:  # fmt: skip
    """Return how many runs were right, wrong, or did not finish."""
    x = signals(4 * n_workers, seed)
    expected = list(map(code, x)) if warm else []
    results: Counter[str] = Counter(right=0)
    for _ in range(runs):
        with busy_thread(x) if busy else contextlib.nullcontext():
            got = run(method, n_workers, x, limit_s)
        if got is None:
            results["hanging"] += 1
            continue
        expected = expected or list(map(code, x))
        same = all(np.array_equal(a, b) for a, b in zip(expected, got, strict=True))
        results["right" if same else "wrong"] += 1
    return results


def main(argv: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = options.new_parser(__doc__)
    options.add_processes(parser, limit_s=1800.0)
    parser.add_argument(
        "--busy", action="store_true", help="a thread of the parent codes meanwhile"
    )
    parser.add_argument("--cold", action="store_true", help="start with an empty cache")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    args: argparse.Namespace = parser.parse_args(argv)
    if args.cold and not args.inside:  # the cache's folder is chosen when kernels are imported
        with tempfile.TemporaryDirectory() as folder:
            words = sys.argv[1:] if argv is None else argv
            command = [sys.executable, __file__, "--inside", *words]
            environment = os.environ | {"CELPVQ_CACHE": folder}
            return subprocess.run(command, check=False, env=environment).returncode
    start = time.perf_counter()
    results = check(
        args.runs, method=args.method, n_workers=args.workers, limit_s=args.limit, busy=args.busy,
        warm=not args.cold, seed=args.seed,
    )  # fmt: skip
    counts = ", ".join(f"{n} {what}" for what, n in results.items())
    cache = "an empty cache" if args.cold else "warm-up"
    print(
        f"{args.runs} pools of {args.workers} by {args.method} after {cache}"
        f"{', a thread busy' if args.busy else ''}: {counts}, {time.perf_counter() - start:.0f} s"
    )
    return 0 if results["right"] == args.runs else 1


if __name__ == "__main__":
    sys.exit(main())
