"""The results of an earlier comparison, and whether they still hold."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from ..errors import ArgumentError
from ..quality.evaluation import MEASURES
from . import scores
from .clips import Clip
from .comparison import scored_part
from .contenders import Contender
from .scores import Result


def read_results(folder: Path, names: Sequence[str] = ()) -> dict[str, list[Result]]:
    """Return the results that `celpvq compare` left in a folder, by codec.

    Parameters
    ----------
    folder : Path
        The folder, or its file scores.csv.
    names : sequence of str
        Only these codecs, as far as there are results of them; by default all.

    Returns
    -------
    dict of str to list of Result
        Each codec has the same clips, in the same order: those that all of them have.

    Raises
    ------
    ArgumentError
        If there is no such file, or if no clip has results of all codecs.
    FormatError
        If it is not a file of scores.
    """
    path = folder / "scores.csv" if folder.is_dir() else folder
    if not path.is_file():
        raise ArgumentError(f"--results: expected a folder with a file scores.csv, got {folder}")
    by_codec: dict[str, dict[str, Result]] = {}
    for result in scores.read(path):
        by_codec.setdefault(result.codec, {})[result.clip] = result
    chosen = {name: by_codec[name] for name in names or by_codec if name in by_codec}
    first = next(iter(chosen.values()), {})
    common = [clip for clip in first if all(clip in rows for rows in chosen.values())]
    if not common:
        raise ArgumentError(f"{path}: expected clips with results of all codecs, got none")
    return {name: [rows[clip] for clip in common] for name, rows in chosen.items()}


def common_measures(results: Iterable[Sequence[Result]]) -> list[str]:
    """Return the measures that were taken of every clip with every codec."""
    taken = [row.scores.keys() for codec in results for row in codec]
    return [
        name
        for name, measure in MEASURES.items()
        if all(scores >= measure.titles.keys() for scores in taken)
    ]


def outdated(
    results: Mapping[str, Sequence[Result]], codecs: Sequence[Contender], clips: Sequence[Clip]
) -> list[str]:
    """Return the names of the codecs whose results belong to other sound than they make now.

    The clips, the settings, the tables or the code of the codec have changed since.
    """
    names = []
    for codec in codecs:
        keys = {row.clip: row.key for row in results.get(codec.name, ())}
        now = {clip.name: codec.key(clip) for clip in clips if clip.name in keys}
        if any(key and scored_part(key) != scored_part(keys[clip]) for clip, key in now.items()):
            names.append(codec.name)
    return names
