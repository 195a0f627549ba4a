"""Tables as text: Markdown to read, CSV to compute with."""

import csv
import io
from collections.abc import Iterable
from typing import IO, Any


def markdown(head: Iterable[object], rows: Iterable[Iterable[object]]) -> str:
    """Return a Markdown table with a line for each of `rows`."""
    head = list(head)
    lines: list[Iterable[object]] = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def csv_writer(file: IO[str]) -> Any:
    """Return a `csv.writer` with the line ends that all our files have."""
    return csv.writer(file, lineterminator="\n")


def csv_bytes(head: Iterable[object], rows: Iterable[Iterable[object]]) -> bytes:
    """Return a CSV file in UTF-8 with a line for each of `rows`."""
    text = io.StringIO()
    csv_writer(text).writerows([head, *rows])
    return text.getvalue().encode()
