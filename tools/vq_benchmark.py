"""Compare the speed of codebook design and search with scikit-learn's k-means and faiss.

    python tools/vq_benchmark.py
    python tools/vq_benchmark.py --threads 2 --vectors 100000

Packages that are not installed are left out. Each measurement has its own process, with the same
Gaussian vectors in single precision and the same initial codebook. The time of an iteration is a
third of the difference between designs of four iterations and of one; compilation and imports are
excluded. Times are processor time over all threads, the best of three. Memory is the peak of the
process minus its memory after loading the vectors.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import options

from celpvq.lab.tabular import markdown

PACKAGES = {"celpvq": "celpvq", "scikit-learn": "sklearn", "faiss": "faiss"}
TASKS = ("design", "search")
N_RUNS = 3

Tasks = tuple[Callable[[int], object], Callable[[], object]]


def celpvq(X: Any, start: Any, threads: int) -> Tasks:
    """Return a design of some iterations and a search, by celpvq."""
    from celpvq.vq import LBG, nearest

    def design(n_iter: int) -> object:
        return LBG(len(start), init=start, tol=0, max_iter=n_iter, n_threads=threads).fit(X)

    return design, lambda: nearest(X, start, n_threads=threads)


def scikit_learn(X: Any, start: Any, threads: int) -> Tasks:
    """Return a design of some iterations and a search, by scikit-learn."""
    from sklearn.cluster import KMeans
    from sklearn.metrics import pairwise_distances_argmin_min

    def design(n_iter: int) -> object:
        # a tolerance of 0 would compare all labels after each iteration
        return KMeans(len(start), init=start, n_init=1, tol=1e-30, max_iter=n_iter).fit(X)

    return design, lambda: pairwise_distances_argmin_min(X, start)


def faiss(X: Any, start: Any, threads: int) -> Tasks:
    """Return a design of some iterations and a search, by faiss."""
    import faiss

    faiss.omp_set_num_threads(threads)
    index = faiss.IndexFlatL2(X.shape[1])
    index.add(start)

    def design(n_iter: int) -> object:
        means = faiss.Kmeans(X.shape[1], len(start), niter=n_iter, max_points_per_centroid=len(X))
        return means.train(X, init_centroids=start)

    return design, lambda: index.search(X, 1)


def memory_mb(field: str) -> float:
    """Return a field of the status of this process."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field)) / 1024


def cpu_s(work: Callable[[], object]) -> float:
    """Return the least processor time of some runs."""
    times = []
    for _ in range(N_RUNS):
        begin = time.process_time()
        work()
        times.append(time.process_time() - begin)
    return min(times)


def measure(package: str, task: str, path: str, n_codewords: int, threads: int) -> None:
    """Print processor time and memory of one of the tasks, as JSON."""
    warnings.simplefilter("ignore")  # about designs that do not converge
    X = np.load(path)
    start = X[:n_codewords].copy()
    make = {"celpvq": celpvq, "scikit-learn": scikit_learn, "faiss": faiss}[package]
    for work in make(X[: 4 * n_codewords], start, threads):  # imports and compiles
        work(1) if work.__code__.co_argcount else work()  # type: ignore[attr-defined]
    design, search = make(X, start, threads)
    Path("/proc/self/clear_refs").write_text("5")  # resets the peak
    before = memory_mb("VmRSS:")
    if task == "design":
        seconds = (cpu_s(lambda: design(4)) - cpu_s(lambda: design(1))) / 3
    else:
        seconds = cpu_s(search)
    print(json.dumps([seconds, memory_mb("VmHWM:") - before]))


def table(args: argparse.Namespace) -> str:
    """Return a Markdown table of all installed packages."""
    env = os.environ | {
        f"{library}_NUM_THREADS": str(args.threads) for library in ("OMP", "OPENBLAS", "NUMBA")
    }
    sizes = {"design": args.vectors, "search": 2 * args.vectors}
    head, rows = ["package"], []
    for task in TASKS:
        head += [f"{task}, {sizes[task]} vectors [s]", "memory [MB]"]
    with tempfile.TemporaryDirectory() as folder:
        rng = np.random.default_rng(1)
        for task in TASKS:
            X = rng.standard_normal((sizes[task], args.dimension), np.float32)
            np.save(Path(folder, f"{task}.npy"), X)
        for package, module in PACKAGES.items():
            if find_spec(module) is None:
                continue
            cells = []
            for task in TASKS:
                run = subprocess.run(
                    [sys.executable, __file__, "--measure", package, task, f"{folder}/{task}.npy",
                     "--codewords", str(args.codewords), "--threads", str(args.threads)],
                    env=env, check=True, capture_output=True, text=True,
                )  # fmt: skip
                seconds, megabytes = json.loads(run.stdout.splitlines()[-1])
                cells += [f"{seconds:.2f}", f"{megabytes:.0f}"]
            rows.append([package, *cells])
    return markdown(head, rows)


def main(argv: list[str] | None = None) -> None:
    """Measure all packages and tasks; with ``--measure``, one of them in this process."""
    parser = options.new_parser(__doc__)
    parser.add_argument("--vectors", type=int, default=500_000, help="in a design (search: twice)")
    parser.add_argument("--dimension", type=int, default=10)
    parser.add_argument("--codewords", type=int, default=1024)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--measure", nargs=3, help=argparse.SUPPRESS)
    args = parser.parse_args(argv)
    if args.measure:
        measure(*args.measure, args.codewords, args.threads)
    else:
        print(table(args))


if __name__ == "__main__":
    main()
