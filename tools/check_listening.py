"""Print how often the scores of listening tests are right, by simulated listeners.

    python tools/check_listening.py                      200 tests of each kind
    python tools/check_listening.py --tests 1000

Each test has listeners with known preferences, with a bias, an effect of each clip and errors of
their own, and two guessers. Columns: share of 95 % intervals that hold the true mean, for other
listeners and clips, and for other listeners; share of guessers that are left out; share of the
others that are left out; share of tests in which all systems come out in their true order. The
line of ABX has guessers only: the share of tests with p < 0.05, and the exact one of the binomial
test in parentheses.
"""

import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import options
from scipy.stats import binom, binomtest

from celpvq.lab.tabular import markdown
from celpvq.listening import Design, Listener, Result, make_design, read_result, score, simulate

N_GUESSERS = 2
LEVEL = 0.05


class Case(NamedTuple):
    """A kind of test: means of four systems, standard deviations of biases, clips and noise."""

    method: str
    n_listeners: int
    n_clips: int
    means: tuple[float, ...]
    bias: float
    clip_effect: float
    noise: float


CASES = (
    Case("mushra", 12, 10, (70, 55, 40, 20), 5, 3, 8),
    Case("mushra", 20, 6, (70, 55, 40, 20), 5, 5, 8),
    Case("acr", 24, 12, (3.8, 3.4, 3.0, 2.4), 0.2, 0.2, 0.6),
    Case("ccr", 24, 12, (0.8, 0.0, -0.7, -1.4), 0.2, 0.2, 0.6),
)


def run(design: Design, listeners: Sequence[Listener], seed: int, folder: Path) -> list[Result]:
    """Return the results of listeners, written to files and read again."""
    results = []
    for i, listener in enumerate(listeners):
        path = folder / f"{i}.json"
        path.write_text(json.dumps(simulate(design, listener, 1000 * seed + i)))
        results.append(read_result(path, design))
    return results


def check(case: Case, n_tests: int, folder: Path) -> list[str]:
    """Return the line of a kind of test."""
    names = [f"system {i}" for i in range(len(case.means))]
    truth = dict(zip(names, case.means, strict=True))
    clips = [f"clip {i}" for i in range(case.n_clips)]
    design = make_design(case.method, names, clips, "training", seed=1)
    rng = np.random.default_rng(2)
    both, fixed, found, lost, ordered = [], [], 0, 0, 0
    for test in range(n_tests):
        effects = {(c, s): case.clip_effect * rng.normal() for c in clips for s in names}
        careful = [
            Listener({**truth, "reference": {"mushra": 100, "acr": 4.5}.get(case.method, 0)},
                     case.bias * rng.normal(), effects, case.noise)
            for _ in range(case.n_listeners)
        ]  # fmt: skip
        guessers = [Listener(truth, guesses=True)] * N_GUESSERS
        results = run(design, [*careful, *guessers], test, folder)
        scores = score(design, results)
        wrong = {result.listener for result in results[case.n_listeners :]}
        found += len(wrong & set(scores.excluded))
        lost += len(set(scores.excluded) - wrong)
        means = [s for s in scores.systems if s.system in truth]
        ordered += [s.system for s in means] == names
        for s in means:
            here = truth[s.system] + np.mean([effects[c, s.system] for c in clips])
            both.append(abs(s.estimate.mean - truth[s.system]) <= s.estimate.by_both)
            fixed.append(abs(s.estimate.mean - here) <= s.estimate.by_listeners)
    shares = [
        np.mean(both), np.mean(fixed), found / (N_GUESSERS * n_tests),
        lost / (case.n_listeners * n_tests), ordered / n_tests,
    ]  # fmt: skip
    return [case.method, f"{case.n_listeners}", f"{case.n_clips}", *(f"{s:.1%}" for s in shares)]


def false_alarms(n_tests: int, folder: Path) -> str:
    """Return how often guessers of ABX seem to hear a difference."""
    design = make_design("abx", ["system"], [f"clip {i}" for i in range(8)], "training", seed=1)
    alarms = 0
    for test in range(n_tests):
        [s] = score(design, run(design, [Listener({})] * 5, test, folder)).systems
        alarms += s.p < LEVEL
    n = 40
    least = min(k for k in range(n + 1) if binomtest(k, n, alternative="greater").pvalue < LEVEL)
    return f"abx, 5 guessers, 8 clips: {alarms / n_tests:.1%} ({binom.sf(least - 1, n, 0.5):.1%})"


def main(argv: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = options.new_parser(__doc__)
    parser.add_argument("--tests", type=int, default=200, metavar="N", help="tests of each kind")
    args = parser.parse_args(argv)
    head = ["method", "listeners", "clips", "other listeners and clips", "other listeners",
            "guessers left out", "others left out", "order right"]  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        rows = [check(case, args.tests, Path(folder)) for case in CASES]
        print(markdown(head, rows))
        print(f"\n{false_alarms(args.tests, Path(folder))}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
