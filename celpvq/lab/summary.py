"""Summarize the results of a comparison, codec by codec, as Markdown."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..quality.evaluation import TITLES
from .intervals import Interval, mean_interval, paired_interval
from .scores import Result
from .tabular import markdown

_DIGITS = {"segsnr": 2}
_DEFAULT_DIGITS = 3


@dataclass(frozen=True, slots=True)
class Summary:
    """A codec over all clips."""

    name: str
    kbps: float  # mean over time
    encode_x: float  # times real time
    decode_x: float
    scores: Mapping[str, Interval]
    differences: Mapping[str, Interval]  # to the reference codec, clip by clip


def summarize(
    results: Mapping[str, Sequence[Result]], measures: Sequence[str], against: str | None = None
) -> list[Summary]:
    """Return a summary of each codec.

    Parameters
    ----------
    results : mapping of str to sequence of Result
        By codec; the clips are the same, in the same order.
    measures : sequence of str
        Names of the measures to report.
    against : str, optional
        Name of the reference codec for the differences.
    """
    base = results[against] if against is not None else None
    summaries = []
    for name, rows in results.items():
        values = {m: [row.scores[m] for row in rows] for m in measures}
        seconds = sum(row.seconds for row in rows)
        summaries.append(
            Summary(
                name,
                sum(row.kbps * row.seconds for row in rows) / seconds,
                _ratio(seconds, sum(row.encode_s for row in rows)),
                _ratio(seconds, sum(row.decode_s for row in rows)),
                {m: mean_interval(values[m]) for m in measures},
                {m: paired_interval(values[m], [row.scores[m] for row in base]) for m in measures}
                if base is not None
                else {},
            )
        )
    return summaries


def _ratio(seconds: float, taken: float) -> float:
    return seconds / taken if taken > 0 else float("nan")


def score_table(summaries: Sequence[Summary]) -> str:
    """Return a table of rates, means with their intervals, and speeds."""
    measures = list(summaries[0].scores)
    head = ["codec", "kbit/s", *(TITLES[m] for m in measures), "encode x", "decode x"]
    return markdown(head, [
        [s.name, _number(s.kbps, "{:.2f}"),
         *(_interval(s.scores[m], m) for m in measures),
         _number(s.encode_x, "{:.0f}"), _number(s.decode_x, "{:.0f}")]
        for s in summaries
    ])  # fmt: skip


def difference_table(summaries: Sequence[Summary], against: str) -> str:
    """Return a table of differences to a codec; bold where the interval excludes zero."""
    rows = [s for s in summaries if s.name != against]
    measures = list(summaries[0].scores)
    return markdown(
        [f"difference to {against}", *(TITLES[m] for m in measures)],
        [[s.name, *(_difference(s.differences[m], m) for m in measures)] for s in rows],
    )


def failures(results: Mapping[str, Sequence[Result]], measures: Sequence[str]) -> list[str]:
    """Return a line for each clip without a score, with the reason."""
    lines = []
    for name, rows in results.items():
        for row in rows:
            refused = [TITLES[m].split()[0] for m in measures if math.isnan(row.scores[m])]
            if row.problem or refused:
                reason = row.problem or f"refused by {', '.join(refused)}"
                lines.append(f"{name}: {row.clip}: {reason}")
    return lines


def _number(value: float, form: str) -> str:
    return "-" if math.isnan(value) else form.format(value)


def _interval(value: Interval, measure: str, sign: str = "") -> str:
    digits = _DIGITS.get(measure, _DEFAULT_DIGITS)
    half = _number(value.half, f" ± {{:.{digits}f}}")
    return f"{value.mean:{sign}.{digits}f}" + ("" if half == "-" else half)


def _difference(value: Interval, measure: str) -> str:
    text = _interval(value, measure, "+")
    return f"**{text}**" if abs(value.mean) > value.half else text
