"""Sound into a file or a pipe."""

import io
import os
import struct
from pathlib import Path
from typing import Any

import numpy as np

from .._types import I16
from ..errors import ArgumentError, FormatError, SoundFileError
from ..output import Sink, write_all
from .rawfiles import check_subtype, compress

_ALL_ONES = 0xFFFFFFFF


class SoundWriter:
    """Write int16 samples to a WAV file, a headerless file, or a format of libsndfile.

    Parameters
    ----------
    file : binary file
        Open for writing. WAV and headerless sound go to pipes as well.
    suffix : str
        ``".wav"``, ``".raw"``, or the usual ending of another format (``".flac"``, ``".ogg"``).
    samplerate : int
        Rate [Hz].
    n_samples : int, optional
        The length, if known. The header of a WAV file contains it.
    subtype : {"PCM_16", "ALAW", "ULAW"}
        Format of a sample of a headerless file.
    n_channels : int
        Number of channels.

    Raises
    ------
    ArgumentError
        If no known format has this ending.
    FormatError
        If the format cannot hold sound of this rate.
    """

    def __init__(
        self, file: Sink, suffix: str, samplerate: int, n_samples: int | None = None, *,
        subtype: str = "PCM_16", n_channels: int = 1,
    ) -> None:  # fmt: skip
        self._file = file
        self._sound: Any = None
        self._samplerate, self._n_declared, self._n_written = samplerate, n_samples, 0
        self._subtype, self._n_channels = check_subtype(subtype), n_channels
        self._is_wav = suffix in (".wav", ".wave")
        if self._is_wav:
            write_all(file, _wav_header(samplerate, n_samples, n_channels))
        elif suffix != ".raw":
            self._sound = _open_for_writing(file, suffix, samplerate, n_channels)

    def write(self, samples: I16) -> None:
        """Append samples, (n,) or (n, n_channels)."""
        self._n_written += len(samples)
        if self._sound is None:
            wide = self._subtype == "PCM_16"
            data = samples.astype("<i2").tobytes() if wide else compress(samples, self._subtype)
            write_all(self._file, data)
            return
        try:
            self._sound.write(samples)
        except (RuntimeError, AssertionError) as error:
            raise SoundFileError(f"could not write {self._sound.format}: {error}") from None
        if self._sound.frames < self._n_written:  # soundfile asserts it, unless Python runs with -O
            raise SoundFileError(
                f"could not write {self._sound.format}: expected {self._n_written} samples,"
                f" got {self._sound.frames}"
            )

    def close(self) -> None:
        """Complete the file, which stays open; a WAV header is made true if the file can seek."""
        if self._sound is not None:
            self._sound.close()
        elif self._is_wav and self._n_written != self._n_declared and self._file.seekable():
            self._file.seek(0)
            header = _wav_header(self._samplerate, self._n_written, self._n_channels)
            write_all(self._file, header)
            self._file.seek(0, os.SEEK_END)


def _wav_header(samplerate: int, n_samples: int | None, n_channels: int) -> bytes:
    """Return the header of a WAV file of 16-bit samples; all ones stand for an unknown length."""
    width = 2 * n_channels  # bytes of the samples at a time
    n_bytes = _ALL_ONES if n_samples is None else min(width * n_samples, _ALL_ONES)
    riff = struct.pack("<4sI4s", b"RIFF", min(36 + n_bytes, _ALL_ONES), b"WAVE")
    fmt = struct.pack(
        "<4sIHHIIHH", b"fmt ", 16, 1, n_channels, samplerate, width * samplerate, width, 16
    )
    return riff + fmt + struct.pack("<4sI", b"data", n_bytes)


def check_suffix(path: str) -> str:
    """Return the ending of a sound file's name, of a device ``.wav``; raise if no format has it."""
    suffix = Path(path).suffix.lower()
    if Path(path).exists() and not Path(path).is_file():
        return ".wav"
    if suffix in (".wav", ".wave", ".raw"):
        return suffix
    import soundfile

    known = {"aif": "AIFF", "opus": "OGG"} | {f.lower(): f for f in soundfile.available_formats()}
    if suffix[1:] not in known:
        raise ArgumentError(
            f"{path}: expected the ending of a sound file, .wav .flac .ogg .aiff, got {suffix!r}"
        )
    return suffix


def _open_for_writing(file: Sink, suffix: str, samplerate: int, n_channels: int) -> Any:
    import soundfile

    kind = {".aif": "AIFF", ".opus": "OGG"}.get(suffix, suffix[1:].upper())
    subtype = "OPUS" if suffix == ".opus" else None
    _check_rate(kind, subtype, samplerate)
    try:
        return soundfile.SoundFile(
            file.fileno(), "w", samplerate, n_channels, subtype, format=kind, closefd=False
        )
    except (RuntimeError, ValueError) as error:
        raise FormatError(f"{kind}: cannot be written at {samplerate} Hz: {error}") from None


def _check_rate(kind: str, subtype: str | None, samplerate: int) -> None:
    """Raise `FormatError` unless a file of this format keeps its rate."""
    import soundfile

    trial = io.BytesIO()
    try:
        soundfile.write(trial, np.zeros(1000), samplerate, subtype, format=kind)
        trial.seek(0)
        kept = soundfile.info(trial).samplerate
    except (RuntimeError, ValueError, TypeError):
        return  # opening the file will report the reason
    if kept != samplerate:
        raise FormatError(
            f"{kind}: cannot be written at {samplerate} Hz: such a file would play at {kept} Hz"
        )
