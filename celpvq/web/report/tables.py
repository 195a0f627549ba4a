"""The tables and charts of a report, as JSON values."""

from collections.abc import Mapping, Sequence
from math import isnan
from typing import Any

from ...lab.intervals import Interval
from ...lab.rate_picture import families, is_own
from ...lab.scores import Result
from ...lab.summary import Summary, columns, interval_cell
from ...quality.evaluation import BANDS, BETTER, TITLES

Json = dict[str, Any]


def means_table(summaries: Sequence[Summary]) -> Json:
    """Return rates, means of scores with intervals, and speeds, by codec."""
    scores = columns(summaries)
    return _table(
        "Means over all clips",
        [_codec(), _head("kbit/s"), *_score_heads(scores), *_speed_heads()],
        [
            [_text(s.name), _number(s.kbps, "{:.2f}"), *(_mean(s.scores[m], m) for m in scores),
             _number(s.encode_x, "{:.0f}"), _number(s.decode_x, "{:.0f}")]
            for s in summaries
        ],
    )  # fmt: skip


def difference_table(summaries: Sequence[Summary], against: str) -> Json:
    """Return mean differences to a codec, clip by clip."""
    scores = columns(summaries)
    return _table(
        f"Mean difference of each clip to {against}; bold where the interval excludes zero",
        [_codec(), *_score_heads(scores)],
        [
            [_text(s.name), *(_difference(s.differences[m], m) for m in scores)]
            for s in summaries
            if s.differences
        ],
    )


def band_table(summaries: Sequence[Summary]) -> Json:
    """Return mean changes of level by third octaves."""
    return _table(
        "Level in comparison with the original, in bands of a third of an octave [dB]",
        [_codec(), *_score_heads(BANDS)],
        [
            [_text(s.name), *(_number(s.scores[b].mean, "{:+.1f}") for b in BANDS)]
            for s in summaries
        ],
    )


def rate_charts(summaries: Sequence[Summary]) -> list[Json]:
    """Return a chart for each score: its means over the rate; codecs of one kind share a line."""
    return [
        {
            "title": TITLES[m],
            "series": [
                {"name": name, "own": is_own(name), "points": [_point(s, m) for s in members]}
                for name, members in families(summaries).items()
            ],
        }
        for m in columns(summaries)
    ]


def clip_scores(results: Mapping[str, Sequence[Result]], scores: Sequence[str]) -> Json:
    """Return the cells of each clip and codec, in the order of `scores`."""
    return {
        name: {row.clip: [_score(row.scores[m], m) for m in scores] for row in rows}
        for name, rows in results.items()
    }


def score_heads(summaries: Sequence[Summary]) -> list[Json]:
    """Return the heads of the columns of `clip_scores`."""
    return _score_heads(columns(summaries))


def _point(summary: Summary, score: str) -> list[float | str | None]:
    mean, half = summary.scores[score]
    return [summary.kbps, _known(mean), _known(half), summary.name]


def _table(caption: str, head: list[Json], rows: list[list[Json]]) -> Json:
    return {"caption": caption, "head": head, "rows": rows}


def _head(title: str, better: int = 0) -> Json:
    return {"title": title, "better": better}


def _codec() -> Json:
    return _head("codec")


def _score_heads(scores: Sequence[str]) -> list[Json]:
    return [_head(TITLES[score], BETTER[score]) for score in scores]


def _speed_heads() -> list[Json]:
    return [_head("encode x", 1), _head("decode x", 1)]


def _text(text: str) -> Json:
    return {"text": text}


def _number(value: float, form: str) -> Json:
    return {"text": "-" if isnan(value) else form.format(value), "value": _known(value)}


def _score(value: float, score: str) -> Json:
    text = "-" if isnan(value) else interval_cell(Interval(value, float("nan")), score)
    return {"text": text, "value": _known(value)}


def _mean(value: Interval, score: str) -> Json:
    text = "-" if isnan(value.mean) else interval_cell(value, score)
    return {"text": text, "value": _known(value.mean)}


def _difference(value: Interval, score: str) -> Json:
    text = "-" if isnan(value.mean) else interval_cell(value, score, "+")
    strong = abs(value.mean) > value.half
    return {"text": text, "value": _known(value.mean), "strong": strong}


def _known(value: float) -> float | None:
    return None if isnan(value) else value
