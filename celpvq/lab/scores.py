"""Scores clip by clip in a CSV file, from which an interrupted comparison continues."""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..errors import FormatError
from ..output import typed, write_file
from ..quality.evaluation import TITLES
from .tabular import csv_bytes, csv_writer

_NUMBERS = ("seconds", "kbps", "encode_s", "decode_s")
COLUMNS = (  # a file of an earlier version may lack some of the scores
    "codec", "clip", *_NUMBERS, *TITLES, "problem", "key",
)  # fmt: skip
_ALWAYS = tuple(column for column in COLUMNS if column not in TITLES)


@dataclass(frozen=True, slots=True)
class Result:
    """The scores, rate and times of a clip after a codec."""

    codec: str
    clip: str
    seconds: float
    kbps: float
    encode_s: float  # processor time [s]; nan if unknown
    decode_s: float
    scores: Mapping[str, float]  # of the measures taken; nan where a measure refuses the clip
    problem: str  # why the clip failed; then all numbers are nan
    key: str  # hash of all that the result depends on

    @property
    def place(self) -> tuple[str, str]:
        """Codec and clip: the file holds one result for each pair."""
        return self.codec, self.clip


class ScoresFile:
    """A file of results that takes each new one at once.

    Parameters
    ----------
    path : Path
        The file. If it exists, its results are read.

    Raises
    ------
    FormatError
        If it is not such a file.
    OutputError
        If it cannot be written, now or later.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.results: dict[tuple[str, str], Result] = {}
        if path.exists():
            self.results = {result.place: result for result in read(path)}
        self.rewrite()

    def add(self, result: Result) -> None:
        """Keep a result, in the file as well."""
        self.results[result.place] = result
        with typed(str(self.path)), self.path.open("a", newline="", encoding="utf-8") as file:
            csv_writer(file).writerow(_cells(result))

    def rewrite(self, first: Iterable[tuple[str, str]] = ()) -> None:
        """Write the whole file: the results at the places `first`, then the others."""
        places = dict.fromkeys([*(p for p in first if p in self.results), *self.results])
        rows = (_cells(self.results[place]) for place in places)
        write_file(self.path, csv_bytes(COLUMNS, rows))


def read(path: Path) -> list[Result]:
    """Return the results in a file, without a last line that was cut off.

    Raises
    ------
    FormatError
        If it is not such a file.
    """
    with path.open(newline="", encoding="utf-8", errors="replace") as file:
        lines = csv.reader(file)
        try:
            head = next(lines, [])
            if [column for column in COLUMNS if column in {*head, *_ALWAYS}] == head:
                return [result for line in lines if (result := _parse(head, line))]
        except csv.Error:
            pass
    raise FormatError(f"{path}: not a scores file of this version; delete it to start over")


def _cells(result: Result) -> list[str]:
    """Return a line of the file; the cell of a measure that was not taken is empty."""
    numbers = [f"{getattr(result, name):.6g}" for name in _NUMBERS]
    scores = [f"{result.scores[m]:.6f}" if m in result.scores else "" for m in TITLES]
    problem = " ".join(result.problem.split())
    return [result.codec, result.clip, *numbers, *scores, problem, result.key]


def _parse(head: list[str], line: list[str]) -> Result | None:
    """Return the result of a line, None if it was cut off."""
    if len(line) != len(head):
        return None
    cells = dict(zip(head, line, strict=True))
    try:
        seconds, kbps, encode_s, decode_s = (float(cells[name]) for name in _NUMBERS)
        scores = {m: float(cells[m]) for m in TITLES if cells.get(m)}
    except ValueError:
        return None
    return Result(
        cells["codec"], cells["clip"], seconds, kbps, encode_s, decode_s,
        scores, cells["problem"], cells["key"],
    )  # fmt: skip
