"""The names of output files: one for each input, never two alike, never outside the folder."""

import hashlib
import os
import tempfile
import unicodedata
from array import array
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from ..errors import ArgumentError, OutputError, OutputExistsError
from .entries import Entry


def output_name(entry: Entry, ending: str, *, keep_endings: bool) -> str:
    """Return the path of an input's output below the folder for outputs, with slashes."""
    own = entry.ending if keep_endings and entry.stem != entry.key else ""
    return f"{entry.stem}{own}{ending}"


def seed_of(seed: int, key: str) -> int:
    """Return the seed of a file: a hash of the run's seed and the file's key, 48 bits."""
    return digest(f"{seed}:{key}") >> 16


def digest(text: str) -> int:
    """Return a hash of a text, 64 bits."""
    data = text.encode("utf-8", "surrogateescape")
    return int.from_bytes(hashlib.sha256(data).digest()[:8])


class Names:
    """Notices two outputs of the same name, with 8 bytes of memory for each.

    Parameters
    ----------
    ignore_case : bool
        Whether the file system takes names for the same that differ in case, or in the way that
        accents are coded.
    """

    def __init__(self, *, ignore_case: bool = False) -> None:
        self._ignore_case = ignore_case
        self._digests = array("Q")

    def add(self, name: str) -> None:
        """Note the name of an output."""
        self._digests.append(self._digest(name))

    def _digest(self, name: str) -> int:
        if self._ignore_case:
            name = unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
        return digest(name)

    def check(self, again: Iterable[tuple[str, str]]) -> None:
        """Raise `ArgumentError` if two names are alike; `again` gives all (input, name) again."""
        digests = np.sort(np.array(self._digests, np.uint64))
        double = set(digests[1:][digests[1:] == digests[:-1]].tolist())
        if not double:
            return
        first: dict[int, str] = {}
        for key, name in again:
            found = self._digest(name)
            if found in double and first.setdefault(found, key) != key:
                raise ArgumentError(
                    f"{first[found]} and {key}: expected different names of outputs, both would"
                    f" become {name}; --keep-endings keeps the inputs' endings in them"
                )
        raise ArgumentError(f"{next(iter(first.values()))}: expected each input once")


def ignores_case(folder: Path) -> bool:
    """Return whether a folder also finds a file under its name in capitals."""
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".celpvq-case-", suffix=".part") as file:
        path = Path(file.name)
        return path.with_name(path.name.upper()).exists()


def remove_unfinished(folder: Path) -> None:
    """Remove the unfinished files that killed processes have left in a folder."""
    for where, _, names in os.walk(folder):
        for name in names:
            if name.startswith(".celpvq-") and name.endswith(".part"):
                Path(where, name).unlink(missing_ok=True)


def check_apart(source: str, out: Path) -> None:
    """Raise `ArgumentError` unless two folders lie apart."""
    inner, outer = Path(os.path.realpath(source)), Path(os.path.realpath(out))
    if inner == outer or inner in outer.parents or outer in inner.parents:
        raise ArgumentError(f"out: expected a folder apart from {source}, got {out}")


def place(out: Path, name: str, source: str) -> Path:
    """Return the path of an output, with its folder made.

    Raises
    ------
    OutputError
        If a link leads out of the folder for outputs, or if something that is no file is there.
    OutputExistsError
        If the path leads to the input.
    """
    target = out / name
    real = Path(os.path.realpath(target))
    if Path(os.path.realpath(out)) not in real.parents:
        raise OutputError(f"{name}: expected a place in {out}, a link leads to {real}")
    if real.exists():
        if not real.is_file():
            raise OutputError(f"{name}: exists, and is not a file")
        if os.path.samefile(real, source):
            raise OutputExistsError(f"{name}: is the input itself")
    target.parent.mkdir(parents=True, exist_ok=True)
    return target
