"""Results by groups of clips: by sex, by language, by speaker, as a manifest names them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from ..errors import ArgumentError
from ..quality.evaluation import BANDS, TITLES
from ..training.corpus import read_manifest
from .clips import Clip
from .scores import Result
from .summary import band_table, difference_cell, interval_cell, summarize
from .tabular import markdown

MANIFEST = "manifest.csv"
UNKNOWN = "?"


def find_groups(folder: Path, clips: Sequence[Clip], column: str) -> dict[str, list[int]]:
    """Return the places of the clips by their value in a column of the folder's manifest.

    Raises
    ------
    ArgumentError
        If there is no manifest, or it has no such column.
    FormatError
        If it is not CSV in UTF-8 or has no column ``file``.
    """
    path = folder / MANIFEST
    if not path.is_file():
        raise ArgumentError(f"--by {column}: expected a file {path}")
    rows = read_manifest(path)
    columns = next(iter(rows.values()), {}).keys()
    if column not in columns:
        raise ArgumentError(f"--by: expected one of {', '.join(columns)}, got {column}")
    groups: dict[str, list[int]] = {}
    for place, clip in enumerate(clips):
        row = rows.get(clip.name, rows.get(clip.path.name, {}))
        groups.setdefault(row.get(column) or UNKNOWN, []).append(place)
    return dict(sorted(groups.items()))


def group_tables(
    results: Mapping[str, Sequence[Result]],
    scores: Sequence[str],
    groups: Mapping[str, Sequence[int]],
    column: str,
    bases: Mapping[str, str] = MappingProxyType({}),
) -> list[str]:
    """Return tables of scores, of differences if there are bases, and of bands, by group.

    Parameters
    ----------
    results, scores, bases
        As of `summarize`.
    groups : mapping of str to sequence of int
        Places of the clips of each group.
    column : str
        Head of the groups in tables.
    """
    by_group = {
        group: summarize({name: [rows[i] for i in places] for name, rows in results.items()},
                         scores, bases)
        for group, places in groups.items()
    }  # fmt: skip
    lines = [(group, by_group[group][i]) for i in range(len(results)) for group in by_group]
    plain = [score for score in scores if score not in BANDS]
    tables = []
    if plain:
        tables.append(_table(["codec", column, "clips"], plain, [
            [s.name, group, s.n_clips, *(interval_cell(s.scores[m], m) for m in plain)]
            for group, s in lines
        ]))  # fmt: skip
    if plain and bases:
        tables.append(_table(["difference of", "to", column, "clips"], plain, [
            [s.name, bases[s.name], group, s.n_clips,
             *(difference_cell(s.differences[m], m) for m in plain)]
            for group, s in lines
            if s.differences
        ]))  # fmt: skip
    if BANDS[0] in scores:
        tables.append(band_table([replace(s, name=f"{s.name}, {group}") for group, s in lines]))
    return tables


def _table(head: list[str], scores: Sequence[str], rows: list[list[object]]) -> str:
    return markdown([*head, *(TITLES[m] for m in scores)], rows)
