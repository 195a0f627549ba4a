"""Scores of a test: means of systems, differences between them, and counts of ABX."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import ArgumentError
from .design import Design
from .results import Rating, Result
from .screening import screen
from .statistics import Estimate, estimate, holm


@dataclass(frozen=True, slots=True)
class SystemScore:
    """The ratings of a system: their number, their mean with intervals, and for ABX a test.

    Parameters
    ----------
    system : str
    n_ratings, n_listeners, n_clips : int
    estimate : Estimate
        With ABX the mean is the share of correct answers.
    p : float
        ABX: probability of at least so many correct answers by guessing, of the binomial test.
        CCR: probability of such a mean if there is no difference. Else ``nan``.
    """

    system: str
    n_ratings: int
    n_listeners: int
    n_clips: int
    estimate: Estimate
    p: float

    @property
    def n_correct(self) -> int:
        """How many answers of ABX were correct."""
        return round(self.estimate.mean * self.n_ratings)


@dataclass(frozen=True, slots=True)
class Difference:
    """How much higher `system` is rated than `other` by the same listeners for the same clips."""

    system: str
    other: str
    estimate: Estimate
    p_adjusted: float  # by Holm, for all pairs


@dataclass(frozen=True, slots=True)
class Scores:
    """All scores of a test.

    Parameters
    ----------
    systems : tuple of SystemScore
        The best first.
    differences : tuple of Difference
        All pairs of MUSHRA and ACR, the better one first.
    results : tuple of Result
        The listeners that count.
    excluded : mapping of str to str
        Listeners that do not count, with the reason.
    """

    systems: tuple[SystemScore, ...]
    differences: tuple[Difference, ...]
    results: tuple[Result, ...]
    excluded: Mapping[str, str]


def score(design: Design, results: Sequence[Result], *, screening: bool = True) -> Scores:
    """Return the scores of a test.

    Parameters
    ----------
    design : Design
        From `celpvq.listening.read_key`.
    results : sequence of Result
        From `celpvq.listening.read_results`.
    screening : bool
        Whether to leave out listeners by `celpvq.listening.screen`.

    Raises
    ------
    ArgumentError
        If no listener is left.
    """
    excluded = screen(design, results) if screening else {}
    kept = [result for result in results if result.listener not in excluded]
    if not kept:
        raise ArgumentError(f"results: expected a listener that counts, got none of {len(results)}")
    ratings = [rating for result in kept for rating in result.ratings]
    by_system: dict[str, list[Rating]] = {}
    for rating in ratings:
        by_system.setdefault(rating.system, []).append(rating)
    scores = [_system(design, name, rows) for name, rows in by_system.items()]
    scores.sort(key=lambda s: -s.estimate.mean)
    pairs = [] if design.method in ("abx", "ccr") else _differences(by_system, scores)
    return Scores(tuple(scores), tuple(pairs), tuple(kept), excluded)


def _system(design: Design, name: str, rows: Sequence[Rating]) -> SystemScore:
    values = [row.value for row in rows]
    found = estimate(values, [row.listener for row in rows], [row.clip for row in rows])
    p = found.p if design.method == "ccr" else float("nan")
    if design.method == "abx":
        from scipy.stats import binomtest

        p = float(binomtest(round(sum(values)), len(values), alternative="greater").pvalue)
    n_listeners, n_clips = len({row.listener for row in rows}), len({row.clip for row in rows})
    return SystemScore(name, len(rows), n_listeners, n_clips, found, p)


def _differences(
    by_system: Mapping[str, Sequence[Rating]], scores: Sequence[SystemScore]
) -> list[Difference]:
    """Return the differences of all pairs of systems."""
    cells = {name: _cells(rows) for name, rows in by_system.items()}
    names = [score.system for score in scores]
    found = []
    for system, other in itertools.combinations(names, 2):
        mine, theirs = cells[system], cells[other]
        both = [place for place in mine if place in theirs]
        if both:
            values = [mine[place] - theirs[place] for place in both]
            listeners, clips = zip(*both, strict=True)
            found.append((system, other, estimate(values, listeners, clips)))
    adjusted = holm([e.p for *_, e in found]) if found else np.empty(0)
    return [
        Difference(system, other, e, float(p))
        for (system, other, e), p in zip(found, adjusted, strict=True)
    ]


def _cells(rows: Sequence[Rating]) -> dict[tuple[str, str], float]:
    """Return the mean rating of a system by listener and clip."""
    values: dict[tuple[str, str], list[float]] = {}
    for row in rows:
        values.setdefault((row.listener, row.clip), []).append(row.value)
    return {place: float(np.mean(ratings)) for place, ratings in values.items()}
