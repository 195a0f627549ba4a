"""The records of a run in the folder for outputs: what became of each input.

While a run lasts, each result is appended at once to ``manifest.jsonl.part``, in the order in which
files are finished. At the end its lines are put into the order of the inputs: results into
``manifest.jsonl``, failures into ``failures.jsonl``. ``batch.json`` holds the settings.
"""

import contextlib
import json
import os
import shutil
from array import array
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np

from ..errors import FormatError, OutputExistsError
from ..output import Output, typed, write_file
from .naming import digest, remove_unfinished

MANIFEST, FAILURES, SETTINGS = "manifest.jsonl", "failures.jsonl", "batch.json"
JOURNAL = MANIFEST + ".part"
Fields = dict[str, Any]


def line_of(fields: Mapping[str, Any]) -> bytes:
    """Return a line of a manifest: JSON in ASCII, which holds any file name."""
    return json.dumps(fields).encode() + b"\n"


class Lines:
    """The lines of a file by their keys, with 16 bytes of memory for each.

    The last line of a key counts. A line that a killed run did not complete is left out.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path or Path(os.devnull)
        digests, offsets = array("Q"), array("Q")
        self.end = 0  # of the last complete line [bytes]
        with contextlib.suppress(FileNotFoundError), self._path.open("rb") as file:
            for line in file:
                if not line.endswith(b"\n"):
                    break
                digests.append(digest(_parsed(line, self._path)["source"]))
                offsets.append(self.end)
                self.end += len(line)
        order = np.argsort(np.array(digests, np.uint64), kind="stable")
        self._digests = np.array(digests, np.uint64)[order]
        self._offsets = np.array(offsets, np.uint64)[order]

    def find(self, key: str) -> tuple[Fields, int] | None:
        """Return the fields of a key's last line and its place, or None without such a line."""
        if not len(self._digests):
            return None
        value = np.uint64(digest(key))
        first, end = (np.searchsorted(self._digests, value, side) for side in ("left", "right"))
        with self._path.open("rb") as file:
            for offset in self._offsets[first:end][::-1].tolist():
                file.seek(offset)
                fields = _parsed(file.readline(), self._path)
                if fields["source"] == key:
                    return fields, offset
        return None


def _parsed(line: bytes, path: Path) -> Fields:
    try:
        fields: Fields = json.loads(line)
        if isinstance(fields["source"], str):
            return fields
    except (ValueError, KeyError, TypeError, RecursionError):
        pass
    raise FormatError(f"{path}: expected JSON objects with a source, got {line[:60]!r}")


def read_settings(out: Path) -> Fields | None:
    """Return the settings of the runs in a folder; None if there was no run.

    Raises
    ------
    FormatError
        If the file is not one of settings.
    """
    path = out / SETTINGS
    try:
        settings = json.loads(path.read_bytes())
        if isinstance(settings, dict) and isinstance(settings.get("endings"), list):
            return settings
    except FileNotFoundError:
        return None
    except (ValueError, RecursionError):
        pass
    raise FormatError(f"{path}: expected the settings of a run in JSON")


def has_records(out: Path) -> bool:
    """Return whether there was a run in a folder."""
    return any((out / name).exists() for name in (MANIFEST, JOURNAL, SETTINGS))


class Records:
    """The records of the run that is going on; a context, which one process may hold at a time.

    Parameters
    ----------
    out : Path
        The folder for outputs.
    settings : dict
        JSON values. With `resume`, they have to be those of the earlier runs.
    resume : bool
        Whether results of earlier runs are kept. If not, earlier records are forgotten.

    Raises
    ------
    OutputExistsError
        If another process is at work in the folder, or if there was a run with other settings.
    FormatError
        If a record of an earlier run cannot be read.
    """

    def __init__(self, out: Path, settings: Fields, *, resume: bool) -> None:
        self._out, self._path = out, out / JOURNAL
        self._numbers, self._offsets = array("Q"), array("Q")
        self._n_failed = 0
        self._new = not has_records(out)
        if resume:
            _compare(read_settings(out), settings, out)
        with typed(str(self._path)):
            if resume and not self._path.exists() and (out / MANIFEST).exists():
                with (out / MANIFEST).open("rb") as old, Output(self._path) as journal:
                    shutil.copyfileobj(old, journal)
            self._file = self._path.open("ab", buffering=0)
        try:
            _lock(self._file.fileno(), out)
            self._earlier = Lines(self._path if resume else None)
            self._end = self._earlier.end
            with typed(str(self._path)):
                self._file.truncate(self._end)
                if not resume:
                    _remove(out, (MANIFEST, FAILURES))
            write_file(out / SETTINGS, json.dumps(settings, indent=1).encode() + b"\n")
        except BaseException:
            self._file.close()
            raise

    def find(self, key: str) -> tuple[Fields, int] | None:
        """Return the record of an earlier run about an input, and the place of this record."""
        return self._earlier.find(key)

    def keep(self, number: int, place: int) -> None:
        """Take over a record of an earlier run for the input `number`."""
        self._numbers.append(number)
        self._offsets.append(place)

    def add(self, number: int, fields: Mapping[str, Any]) -> None:
        """Record the outcome for the input `number`; a failure has the field `error`."""
        line = line_of(fields)
        with typed(str(self._path)):
            self._file.write(line)
        self.keep(number, self._end)
        self._end += len(line)
        self._n_failed += "error" in fields

    def finish(self) -> None:
        """Write the manifest and the list of failures in the order of the inputs."""
        remove_unfinished(self._out)
        if hasattr(os, "sync"):
            os.sync()  # what the manifest lists outlives a loss of power
        _remove(self._out, (FAILURES,))
        for name, failed in ((FAILURES, True), (MANIFEST, False)):
            if failed and not self._n_failed:
                continue
            with Output(self._out / name) as file:
                for line in self._in_order():
                    if ("error" in _parsed(line, self._path)) == failed:
                        file.write(line)
        self._file.close()
        _remove(self._out, (JOURNAL,))

    def _in_order(self) -> Iterator[bytes]:
        """Yield the lines of this run in the order of the inputs."""
        order = np.argsort(np.array(self._numbers, np.uint64))
        with self._path.open("rb") as file:
            for offset in np.array(self._offsets, np.uint64)[order].tolist():
                file.seek(offset)
                yield file.readline()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._file.close()
        if kind is not None and self._new and not self._end:  # nothing that could be resumed
            _remove(self._out, (JOURNAL, SETTINGS))


def _remove(out: Path, names: Iterable[str]) -> None:
    for name in names:
        (out / name).unlink(missing_ok=True)


def _lock(file: int, out: Path) -> None:
    """Hold a file as long as it is open; raise if another process does."""
    try:
        import fcntl
    except ImportError:  # not on this system
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise OutputExistsError(f"{out}: another run is at work in it") from None
    except OSError:  # a network file system without locks
        return


def _compare(old: Fields | None, new: Fields, out: Path) -> None:
    """Raise `OutputExistsError` if the settings of an earlier run differ."""
    for name in dict.fromkeys((*(old or {}), *new)):
        if old is not None and old.get(name) != new.get(name):
            raise OutputExistsError(
                f"{out}: expected the settings of the earlier run, {name} {old.get(name)!r}, got"
                f" {new.get(name)!r}; --force starts over"
            )
