"""The report of a test: tables to read, CSV to compute with, and a picture."""

from pathlib import Path

import numpy as np

from ..lab.figures import new_figure, save_figure
from ..lab.tabular import csv_bytes, markdown
from ..output import make_folder, write_file
from . import methods
from .design import Design
from .scoring import Scores
from .statistics import Estimate

_MEANS = {
    "mushra": "MUSHRA, 0 to 100", "acr": "MOS, 1 to 5",
    "ccr": "CMOS, -3 to 3", "abx": "share correct",
}  # fmt: skip


def sections(design: Design, scores: Scores) -> list[str]:
    """Return the report as parts of Markdown."""
    n_clips = len({r.clip for result in scores.results for r in result.ratings})
    head = (
        f"{design.title}: {methods.get(design.method).name.upper()}, {len(scores.results)}"
        f" listeners, {n_clips} clips"
    )
    parts = [head]
    if scores.excluded:
        n = len(scores.excluded)
        parts[0] += f", {n} {'listener' if n == 1 else 'listeners'} left out"
        lines = [f"- {listener[:8]}: {reason}" for listener, reason in scores.excluded.items()]
        parts.append("Left out:\n\n" + "\n".join(lines))
    parts.append(_means(design, scores))
    if scores.differences:
        parts.append(_differences(scores))
    parts.append(_explanation(design))
    return parts


def _means(design: Design, scores: Scores) -> str:
    abx = design.method == "abx"
    with_p = abx or design.method == "ccr"
    head = [f"against {design.base}" if with_p else "system", _MEANS[design.method]]
    head += ["other listeners", "other listeners and clips", "ratings"]
    head += ["correct", "p (guessing)"] if abx else ["p"] if with_p else []
    rows = []
    for s in scores.systems:
        row = [s.system, *_cells(s.estimate, 3 if abx else 2), s.n_ratings]
        row += [s.n_correct] if abx else []
        rows.append([*row, _p(s.p)] if with_p else row)
    return markdown(head, rows)


def _differences(scores: Scores) -> str:
    head = ["difference", "to", "mean", "other listeners", "other listeners and clips", "p (Holm)"]
    rows = [
        [d.system, d.other, *_cells(d.estimate, 2, "+"), _p(d.p_adjusted)]
        for d in scores.differences
    ]
    return markdown(head, rows)


def _cells(found: Estimate, digits: int, sign: str = "") -> list[str]:
    """Return a mean, and both halves of its intervals."""
    halves = [found.by_listeners, found.by_both]
    return [f"{found.mean:{sign}.{digits}f}", *(f"± {half:.{digits}f}" for half in halves)]


def _p(value: float) -> str:
    return "< 0.0001" if value < 1e-4 else f"{value:.4f}"


def _explanation(design: Design) -> str:
    text = (
        "± is half of a 95 % interval of the mean: for other listeners and the same clips, and for"
        " other listeners and other clips."
    )
    if design.method == "abx":
        text += " p: probability of at least so many correct answers by guessing (binomial test)."
    elif design.method == "ccr":
        text += (
            " Above 0: better than the base. p: probability of such a mean if there is no"
            " difference, for other listeners and clips."
        )
    else:
        text += (
            " Differences are between ratings of the same listener for the same clip. p: the same"
            " for a difference, for other listeners and clips, adjusted for the number of pairs."
        )
    return text


def write_report(folder: Path, design: Design, scores: Scores) -> None:
    """Write scores.csv, differences.csv, ratings.csv, listeners.csv and summary.md.

    Raises
    ------
    OutputError, OutputExistsError
        If a file cannot be written.
    """
    make_folder(folder, "--out")
    interval = ["mean", "by_listeners", "by_listeners_and_clips"]
    write_file(folder / "scores.csv", csv_bytes(
        ["system", *interval, "p", "ratings", "listeners", "clips"],
        [[s.system, *_numbers(s.estimate), _number(s.p), s.n_ratings, s.n_listeners, s.n_clips]
         for s in scores.systems],
    ))  # fmt: skip
    write_file(folder / "differences.csv", csv_bytes(
        ["system", "other", *interval, "p", "p_holm"],
        [[d.system, d.other, *_numbers(d.estimate), _number(d.estimate.p), _number(d.p_adjusted)]
         for d in scores.differences],
    ))  # fmt: skip
    write_file(folder / "ratings.csv", csv_bytes(
        ["listener", "clip", "system", "rating", "seconds"],
        [[r.listener, r.clip, r.system, f"{r.value:g}", f"{r.seconds:.1f}"]
         for result in scores.results for r in result.ratings],
    ))  # fmt: skip
    write_file(folder / "listeners.csv", csv_bytes(
        ["listener", "code", "trials", "of", "ears_correct", "ears_asked", "file"],
        [[r.listener, _plain(r.code), r.n_answers, r.n_trials, *(r.ears or ("", "")), r.path.name]
         for r in scores.results],
    ))  # fmt: skip
    write_file(folder / "summary.md", ("\n\n".join(sections(design, scores)) + "\n").encode())


def _plain(text: str) -> str:
    """Return a text from elsewhere, so that no spreadsheet takes it for a formula."""
    shown = "".join(c if c.isprintable() else " " for c in text)
    return f"'{shown}" if shown[:1] in tuple("=+-@") else shown


def _numbers(found: Estimate) -> list[str]:
    return [_number(value) for value in (found.mean, found.by_listeners, found.by_both)]


def _number(value: float) -> str:
    return f"{value:.6g}"


def draw_scores(path: Path, design: Design, scores: Scores) -> None:
    """Write a picture of the means with both intervals.

    Raises
    ------
    MissingPackageError
        Without matplotlib.
    """
    method = methods.get(design.method)
    figure = new_figure(8, 0.45 * len(scores.systems) + 1.6)
    panel = figure.subplots()
    places = np.arange(len(scores.systems))[::-1]
    means = [s.estimate.mean for s in scores.systems]
    for attribute, label, width in (
        ("by_both", "95 %, other listeners and clips", 1.0),
        ("by_listeners", "95 %, other listeners", 3.5),
    ):
        halves = np.nan_to_num([getattr(s.estimate, attribute) for s in scores.systems])
        panel.errorbar(
            means, places, xerr=halves, fmt="none", ecolor="C0", elinewidth=width, capsize=3,
            label=label,
        )  # fmt: skip
    panel.plot(means, places, "o", color="black", markersize=5)
    panel.set_yticks(places, [s.system for s in scores.systems])
    guess = {"abx": 0.5, "ccr": 0.0}.get(method.name)
    if guess is not None:
        panel.axvline(guess, color="gray", linestyle=":")
    margin = 0.02 * (method.high - method.low)
    limits = method.low - margin, method.high + margin
    panel.set(xlabel=_MEANS[method.name], xlim=limits)
    panel.grid(axis="x", alpha=0.3)
    figure.legend(loc="outside lower center", ncols=2, frameon=False)
    save_figure(figure, path)
