"""Summarize the results of a comparison, codec by codec, as Markdown."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from ..quality.evaluation import BANDS, MEASURES, TITLES, score_names
from .intervals import Interval, mean_interval, paired_interval
from .scores import Result
from .tabular import markdown

_DIGITS = {"segsnr": 2, "step": 2, **dict.fromkeys(BANDS, 2)}
_DEFAULT_DIGITS = 3


@dataclass(frozen=True, slots=True)
class Summary:
    """A codec over all clips."""

    name: str
    n_clips: int
    kbps: float  # mean over time
    encode_x: float  # times real time
    decode_x: float
    scores: Mapping[str, Interval]
    differences: Mapping[str, Interval]  # to the codec's base, clip by clip; empty without one


def summarize(
    results: Mapping[str, Sequence[Result]],
    scores: Sequence[str],
    bases: Mapping[str, str] = MappingProxyType({}),
) -> list[Summary]:
    """Return a summary of each codec.

    Parameters
    ----------
    results : mapping of str to sequence of Result
        By codec; the clips are the same, in the same order.
    scores : sequence of str
        Names of the scores to report.
    bases : mapping of str to str
        The codec with which each codec is compared, for the differences.
    """
    summaries = []
    for name, rows in results.items():
        base = results[bases[name]] if name in bases else None
        values = {m: [row.scores[m] for row in rows] for m in scores}
        seconds = sum(row.seconds for row in rows)
        summaries.append(
            Summary(
                name,
                len(rows),
                sum(row.kbps * row.seconds for row in rows) / seconds,
                _ratio(seconds, sum(row.encode_s for row in rows)),
                _ratio(seconds, sum(row.decode_s for row in rows)),
                {m: mean_interval(values[m]) for m in scores},
                {m: paired_interval(values[m], [row.scores[m] for row in base]) for m in scores}
                if base is not None
                else {},
            )
        )
    return summaries


def _ratio(seconds: float, taken: float) -> float:
    return seconds / taken if taken > 0 else float("nan")


def score_table(summaries: Sequence[Summary]) -> str:
    """Return a table of rates, means with their intervals, and speeds."""
    scores = columns(summaries)
    head = ["codec", "kbit/s", *(TITLES[m] for m in scores), "encode x", "decode x"]
    return markdown(head, [
        [s.name, _number(s.kbps, "{:.2f}"),
         *(interval_cell(s.scores[m], m) for m in scores),
         _number(s.encode_x, "{:.0f}"), _number(s.decode_x, "{:.0f}")]
        for s in summaries
    ])  # fmt: skip


def difference_table(summaries: Sequence[Summary], against: str) -> str:
    """Return a table of differences to a codec; bold where the interval excludes zero."""
    scores = columns(summaries)
    return markdown(
        [f"difference to {against}", *(TITLES[m] for m in scores)],
        [
            [s.name, *(difference_cell(s.differences[m], m) for m in scores)]
            for s in summaries
            if s.differences
        ],
    )


def band_table(summaries: Sequence[Summary]) -> str:
    """Return a table of mean changes of level by third octaves, with the largest one."""
    rows = []
    for s in summaries:
        means = [s.scores[band].mean for band in BANDS]
        rows.append([s.name, *(f"{x:+.1f}" for x in [*means, max(means, key=abs)])])
    return markdown(["change of level [dB]", *(TITLES[m] for m in BANDS), "largest"], rows)


def failures(results: Mapping[str, Sequence[Result]], measures: Sequence[str]) -> list[str]:
    """Return a line for each clip without a score, with the reason."""
    lines = []
    for name, rows in results.items():
        for row in rows:
            refused = [
                MEASURES[m].title
                for m in measures
                if any(math.isnan(row.scores[score]) for score in score_names([m]))
            ]
            if row.problem or refused:
                reason = row.problem or f"refused by {', '.join(refused)}"
                lines.append(f"{name}: {row.clip}: {reason}")
    return lines


def columns(summaries: Sequence[Summary]) -> list[str]:
    """Return the scores that have a column; those of bands have a table of their own."""
    return [score for score in summaries[0].scores if score not in BANDS]


def _number(value: float, form: str) -> str:
    return "-" if math.isnan(value) else form.format(value)


def interval_cell(value: Interval, score: str, sign: str = "") -> str:
    """Return a mean of a score and its interval as text."""
    digits = _DIGITS.get(score, _DEFAULT_DIGITS)
    half = _number(value.half, f" ± {{:.{digits}f}}")
    return f"{value.mean:{sign}.{digits}f}" + ("" if half == "-" else half)


def difference_cell(value: Interval, score: str) -> str:
    """Return a difference in a score as text, bold where the interval excludes zero."""
    text = interval_cell(value, score, "+")
    return f"**{text}**" if abs(value.mean) > value.half else text
