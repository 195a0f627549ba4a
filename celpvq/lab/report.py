"""The report of a comparison, as Markdown."""

from collections.abc import Mapping, Sequence

from ..quality.evaluation import BANDS, score_names
from .groups import group_tables
from .outliers import step_table, worse_table
from .scores import Result
from .summary import Summary, band_table, difference_table, failures, score_table


def sections(
    results: Mapping[str, Sequence[Result]],
    summaries: Sequence[Summary],
    measures: Sequence[str],
    bases: Mapping[str, str],
    against: str | None,
    groups: Mapping[str, Mapping[str, Sequence[int]]],
    limits: Mapping[str, float],
) -> list[str]:
    """Return the parts of the report.

    Parameters
    ----------
    results : mapping of str to sequence of Result
        By codec; the clips are the same, in the same order.
    summaries : sequence of Summary
        From `summarize`.
    measures : sequence of str
        Names of the measures to report.
    bases : mapping of str to str
        The codec with which each codec is compared.
    against : str, optional
        The name of all these codecs together; None without any.
    groups : mapping of str to mapping of str to sequence of int
        By column of the manifest: the places of the clips of each group.
    limits : mapping of str to float
        By score: the largest change for the worse that is not listed.
    """
    scores = score_names(measures)
    parts = [
        "Means over clips ± 95 % confidence interval; speeds in times real time.",
        score_table(summaries),
    ]
    if against is not None:
        parts.append(difference_table(summaries, against))
    if BANDS[0] in scores:
        parts.append(band_table(summaries))
    if "step" in scores:
        parts.append(step_table(results))
    if limits:
        parts.append(worse_table(results, bases, limits))
    for column, places in groups.items():
        parts += group_tables(results, scores, places, column, bases)
    if failed := failures(results, measures):
        parts.append("\n".join(f"- no score: {line}" for line in failed))
    return parts
