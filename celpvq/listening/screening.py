"""Listeners whose ratings do not count, by rules of the standards."""

from collections.abc import Callable, Sequence

import numpy as np

from .._types import F64
from .design import REFERENCE, Design
from .results import Rating, Result

REFERENCE_LEAST = 90  # MUSHRA: a rating of the hidden reference below it is a miss
ANCHOR_MOST = 90  # a rating of an anchor above it is a miss
SHARE = 0.15  # of the trials; more misses exclude
PER_SOUND, PER_SYSTEM = 0.75, 0.8  # ACR, CCR: least correlations with the others
MIN_LISTENERS = 3  # for correlations


def screen(design: Design, results: Sequence[Result]) -> dict[str, str]:
    """Return the listeners to leave out, each with the reason.

    Parameters
    ----------
    design : Design
    results : sequence of Result

    Returns
    -------
    dict of str to str
        Reasons by listener. Listeners of ABX are never left out: guesses are part of the test.

    Notes
    -----
    MUSHRA: ITU-R BS.1534-3 excludes listeners who rate the hidden reference below 90, or an
    anchor of medium quality above 90, in more than 15 % of the trials. Here any anchor counts.

    ACR and CCR: ITU-T P.913 correlates the ratings of a listener with the means of all others. Who
    has less than 0.75 over single sounds and less than 0.8 over the means of systems is excluded,
    the worst one first. Then the correlations are computed again.
    """
    if design.method == "mushra":
        return _by_references(design, results)
    return _by_correlation(results) if design.method in ("acr", "ccr") else {}


def _by_references(design: Design, results: Sequence[Result]) -> dict[str, str]:
    reasons = {}
    for result in results:
        low = [r.value < REFERENCE_LEAST for r in result.ratings if r.system == REFERENCE]
        if np.mean(low) > SHARE:
            reasons[result.listener] = (
                f"hidden reference below {REFERENCE_LEAST} in {sum(low)} of {len(low)} trials"
            )
            continue
        for anchor in design.anchors:
            high = [r.value > ANCHOR_MOST for r in result.ratings if r.system == anchor]
            if np.mean(high) > SHARE:
                reasons[result.listener] = (
                    f"{anchor} above {ANCHOR_MOST} in {sum(high)} of {len(high)} trials"
                )
                break
    return reasons


def _by_correlation(results: Sequence[Result]) -> dict[str, str]:
    reasons: dict[str, str] = {}
    left = list(results)
    while len(left) >= MIN_LISTENERS:
        found = {r.listener: _correlations(r, left) for r in left}
        misfits = [n for n, (a, b) in found.items() if a < PER_SOUND and b < PER_SYSTEM]
        if not misfits:
            break
        worst = min(misfits, key=lambda listener: sum(found[listener]))
        per_sound, per_system = found[worst]
        reasons[worst] = (
            f"correlation with the others {per_sound:.2f} over sounds,"
            f" {per_system:.2f} over systems"
        )
        left = [result for result in left if result.listener != worst]
    return reasons


def _correlations(result: Result, all_results: Sequence[Result]) -> tuple[float, float]:
    """Return how a listener agrees with the others: over sounds, and over systems."""
    others = [r for other in all_results if other is not result for r in other.ratings]
    return (
        _correlation(result.ratings, others, lambda r: f"{r.clip}\n{r.system}"),
        _correlation(result.ratings, others, lambda r: r.system),
    )


def _correlation(
    mine: Sequence[Rating], others: Sequence[Rating], group: Callable[[Rating], str]
) -> float:
    """Return the correlation of the means of groups of ratings."""
    my_means, their_means = _means(mine, group), _means(others, group)
    both = [name for name in my_means if name in their_means]
    x: F64 = np.array([my_means[name] for name in both])
    y: F64 = np.array([their_means[name] for name in both])
    if len(both) < 2 or not x.std() or not y.std():
        return 0.0  # somebody who rates all alike says nothing
    return float(np.corrcoef(x, y)[0, 1])


def _means(ratings: Sequence[Rating], group: Callable[[Rating], str]) -> dict[str, float]:
    sums: dict[str, list[float]] = {}
    for rating in ratings:
        sums.setdefault(group(rating), []).append(rating.value)
    return {name: float(np.mean(values)) for name, values in sums.items()}
