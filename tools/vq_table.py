"""Compare all quantizers on four sources at a few rates, as Markdown tables.

    python tools/vq_table.py speech
    python tools/vq_table.py speech --vectors 4000 --bits 4 6

The sources are Gaussian, Laplacian and Gauss-Markov (a = 0.9) samples, four to a vector, and the
LSF of a folder of speech, ten to a vector, without their mean. Half of the vectors are for
training. SQNR is measured on the others, which come from other recordings. Times are processor time
for the design at the highest rate.
"""

import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import options
from scipy.signal import lfilter

from celpvq import vq
from celpvq._types import F64
from celpvq.lab.tabular import markdown
from celpvq.lab.vectors import audible_lsf
from celpvq.training.corpus import find_clips
from celpvq.vq.base import VectorQuantizer

K = 4  # samples in a vector
A = 0.9


def gaussian(n: int, rng: np.random.Generator) -> F64:
    """Return vectors (n, K) of unit variance."""
    return rng.normal(size=(n, K))


def laplacian(n: int, rng: np.random.Generator) -> F64:
    """Return vectors (n, K) of unit variance."""
    return rng.laplace(size=(n, K)) / np.sqrt(2)


def gauss_markov(n: int, rng: np.random.Generator) -> F64:
    """Return vectors (n, K) of unit variance, one after the other."""
    start = 1000  # samples until it is stationary
    x = lfilter([np.sqrt(1 - A * A)], [1, -A], rng.normal(size=n * K + start))
    return np.asarray(x[start:]).reshape(n, K)


def sources(folder: Path, n: int) -> dict[str, tuple[F64, F64]]:
    """Return the vectors for training and for tests of each source, n / 2 of each."""
    rng = np.random.default_rng(1)
    made = {make.__name__: make(n, rng) for make in (gaussian, laplacian, gauss_markov)}
    clips = find_clips(folder)
    clips = [clips[i] for i in rng.permutation(len(clips))]
    halves = clips[: len(clips) // 2], clips[len(clips) // 2 :]
    train, test = (audible_lsf(half, n // 2) for half in halves)
    if min(len(train), len(test)) < n // 2:
        raise SystemExit(f"expected {n // 2} frames in each half, got {len(train)}, {len(test)}")
    split = {name: (X[: n // 2], X[n // 2 :]) for name, X in made.items()}
    return split | {"lsf": (train - train.mean(axis=0), test - train.mean(axis=0))}


def bound(source: str, rate: float) -> float | None:
    """Return the least distortion at `rate` bits per sample; None if it is unknown."""
    if source == "gaussian":
        return vq.shannon_distortion_gaussian(rate)
    if source == "gauss_markov":
        return vq.shannon_distortion_gauss_markov(rate, A)
    if source == "laplacian":  # Shannon's lower bound
        return float(np.e / np.pi * 2 ** (-2 * rate))
    return None


def entropy_constrained(X: F64, bits: int) -> VectorQuantizer:
    """Return a quantizer of mean code length `bits`, by bisection of its Lagrange multiplier."""
    low, high = -12.0, 4.0  # logarithms of the multiplier, in units of the variance
    for _ in range(10):
        middle = (low + high) / 2
        multiplier = 2**middle * X.var()
        q = vq.EntropyConstrainedVQ(4 << bits, lagrangian=multiplier, random_state=1, max_iter=20)
        low, high = (low, middle) if q.fit(X).rate_ < bits else (middle, high)
    return q


def designs(bits: int, k: int) -> dict[str, Callable[[F64], VectorQuantizer]]:
    """Return the design of each method for `bits` per vector of `k` components."""
    n, halves, seed = 1 << bits, [1 << (bits + 1) // 2, 1 << bits // 2], {"random_state": 1}
    quantizers: list[VectorQuantizer] = [
        vq.LBG(n, **seed),
        vq.DeterministicAnnealing(n, cooling=0.8, n_settle=5, **seed),
        vq.SimulatedAnnealing(n, **seed),
        vq.NeuralGas(n, n_steps=20, **seed),
        vq.SelfOrganizingMap(n, lattice=halves, **seed),
        vq.MiniBatchVQ(n, **seed),
        vq.OnlineVQ(n, **seed),
        *([vq.StraightThroughVQ(n, **seed)] if find_spec("torch") else []),
        vq.TreeVQ(n, **seed),
        vq.MultistageVQ(halves, **seed),
        vq.SplitVQ(halves, **seed),
        vq.ShapeGainVQ([n >> bits // 3, 1 << bits // 3], **seed),
        vq.PredictiveVQ(n, **seed),
    ]
    if bits % 2 == 0:
        quantizers.append(vq.ProductVQ(halves[0], n_parts=2, **seed))
    made: dict[str, Callable[[F64], VectorQuantizer]] = {
        type(q).__name__: q.fit for q in quantizers
    }
    return made | {"EntropyConstrainedVQ": lambda X: entropy_constrained(X, bits)}


def table(source: str, X: F64, fresh: F64, rates: list[int]) -> str:
    """Return a table with a row for each method and a column for each rate."""
    rows: dict[str, list[str]] = {}
    limit = {bits: bound(source, bits / X.shape[1]) for bits in rates}
    for bits in rates:
        for name, design in designs(bits, X.shape[1]).items():
            begin = time.process_time()
            quantizer = design(X)
            seconds = time.process_time() - begin
            db = vq.sqnr(fresh, quantizer.decode(quantizer.encode(fresh)))
            least = limit[bits]
            gap = "" if least is None else f" ({-10 * np.log10(least) - db:.2f})"
            row = rows.setdefault(name, [""] * (len(rates) + 1))
            row[rates.index(bits)] = f"{db:.2f}{gap}"
            row[-1] = f"{seconds:.1f}"
    if source != "lsf":
        rows["Shannon"] = [f"{-10 * np.log10(limit[bits] or 1):.2f}" for bits in rates] + [""]
    if source == "gaussian":
        zador = [-10 * np.log10(vq.zador_bound(K, bits / K)) for bits in rates]
        rows["Zador, for high rates"] = [f"{z:.2f}" for z in zador] + [""]
    head = [source, *(f"{bits} bit" for bits in rates), "time [s]"]
    return markdown(head, [[name, *row] for name, row in rows.items()])


def main(argv: list[str] | None = None) -> None:
    """Print a table for each source."""
    parser = options.new_parser(__doc__)
    parser.add_argument("speech", type=Path, help="folder of recordings")
    parser.add_argument("--vectors", type=int, default=40_000, help="of each source")
    parser.add_argument("--bits", type=int, nargs="+", default=[4, 5, 6, 7, 8], help="per vector")
    parser.add_argument("--only", nargs="+", metavar="SOURCE", help="some of the four")
    args = parser.parse_args(argv)
    for source, (X, fresh) in sources(args.speech, args.vectors).items():
        if args.only and source not in args.only:
            continue
        print(table(source, X, fresh, args.bits), end="\n\n", flush=True)


if __name__ == "__main__":
    main()
