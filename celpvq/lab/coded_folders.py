"""Folders of speech that other codecs have coded and decoded."""

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import numpy as np

from .._types import F64
from ..errors import ArgumentError, FormatError
from ..output import write_file
from .clips import SUFFIXES, Clip, read_clip
from .contenders import UNKNOWN, Coded, hash_of
from .tabular import csv_bytes

CODED_CSV = "coded.csv"  # rate and times of each clip
_NUMBERS = ("kbps", "encode_s", "decode_s")


@dataclass(frozen=True, slots=True)
class CodedFolder:
    """The output of another codec: a file for each clip, of the same name.

    The file may be WAV where the clip is FLAC. An optional `coded.csv` in the folder gives the rate
    and the times of each clip; without it the rate has to be given.
    """

    name: str
    path: Path
    kbps: float = UNKNOWN
    measured: Mapping[str, tuple[float, ...]] = field(default_factory=dict, repr=False)

    @classmethod
    def open(cls, name: str, path: Path, kbps: float | None = None) -> Self:
        """Return the folder at `path`; raise an error if it or its `coded.csv` cannot serve."""
        if not path.is_dir():
            raise ArgumentError(f"{name}: expected a folder, got {path}")
        measured = _read_coded_csv(path / CODED_CSV) if (path / CODED_CSV).exists() else {}
        return cls(name, path, UNKNOWN if kbps is None else kbps, measured)

    def key(self, clip: Clip) -> str:
        """Return a hash of both files and the rate, and one of the clip's line in `coded.csv`."""
        coded = self._find(clip)
        if coded is None:
            return ""
        files = hash_of(clip.path.read_bytes(), coded.read_bytes(), self.kbps)
        return f"{files}-{hash_of(self.measured.get(clip.name))}"

    def code(self, clip: Clip, ref: F64) -> Coded:
        """Return the clip that the folder holds; raise `ArgumentError` if it does not fit."""
        path = self._find(clip)
        if path is None:
            raise ArgumentError(f"no such file in {self.path}")
        samples = read_clip(path)
        if samples.size != ref.size:
            raise ArgumentError(f"expected {ref.size} samples, got {samples.size}")
        kbps, encode_s, decode_s = self.measured.get(clip.name, (self.kbps, UNKNOWN, UNKNOWN))
        return Coded(samples, kbps if np.isnan(self.kbps) else self.kbps, encode_s, decode_s)

    def _find(self, clip: Clip) -> Path | None:
        """Return the coded file."""
        same = self.path / clip.name
        others = (same.with_suffix(suffix) for suffix in SUFFIXES)
        return next((path for path in (same, *others) if path.is_file()), None)


def write_coded_csv(folder: Path, coded: Mapping[str, Coded]) -> None:
    """Write the `coded.csv` of a folder: rate and times by the name of the clip."""
    rows = [
        [name, f"{clip.kbps:.4f}", f"{clip.encode_s:.6f}", f"{clip.decode_s:.6f}"]
        for name, clip in coded.items()
    ]
    write_file(folder / CODED_CSV, csv_bytes(["clip", *_NUMBERS], rows))


def _read_coded_csv(path: Path) -> dict[str, tuple[float, ...]]:
    """Return rate and times by clip."""
    with path.open(newline="", encoding="utf-8") as file:
        try:
            rows = csv.DictReader(file)
            return {row["clip"]: tuple(float(row[name]) for name in _NUMBERS) for row in rows}
        except (KeyError, TypeError, ValueError):
            raise FormatError(
                f"{path}: expected the columns clip, and numbers in kbps, encode_s and decode_s"
            ) from None


def parse_folders(text: str) -> list[CodedFolder]:
    """Return the folders that ``NAME=FOLDER``, ``NAME@RATE=FOLDER`` or ``FOLDER`` stands for.

    The last form takes every folder in FOLDER, under its own name, slowest rates first.

    Raises
    ------
    ArgumentError
        If a folder does not exist, or RATE is not a number of kbit/s.
    """
    label, equals, path = text.partition("=")
    if not equals:
        inside = sorted(filter(Path.is_dir, Path(text).glob("*")), key=lambda p: _natural(p.name))
        if not inside:
            raise ArgumentError(f"--with {text}: expected NAME=FOLDER, or a folder of folders")
        return [CodedFolder.open(p.name, p) for p in inside]
    name, at, rate = label.rpartition("@")
    try:
        kbps = float(rate) if at else None
    except ValueError:
        raise ArgumentError(f"--with {text}: expected a rate in kbit/s, got {rate!r}") from None
    return [CodedFolder.open(name if at else label, Path(path), kbps)]


def _natural(name: str) -> list[tuple[float, str]]:
    """Return a key that sorts names by the numbers in them."""
    parts = re.split(r"(\d+(?:\.\d+)?)", name)
    return [(float(p), "") if i % 2 else (0.0, p) for i, p in enumerate(parts)]
