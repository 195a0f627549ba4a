"""A folder of speech for training: its clips, their speakers, and the clips that are held back."""

import csv
import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .._types import F64
from ..audio import Resampler, as_mono, read_sound
from ..codec.format.modes import SAMPLERATE
from ..errors import ArgumentError, FormatError

SUFFIXES = frozenset({".flac", ".wav", ".ogg", ".mp3", ".aiff", ".au"})


@dataclass(frozen=True, slots=True)
class Clip:
    """A recording in a file."""

    path: Path
    source: str
    speaker: str
    language: str  # "" if unknown

    def read(self) -> F64:
        """Return its samples (n,) at 8 kHz, the mean of all channels."""
        with self.path.open("rb") as file:
            sound = read_sound(file, str(self.path))
            resampler = Resampler(sound.samplerate, SAMPLERATE)
            parts = [resampler.write(as_mono(block, axis=1)) for block in sound.blocks]
            return np.concatenate([*parts, resampler.flush()])


def find_clips(folder: Path) -> list[Clip]:
    """Return the sound files below `folder` as clips, sorted by path.

    A ``manifest.csv`` in the folder, with columns ``file``, ``speaker``, ``lang`` and ``source``,
    names the speakers. For files that it lacks, every subfolder counts as one speaker.

    Raises
    ------
    ArgumentError
        If the folder does not exist or holds no sound file.
    FormatError
        If the manifest is not CSV in UTF-8 or has no column ``file``.
    """
    if not folder.is_dir():
        raise ArgumentError(f"{folder}: expected a folder of speech")
    manifest = folder / "manifest.csv"
    known = read_manifest(manifest) if manifest.is_file() else {}
    clips = []
    for path in sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES):
        name = path.relative_to(folder).as_posix()
        row = known.get(name, known.get(path.name, {}))
        source = row.get("source") or path.parent.name
        speaker = row.get("speaker") or path.parent.name
        clips.append(Clip(path, source, f"{source}/{speaker}", row.get("lang") or ""))
    if not clips:
        raise ArgumentError(f"{folder}: holds no sound file ({', '.join(sorted(SUFFIXES))})")
    return clips


def read_manifest(path: Path) -> dict[str, dict[str, str]]:
    """Return the rows of a manifest by file.

    Raises
    ------
    FormatError
        If it is not CSV in UTF-8 or has no column ``file``.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as lines:
            reader = csv.DictReader(lines, strict=True)
            if "file" not in (reader.fieldnames or ()):
                raise FormatError(f"{path}: expected a column file")
            return {row["file"]: row for row in reader if row["file"]}
    except (UnicodeDecodeError, csv.Error) as error:
        raise FormatError(f"{path}: expected CSV in UTF-8: {error}") from None


def balanced(clips: Iterable[Clip], seed: int) -> list[Clip]:
    """Return the clips in an order whose every beginning has a fair share of all speakers."""
    rng = random.Random(seed)  # noqa: S311 - not a secret
    by_language: dict[str, dict[str, list[Clip]]] = defaultdict(lambda: defaultdict(list))
    for clip in clips:
        by_language[clip.language][clip.speaker].append(clip)
    queue = []
    for speakers in by_language.values():
        for _, own in sorted(speakers.items()):
            offset = rng.random()
            rng.shuffle(own)
            # each speaker has one clip in each round, at an offset of its own
            queue += [(k + offset, clip.path.as_posix(), clip) for k, clip in enumerate(own)]
    queue.sort(key=lambda item: item[:2])
    return [clip for _, _, clip in queue]


def hold_back(clips: Sequence[Clip], share: float, seed: int) -> tuple[list[Clip], list[Clip]]:
    """Split the clips by speaker, into clips for training and clips held back for decisions.

    Speakers are drawn at random until about `share` of the clips is held back. A speaker with more
    clips than that stays in training.
    """
    by_speaker: dict[str, list[Clip]] = defaultdict(list)
    for clip in clips:
        by_speaker[clip.speaker].append(clip)
    names = sorted(by_speaker)
    random.Random(seed).shuffle(names)  # noqa: S311 - not a secret
    room = share * len(clips)
    held: set[str] = set()
    for name in names:
        if len(by_speaker[name]) <= room:
            held.add(name)
            room -= len(by_speaker[name])
    kept = [clip for clip in clips if clip.speaker not in held]
    return kept, [clip for clip in clips if clip.speaker in held]
