"""Speech clips at 8 kHz: the bundled ones, and the files of a folder."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from .._types import F64, I16
from ..codec.common.samples import FULL_SCALE
from ..codec.format import modes
from ..codec.format.modes import DELAY, FRAME_LEN, SAMPLERATE
from ..errors import ArgumentError, SoundFileError

T = TypeVar("T")

SUFFIXES = (".flac", ".wav")
_PACKAGE = Path(__file__).parents[1]
_BUNDLED = (_PACKAGE / "data", _PACKAGE.parent / "data" / "clips")  # of a wheel, of a checkout
_MESSAGES = (_PACKAGE / "data" / "messages", _PACKAGE.parent / "data" / "messages")


@dataclass(frozen=True, slots=True)
class Clip:
    """A recording in a file."""

    name: str  # its path below the folder, with slashes
    path: Path
    seconds: float

    def read(self) -> F64:
        """Return its samples; see `read_clip`."""
        return read_clip(self.path)


def read_clip(path: Path) -> F64:
    """Return the samples (n,) of a sound file, in [-1, 1).

    Raises
    ------
    ArgumentError
        If it does not hold 8000 Hz, one channel and at least one sample.
    """
    import soundfile

    samples, rate = soundfile.read(path, dtype="float64")
    if rate != SAMPLERATE or samples.ndim != 1 or not samples.size:
        raise ArgumentError(
            f"{path}: expected {SAMPLERATE} Hz and samples of one channel,"
            f" got {rate} Hz, {samples.shape}"
        )
    return samples  # type: ignore[no-any-return]


def clip_paths() -> tuple[Path, ...]:
    """Return the files of the bundled clips, sorted by name: 8000 Hz, mono, FLAC."""
    return _bundled(_BUNDLED, "*.flac")


def message_paths() -> tuple[Path, ...]:
    """Return the coded messages that ask for the answers 1 to 5 of a listening test."""
    return _bundled(_MESSAGES, "*.cvq")


def _bundled(folders: Sequence[Path], pattern: str) -> tuple[Path, ...]:
    """Return the files of the first folder that has some, sorted by name."""
    for folder in folders:
        if paths := tuple(sorted(folder.glob(pattern))):
            return paths
    raise FileNotFoundError(f"no clips in {' or '.join(map(str, folders))}")


def find_clips(folder: Path, limit: int | None = None) -> list[Clip]:
    """Return the WAV and FLAC files below a folder, or `limit` of them, evenly spaced.

    Raises
    ------
    ArgumentError
        If the folder does not exist or holds no such file, or if a file is not at 8000 Hz with one
        channel.
    SoundFileError
        If a file is not a sound file.
    """
    if not folder.is_dir():
        raise ArgumentError(f"{folder}: expected a folder of speech")
    paths = sorted(p for p in folder.rglob("*") if p.suffix in SUFFIXES)
    if not paths:
        raise ArgumentError(f"{folder}: expected speech in {' or '.join(SUFFIXES)} files, got none")
    if limit is not None:
        paths = evenly_spaced(paths, limit)
    return [Clip(path.relative_to(folder).as_posix(), path, _seconds(path)) for path in paths]


def evenly_spaced(items: Sequence[T], n: int) -> list[T]:
    """Return n of the items, evenly spaced; all of them if there are no more."""
    n = min(n, len(items))
    return [items[i * len(items) // n] for i in range(n)]


def _seconds(path: Path) -> float:
    """Return the duration of a file; raise an error if it is not a clip."""
    import soundfile

    try:
        info = soundfile.info(path)
    except soundfile.SoundFileError as error:
        reason = getattr(error, "error_string", error)
        raise SoundFileError(f"{path}: not a sound file that can be read ({reason})") from None
    if info.samplerate != SAMPLERATE or info.channels != 1:
        got = f"{info.samplerate} Hz, {info.channels} channels"
        raise ArgumentError(f"{path}: expected {SAMPLERATE} Hz, one channel, got {got}")
    return float(info.duration)


def padded(x: F64) -> F64:
    """Return x (n,) followed by zeros, as the whole frames that code all of it."""
    return np.pad(x, (0, modes.n_frames(len(x)) * FRAME_LEN - len(x)))


def aligned(pcm: I16, n: int) -> F64:
    """Return the n samples of a decoder's output that belong to the original, in [-1, 1)."""
    return pcm[DELAY : DELAY + n] / FULL_SCALE
