"""Single clips that stand out: worse than after another codec, or with a large step."""

from collections.abc import Mapping, Sequence
from math import inf, isnan

from ..quality.evaluation import BETTER, TITLES
from .scores import Result
from .tabular import markdown


def worse_table(
    results: Mapping[str, Sequence[Result]], bases: Mapping[str, str], limits: Mapping[str, float]
) -> str:
    """Return a list of the clips that are worse than after the base by more than a limit.

    Parameters
    ----------
    results : mapping of str to sequence of Result
        By codec; the clips are the same, in the same order.
    bases : mapping of str to str
        The codec with which each codec is compared.
    limits : mapping of str to float
        By score: the largest change for the worse that is not listed.
    """
    parts = []
    for score, limit in limits.items():
        changes = [
            (own.scores[score] - other.scores[score], name, own, other)
            for name, base in bases.items()
            for own, other in zip(results[name], results[base], strict=True)
        ]
        worse = [change for change in changes if change[0] * BETTER[score] < -limit]
        worse.sort(key=lambda change: change[0] * BETTER[score])
        text = f"{TITLES[score]}: {len(worse)} of {len(changes)} worse by more than {limit:g}"
        rows = [
            [name, bases[name], own.clip, f"{other.scores[score]:.3f}", f"{own.scores[score]:.3f}",
             f"{change:+.3f}"]
            for change, name, own, other in worse
        ]  # fmt: skip
        head = ["codec", "in comparison with", "clip", "its score", "score", "change"]
        parts.append(f"{text}\n\n{markdown(head, rows)}" if rows else text)
    return "\n\n".join(parts)


def step_table(results: Mapping[str, Sequence[Result]]) -> str:
    """Return a table with the clip of each codec that has the largest step."""
    worst = {
        name: max(rows, key=lambda row: -inf if isnan(step := row.scores["step"]) else step)
        for name, rows in results.items()
    }
    return markdown(
        ["codec", "largest step [dB]", "clip"],
        [[name, f"{row.scores['step']:+.2f}", row.clip] for name, row in worst.items()],
    )
