"""The codecs with which codecs are compared: another one, a variant, or an earlier run."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from ..errors import ArgumentError
from . import scores
from .clips import Clip
from .scores import Result

EARLIER = "before"


def find_bases(names: Sequence[str], against: str) -> dict[str, str]:
    """Return the base of each codec.

    Parameters
    ----------
    names : sequence of str
        Names of the codecs.
    against : str
        The name of a codec, which is the base of all others. Or the last word of names: then the
        base of "celpvq 6400" is "celpvq 6400 plain" if the word is "plain".

    Raises
    ------
    ArgumentError
        If it is neither.
    """
    if against in names:
        return {name: against for name in names if name != against}
    variants = {name: f"{name} {against}" for name in names}
    if bases := {name: variant for name, variant in variants.items() if variant in names}:
        return bases
    raise ArgumentError(
        f"--against: expected one of {', '.join(names)}, the last word of some of them,"
        f" or a file scores.csv, got {against}"
    )


def earlier_results(
    path: Path, names: Sequence[str], clips: Sequence[Clip], wanted: Sequence[str]
) -> dict[str, list[Result]]:
    """Return the results of an earlier run, by codec, under names that end in "before".

    Parameters
    ----------
    path : Path
        Its scores.csv.
    names : sequence of str
        Names of codecs; the file may lack some of them.
    clips : sequence of Clip
        The clips, all of which the file has to hold.
    wanted : sequence of str
        The names of scores, all of which it has to hold.

    Raises
    ------
    ArgumentError
        If the file has none of the codecs, or lacks a clip or a score of one.
    FormatError
        If it is not a file of scores.
    """
    if not path.is_file():
        raise ArgumentError(f"--against: expected a file scores.csv, got {path}")
    found = {result.place: result for result in scores.read(path)}
    known = [name for name in names if name in {codec for codec, _ in found}]
    if not known:
        raise ArgumentError(f"{path}: expected results of {' or '.join(names)}, got none")
    return {
        f"{name} {EARLIER}": [_earlier(found, path, name, clip, wanted) for clip in clips]
        for name in known
    }


def _earlier(
    found: Mapping[tuple[str, str], Result], path: Path, name: str, clip: Clip,
    wanted: Sequence[str],
) -> Result:  # fmt: skip
    """Return a result under its new name; raise `ArgumentError` if it cannot serve."""
    result = found.get((name, clip.name))
    if result is None or result.problem:
        raise ArgumentError(f"{path}: expected a result of {name} for {clip.name}, got none")
    if lacking := [score for score in wanted if score not in result.scores]:
        raise ArgumentError(f"{path}: expected {', '.join(lacking)} of {name} for {clip.name}")
    if abs(result.seconds - clip.seconds) > 1e-3:
        raise ArgumentError(
            f"{path}: expected the same clips, got {clip.name} of {result.seconds} s, which is"
            f" now {clip.seconds} s long"
        )
    return replace(result, codec=f"{name} {EARLIER}")
