"""Scores clip by clip in a CSV file, from which an interrupted comparison goes on."""

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from ..errors import FormatError
from ..output import typed, write_file
from .evaluation import MEASURES

_NUMBERS = ("seconds", "kbps", "encode_s", "decode_s")
COLUMNS = ("codec", "clip", *_NUMBERS, *MEASURES, "problem", "key")


@dataclass(frozen=True, slots=True)
class Result:
    """A clip through a codec: what it took, and the scores."""

    codec: str
    clip: str
    seconds: float
    kbps: float
    encode_s: float  # processor time [s]; nan if unknown
    decode_s: float
    scores: Mapping[str, float]  # those measured; nan where a measure refuses the clip
    problem: str  # why the clip failed; then all of it is nan
    key: str  # of all that the result depends on

    @property
    def place(self) -> tuple[str, str]:
        """What there is one result of."""
        return self.codec, self.clip


class Checkpoint:
    """The file of results.

    Parameters
    ----------
    path : Path
        The file; it is read if it is there.

    Raises
    ------
    FormatError
        If the file is something else.
    OutputError
        If it cannot be written, then or later.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.results: dict[tuple[str, str], Result] = {}
        if path.exists():
            self.results = {result.place: result for result in read(path)}
        self.rewrite()

    def add(self, result: Result) -> None:
        """Keep a result, at once."""
        self.results[result.place] = result
        with typed(str(self.path)), self.path.open("a", newline="", encoding="utf-8") as file:
            _writer(file).writerow(_cells(result))

    def rewrite(self, first: Iterable[tuple[str, str]] = ()) -> None:
        """Write the file anew: the results at the places `first`, then the others."""
        places = dict.fromkeys([*(p for p in first if p in self.results), *self.results])
        text = io.StringIO()
        writer = _writer(text)
        writer.writerow(COLUMNS)
        writer.writerows(_cells(self.results[place]) for place in places)
        write_file(self.path, text.getvalue().encode())


def read(path: Path) -> list[Result]:
    """Return the results in a file, without a line that was cut off.

    Raises
    ------
    FormatError
        If the file is something else.
    """
    with path.open(newline="", encoding="utf-8", errors="replace") as file:
        lines = csv.reader(file)
        try:
            if tuple(next(lines, ())) == COLUMNS:
                return [result for result in map(_parse, lines) if result]
        except csv.Error:
            pass
    raise FormatError(f"{path}: is no file of scores of this version; remove it")


def _writer(file: IO[str]) -> Any:
    return csv.writer(file, lineterminator="\n")


def _cells(result: Result) -> list[str]:
    """Return a line of the file; what was not measured is empty."""
    numbers = [f"{getattr(result, name):.6g}" for name in _NUMBERS]
    scores = [f"{result.scores[m]:.6f}" if m in result.scores else "" for m in MEASURES]
    problem = " ".join(result.problem.split())
    return [result.codec, result.clip, *numbers, *scores, problem, result.key]


def _parse(line: list[str]) -> Result | None:
    """Return the result of a line, None if it was cut off."""
    if len(line) != len(COLUMNS):
        return None
    cells = dict(zip(COLUMNS, line, strict=True))
    try:
        seconds, kbps, encode_s, decode_s = (float(cells[name]) for name in _NUMBERS)
        scores = {m: float(cells[m]) for m in MEASURES if cells[m]}
    except ValueError:
        return None
    return Result(
        cells["codec"], cells["clip"], seconds, kbps, encode_s, decode_s,
        scores, cells["problem"], cells["key"],
    )  # fmt: skip
