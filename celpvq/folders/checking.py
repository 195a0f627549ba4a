"""`check`: whether a folder holds the intact result of every input."""

import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from ..errors import ArgumentError
from .entries import Paths, Source, open_source
from .records import FAILURES, JOURNAL, MANIFEST, Fields, Lines, read_settings

HOW = ("sizes", "hashes")


def check(
    source: Paths, out: str | os.PathLike[str], how: str = "sizes", *,
    root: str | os.PathLike[str] | None = None, endings: Iterable[str] | None = None,
) -> Iterator[tuple[str, str]]:  # fmt: skip
    """Yield the name of each input whose result is missing or damaged, and the fault.

    Nothing is written, and a run may be at work in the folder.

    Parameters
    ----------
    source, root, endings
        As for the run, see `convert`.
    out : path
        The folder for outputs.
    how : {"sizes", "hashes"}
        Whether to compare the sizes of files with their records, or also their SHA-256.

    Raises
    ------
    ArgumentError
        If an argument has no such value, or if there was no run in `out`.
    FormatError
        If a list, a manifest or a record has a line that cannot be used.
    """
    check_how(how)
    folder = Path(out)
    settings = read_settings(folder)
    if settings is None:
        raise ArgumentError(f"{folder}: expected the results of a run, got none")
    given = settings["endings"] if endings is None else endings
    return _faults(open_source(source, given, root, folder), folder, how)


def check_how(how: str) -> None:
    """Raise `ArgumentError` unless it is a way to check."""
    if how not in HOW:
        raise ArgumentError(f"check: expected one of {', '.join(HOW)}, got {how!r}")


def fault(fields: Fields, out: Path, how: str) -> str | None:
    """Return the fault of the output that a record describes, or None without a fault."""
    name = str(fields.get("audio_filepath"))
    try:
        with (out / name).open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size != fields.get("bytes"):
                return f"{name}: expected {fields.get('bytes')} bytes, got {size}"
            if how == "sizes":
                return None
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        return f"{name}: {error.strerror or error}"
    if sha256 != fields.get("sha256"):
        return f"{name}: expected SHA-256 {fields.get('sha256')}, got {sha256}"
    return None


def _faults(source: Source, out: Path, how: str) -> Iterator[tuple[str, str]]:
    names = (JOURNAL,) if (out / JOURNAL).exists() else (MANIFEST, FAILURES)
    records = [Lines(out / name) for name in names]
    for entry in source:
        found = next((found for lines in records if (found := lines.find(entry.key))), None)
        if found is None:
            yield entry.key, "no result yet"
        elif "error" in found[0]:
            yield entry.key, f"failed: {found[0]['error']}"
        elif text := fault(found[0], out, how):
            yield entry.key, text
