"""Folders of speech that other codecs have coded and decoded."""

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import numpy as np

from ..errors import ArgumentError, FormatError
from .contenders import UNKNOWN, Clip, Coded, hash_of, read_speech
from .signal import Signal

SUFFIXES = (".flac", ".wav")
CODED_CSV = "coded.csv"  # what each clip took


@dataclass(frozen=True, slots=True)
class Folder:
    """Speech that another codec has coded and decoded: a file for each clip, of the same name.

    The file may be WAV where the clip is FLAC. A `coded.csv` in the folder, with columns clip,
    kbps, encode_s and decode_s, says what each clip took; without it the rate has to be given.
    """

    name: str
    path: Path
    kbps: float = UNKNOWN
    took: Mapping[str, tuple[float, ...]] = field(default_factory=dict, repr=False)

    @classmethod
    def open(cls, name: str, path: Path, kbps: float | None = None) -> Self:
        """Return the folder at `path`; raise an error if it is none, or its list is no such."""
        if not path.is_dir():
            raise ArgumentError(f"{name}: expected a folder, {path} is none")
        took = _read_took(path / CODED_CSV) if (path / CODED_CSV).exists() else {}
        return cls(name, path, UNKNOWN if kbps is None else kbps, took)

    def key(self, clip: Clip) -> str:
        """Return a hash of both files and the rate, and one of what the list says."""
        coded = self._find(clip)
        if coded is None:
            return ""
        files = hash_of(clip.path.read_bytes(), coded.read_bytes(), self.kbps)
        return f"{files}-{hash_of(self.took.get(clip.name))}"

    def code(self, clip: Clip, ref: Signal) -> Coded:
        """Return the clip that the folder holds; raise `ArgumentError` if it does not fit."""
        path = self._find(clip)
        if path is None:
            raise ArgumentError(f"no such file in {self.path}")
        samples = read_speech(path)
        if samples.size != ref.size:
            raise ArgumentError(f"expected {ref.size} samples, got {samples.size}")
        kbps, encode_s, decode_s = self.took.get(clip.name, (self.kbps, UNKNOWN, UNKNOWN))
        return Coded(samples, kbps if np.isnan(self.kbps) else self.kbps, encode_s, decode_s)

    def _find(self, clip: Clip) -> Path | None:
        """Return the coded file."""
        same = self.path / clip.name
        others = (same.with_suffix(suffix) for suffix in SUFFIXES)
        return next((path for path in (same, *others) if path.is_file()), None)


def _read_took(path: Path) -> dict[str, tuple[float, ...]]:
    """Return rate and times by clip."""
    with path.open(newline="", encoding="utf-8") as file:
        try:
            rows = csv.DictReader(file)
            return {
                row["clip"]: tuple(float(row[name]) for name in ("kbps", "encode_s", "decode_s"))
                for row in rows
            }
        except (KeyError, TypeError, ValueError):
            raise FormatError(
                f"{path}: expected the columns clip, and numbers in kbps, encode_s and decode_s"
            ) from None


def parse_folders(text: str) -> list[Folder]:
    """Return what ``NAME=FOLDER``, ``NAME@RATE=FOLDER`` or ``FOLDER`` stands for.

    The last form takes every folder in FOLDER, under its own name, slowest rates first.

    Raises
    ------
    ArgumentError
        If a folder is not there, or RATE is not a number of kbit/s.
    """
    label, equals, path = text.partition("=")
    if not equals:
        inside = sorted(filter(Path.is_dir, Path(text).glob("*")), key=lambda p: _natural(p.name))
        if not inside:
            raise ArgumentError(f"--with {text}: expected NAME=FOLDER, or a folder of folders")
        return [Folder.open(p.name, p) for p in inside]
    name, at, rate = label.rpartition("@")
    try:
        kbps = float(rate) if at else None
    except ValueError:
        raise ArgumentError(f"--with {text}: expected a rate in kbit/s, got {rate!r}") from None
    return [Folder.open(name if at else label, Path(path), kbps)]


def _natural(name: str) -> list[tuple[float, str]]:
    """Return a key that sorts names by the numbers in them."""
    parts = re.split(r"(\d+(?:\.\d+)?)", name)
    return [(float(p), "") if i % 2 else (0.0, p) for i, p in enumerate(parts)]
