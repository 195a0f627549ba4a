"""A picture of quality over rate."""

from collections.abc import Sequence
from pathlib import Path

from ..quality.evaluation import TITLES
from .figures import new_figure, save_figure
from .summary import Summary, columns

_OWN = "celpvq"


def draw_rates(path: Path, summaries: Sequence[Summary]) -> None:
    """Write a picture with a panel for each score: means with their intervals over kbit/s.

    Codecs whose names differ in a number only (``AMR-NB 4.75``, ``AMR-NB 5.9``) share a line.

    Parameters
    ----------
    path : Path
        The file; its suffix names the format.
    summaries : sequence of Summary
        The codecs; those of unknown rate are left out.
    """
    measures = columns(summaries)
    n_columns = min(len(measures), 2) or 1
    n_rows = -(-len(measures) // n_columns) or 1
    figure = new_figure(6 * n_columns, 4.2 * n_rows + 0.8)
    panels = figure.subplots(n_rows, n_columns, squeeze=False).ravel()
    for panel, measure in zip(panels, measures, strict=False):
        for i, (name, members) in enumerate(families(summaries).items()):
            rates = [s.kbps for s in members]
            means = [s.scores[measure].mean for s in members]
            halves = [s.scores[measure].half for s in members]
            own = is_own(name)
            panel.errorbar(
                rates, means, halves, label=name, color=f"C{i % 10}", capsize=2,
                marker="os^vDPX*"[i % 8], markersize=6 if own else 4,
                linewidth=2.5 if own else 1, elinewidth=0.7,
            )  # fmt: skip
        panel.set(title=TITLES[measure], xlabel="kbit/s")
        panel.grid(alpha=0.3)
    for panel in panels[len(measures) :]:
        panel.set_visible(False)
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    save_figure(figure, path)


def families(summaries: Sequence[Summary]) -> dict[str, list[Summary]]:
    """Return the codecs of known rate by their names without numbers, each family by rate."""
    groups: dict[str, list[Summary]] = {}
    for summary in sorted(summaries, key=lambda s: s.kbps):
        words = [word for word in summary.name.split() if not _is_number(word)]
        if summary.kbps == summary.kbps:  # not nan
            groups.setdefault(" ".join(words), []).append(summary)
    return dict(sorted(groups.items(), key=lambda item: not is_own(item[0])))


def is_own(name: str) -> bool:
    """Return whether a codec, or a family of codecs, is celpvq."""
    return name.startswith(_OWN)


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True
