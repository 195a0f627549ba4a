"""Let processes meet at an empty cache: one compiles a kernel, the others wait and load it.

    python tools/compile_once.py --runs 100                    4 processes by fork
    python tools/compile_once.py --runs 100 --method spawn
    python tools/compile_once.py --runs 100 --kill             the first one is killed at work

In each run, processes call a kernel at the same time, first with an empty cache and then with the
cache that they have left. The kernel is a small one, which compiles in a moment, but its cache and
its locks are those of the codec's kernels. A process that takes longer than --limit seconds counts
as hanging. The exit status is 1 if one hangs or has a wrong result, if there is not one compilation
in a run, or if there is one with a full cache.
"""

import importlib.util
import multiprocessing
import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

LOADED, COMPILED, WRONG = 10, 11, 12  # exit statuses of a worker
_KERNEL = """
from celpvq._numba import strict


@strict
def kernel(n, step):
    total = 0.0
    for i in range(n):
        total += step * i
    return total
"""


def load(path: Path) -> Any:
    """Return the kernel of a file, with the cache in the folder of the file."""
    from celpvq._numba import folders

    folders.CACHE_DIR = path.parent / "cache"
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module  # a kernel is loaded together with its module
    spec.loader.exec_module(module)
    return module.kernel


def work(path: Path, connection: Any) -> None:
    """Call the kernel when the parent says so; the exit status tells what happened."""
    kernel = load(path)
    connection.send("ready")
    connection.recv()
    right = kernel(5, 0.5) == 5.0
    n_compiled = sum(kernel.stats.cache_misses.values())
    os._exit((COMPILED if n_compiled else LOADED) if right else WRONG)


def run(path: Path, method: str, n: int, limit_s: float, kill_s: float | None) -> list[int | None]:
    """Return the exit statuses of processes that meet at a cache; None for one that hangs.

    With `kill_s`, the first one begins alone, and is killed so many seconds after the others.
    """
    context = multiprocessing.get_context(method)
    pipes = [context.Pipe() for _ in range(n)]
    processes = [context.Process(target=work, args=(path, theirs)) for _, theirs in pipes]
    for process in processes:
        process.start()
    for ours, _ in pipes:
        ours.recv()
    for number, (ours, _) in enumerate(pipes):
        ours.send("go")
        if number == 0 and kill_s is not None:
            time.sleep(kill_s)
    if kill_s is not None:
        time.sleep(kill_s)
        processes[0].kill()
    end = time.monotonic() + limit_s
    statuses: list[int | None] = []
    for process in processes:
        process.join(max(end - time.monotonic(), 0))
        statuses.append(process.exitcode)
        if process.exitcode is None:
            process.kill()
            process.join()
    return statuses


def check(
    runs: int, *, method: str, n_workers: int, limit_s: float, kill: bool, seed: int
) -> tuple[Counter[str], Counter[str]]:
    """Return how the processes of all runs ended, with an empty and with a full cache."""
    rng = np.random.default_rng(seed)
    if method == "fork":  # as in a program that has used the codec before its workers start
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "kernel_of_parent.py"
            path.write_text(_KERNEL)
            load(path)(1, 1.0)
    names = {LOADED: "loaded", COMPILED: "compiled", WRONG: "wrong", None: "hanging", -9: "killed"}
    cold: Counter[str] = Counter(compiled=0)
    warm: Counter[str] = Counter(compiled=0)
    for number in range(runs):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"kernel_{number}.py"
            path.write_text(_KERNEL)
            kill_s = rng.uniform(0, 0.15) if kill else None
            for counts, delay in ((cold, kill_s), (warm, None)):
                for status in run(path, method, n_workers, limit_s, delay):
                    counts[names.get(status, "wrong")] += 1
    return cold, warm


def main(argv: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    import options

    parser = options.new_parser(__doc__)
    options.add_processes(parser, limit_s=300.0)
    parser.add_argument("--kill", action="store_true", help="kill the first process at work")
    args = parser.parse_args(argv)
    cold, warm = check(
        args.runs, method=args.method, n_workers=args.workers, limit_s=args.limit, kill=args.kill,
        seed=args.seed,
    )  # fmt: skip
    for title, counts in (("empty", cold), ("full", warm)):
        said = ", ".join(f"{n} {what}" for what, n in counts.items())
        print(f"{args.runs} x {args.workers} processes by {args.method}, {title} cache: {said}")
    failed = any(counts[what] for counts in (cold, warm) for what in ("wrong", "hanging"))
    n_least = args.runs if not args.kill else args.runs - cold["killed"]
    right = n_least <= cold["compiled"] <= args.runs and not warm["compiled"]
    return 0 if right and not failed else 1


if __name__ == "__main__":
    sys.exit(main())
