"""The input files of a run, one by one: those of a folder, of a list, or of a manifest.

A source can be read again and again, and never holds more than the names of one folder.
"""

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from ..errors import ArgumentError, FormatError

Paths = str | os.PathLike[str] | Iterable[str | os.PathLike[str]]

LIST_ENDINGS, SCP_ENDINGS, MANIFEST_ENDINGS = (".txt", ".list", ".lst"), (".scp",), (".jsonl",)
# columns of a manifest that describe a file and not what is said in it; a new manifest has its own
OWN_FIELDS = (
    "audio_filepath", "duration", "offset", "source", "source_bytes", "samples", "sampling_rate",
    "mode", "bytes", "sha256", "seed", "note", "error",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """An input file."""

    key: str  # its path below the root, with slashes; in a wav.scp the utterance
    path: str  # how to open it
    stem: str  # path of its output below the folder for outputs, without an ending
    ending: str  # of its name, in lower case
    size: int  # [bytes]; 0 if it cannot be read
    seconds: float | None = None  # duration, if the source states it
    fields: Mapping[str, Any] = field(default_factory=dict)  # other columns of a manifest


@dataclass(frozen=True, slots=True)
class Source:
    """The input files of a run: iterate over it as often as you like."""

    name: str
    kind: str  # "folder", "list", "scp", "manifest" or "paths"
    iterate: Callable[[], Iterator[Entry]]

    def __iter__(self) -> Iterator[Entry]:
        return self.iterate()


def open_source(
    source: Paths, endings: Iterable[str], root: str | os.PathLike[str] | None = None,
    out: str | os.PathLike[str] = "",
) -> Source:  # fmt: skip
    """Return the input files that `source` stands for.

    Parameters
    ----------
    source : path or iterable of paths
        A folder, with all subfolders; a list of paths (.txt, .list, .lst); Kaldi's wav.scp (.scp);
        a JSON Lines manifest (.jsonl); or the paths themselves.
    endings : iterable of str
        Which files of a folder to take, in lower case.
    root : path, optional
        The folder from which the relative paths of a list start, and below which all its files lie.
        By default the working folder; the folder of a JSON Lines manifest.
    out : path, optional
        The folder for outputs: a link to it is not followed.

    Raises
    ------
    ArgumentError
        If `source` is none of these.
    """
    if not isinstance(source, str | os.PathLike):
        paths = [os.fspath(path) for path in source]
        return Source("source", "paths", partial(_of_paths, paths, os.path.abspath(root or "")))
    path = Path(source)
    if path.is_dir():
        if root is not None:
            raise ArgumentError("root: expected a list or a manifest as source, got a folder")
        return Source(str(path), "folder", partial(_of_folder, path, frozenset(endings), out))
    ending = path.suffix.lower()
    kinds: tuple[tuple[str, tuple[str, ...], Callable[..., Iterator[Entry]]], ...] = (
        ("list", LIST_ENDINGS, _of_list),
        ("scp", SCP_ENDINGS, _of_scp),
        ("manifest", MANIFEST_ENDINGS, _of_manifest),
    )
    for kind, known, read in kinds:
        if ending in known:
            if not path.is_file():
                raise ArgumentError(f"{path}: no such file")
            start = path.parent if root is None and kind == "manifest" else root or ""
            return Source(str(path), kind, partial(read, path, os.path.abspath(start)))
    if not path.exists():
        raise ArgumentError(f"{path}: no such file or folder")
    known_endings = " ".join((*LIST_ENDINGS, *SCP_ENDINGS, *MANIFEST_ENDINGS))
    raise ArgumentError(
        f"{path}: expected a folder, a list of paths or a manifest ({known_endings});"
        " for a single file there are `celpvq encode` and `celpvq decode`"
    )


def _of_folder(
    folder: Path, endings: frozenset[str], out: str | os.PathLike[str]
) -> Iterator[Entry]:
    """Yield the files below a folder whose names have one of the endings, sorted by path."""
    others = [*Path(os.path.realpath(folder)).parents, *([out] if os.path.isdir(out) else [])]
    apart = tuple(_identity(os.stat(other)) for other in others)
    yield from _walk(os.path.abspath(folder), "", endings, apart)


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


def _walk(
    folder: str, prefix: str, endings: frozenset[str], apart: tuple[tuple[int, int], ...]
) -> Iterator[Entry]:
    """Yield the files of a folder and its subfolders; a link to one that is apart is not followed.

    Those are the folders above, also above the first one, and the folder for outputs.
    """
    here = _identity(os.stat(folder))
    if here in apart:
        return
    for name in sorted(os.listdir(folder)):
        path = os.path.join(folder, name)
        if name.startswith("."):
            continue
        if os.path.isdir(path):
            yield from _walk(path, f"{prefix}{name}/", endings, (*apart, here))
        elif os.path.splitext(name)[1].lower() in endings:
            yield _entry(prefix + name, path)


def _entry(key: str, path: str, **others: Any) -> Entry:
    """Return the entry of a file whose output has the same path, apart from the ending."""
    stem, ending = os.path.splitext(key)
    return Entry(key, path, stem, ending.lower(), _size(path), **others)


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except (OSError, ValueError):  # the attempt to open it will report why
        return 0


def _of_paths(paths: list[str], root: str) -> Iterator[Entry]:
    for number, path in enumerate(paths):
        yield _below(root, path, f"source: item {number}")


def _of_list(file: Path, root: str) -> Iterator[Entry]:
    """Yield the files of a list with a path in each line."""
    for where, line in _lines(file):
        yield _below(root, line, where)


def _of_scp(file: Path, root: str) -> Iterator[Entry]:
    """Yield the utterances of Kaldi's wav.scp; a command in it is refused, never run."""
    for where, line in _lines(file):
        utterance, _, path = line.strip().partition(" ")
        path = path.strip()
        if not path:
            raise FormatError(f"{where}: expected an utterance and a path, got {line!r}")
        if path.startswith("|") or path.endswith("|"):
            raise FormatError(
                f"{where}: expected a path, got the command {path!r}; commands are not run: write"
                " their output to files first"
            )
        if "/" in utterance or os.sep in utterance or utterance in (".", ".."):
            raise FormatError(
                f"{where}: expected an utterance that can name a file, got {utterance!r}"
            )
        full = os.path.join(root, path)
        ending = os.path.splitext(path)[1].lower()
        yield Entry(utterance, full, utterance, ending, _size(full))


def _of_manifest(file: Path, root: str) -> Iterator[Entry]:
    """Yield the files of a manifest with a JSON object in each line, named as NeMo does."""
    for where, line in _lines(file):
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise FormatError(f"{where}: expected a JSON object: {error}") from None
        path = row.get("audio_filepath") if isinstance(row, dict) else None
        if not isinstance(path, str):
            raise FormatError(f"{where}: expected a JSON object with a path as audio_filepath")
        if row.get("offset"):
            raise FormatError(
                f"{where}: expected whole files, got an offset of {row['offset']} s into {path};"
                " cut the segments out first"
            )
        seconds = row.get("duration")
        known = isinstance(seconds, int | float) and 0 < seconds < float("inf")
        others = {name: value for name, value in row.items() if name not in OWN_FIELDS}
        yield _below(root, path, where, seconds=float(seconds) if known else None, fields=others)


def _lines(file: Path) -> Iterator[tuple[str, str]]:
    """Yield the lines of a text that are not empty, each with its place for error messages."""
    with file.open(encoding="utf-8-sig", errors="surrogateescape", newline="\n") as lines:
        for number, line in enumerate(lines, 1):
            text = line.rstrip("\r\n")
            if text.strip():
                yield f"{file}, line {number}", text


def _below(root: str, path: str, where: str, **others: Any) -> Entry:
    """Return the entry of a path, which starts from the root unless it is absolute."""
    full = os.path.join(root, path)
    try:
        relative = os.path.relpath(os.path.normpath(full), root)
    except ValueError:  # on another drive
        relative = ".."
    key = relative.replace(os.sep, "/")
    if "\0" in path or key in ("", "."):
        raise FormatError(f"{where}: expected the path of a file, got {path!r}")
    if key == ".." or key.startswith("../"):
        raise ArgumentError(
            f"{where}: {path} lies outside the folder {root}; name a folder above all files with"
            " --root"
        )
    return _entry(key, full, **others)
