"""Sound files in blocks, in and out; an hour of them never stands in memory.

soundfile reads whatever it finds and says nothing of what is missing. Here a file that is shorter
than it declares is a `TruncatedStream`, unless the caller asks for what there is. Lengths that
stand for "written to a pipe" (0xFFFFFFFF, and 0x7FFFF000 to 0x7FFFFFFF) declare nothing.
"""

import os
import struct
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from .._types import F64, I16
from ..errors import ArgumentError, FormatError, SoundFileError, TruncatedStream
from ..output import Sink, write_all
from .arrays import check_samplerate

BLOCK_VALUES = 1 << 16  # samples of all channels that are read at a time
_RAW_LEN = 1 << 15
_COPY_LEN = 1 << 20
_WAV_MAX = 0xFFFFFFFF
_OPEN_ENDED = range(0x7FFFF000, 0x80000000)


@dataclass(frozen=True)
class Sound:
    """Sound that is being read: its format, and its samples block by block."""

    samplerate: int  # Hz
    channels: int
    n_samples: int | None  # as the file declares; None if it does not
    blocks: Iterator[NDArray[Any]]  # (n, channels) each, float64 or int16


def read_sound(file: IO[bytes], name: str, *, strict: bool = True) -> Sound:
    """Open a sound file of any format that libsndfile knows, told by its content.

    Parameters
    ----------
    file : binary file
        Open for reading, with a file descriptor; a pipe is copied to a temporary file first.
    name : str
        What error messages call it.
    strict : bool
        If not, a file that is cut short gives what it has.

    Raises
    ------
    SoundFileError
        If it is not sound, or damaged.
    TruncatedStream
        If it is shorter than it declares.
    """
    import soundfile

    if not file.seekable():
        file = _copied(file)
    if strict:
        _check_declared_len(file, name)
    file.seek(0)
    os.lseek(file.fileno(), 0, os.SEEK_SET)
    try:
        sound = soundfile.SoundFile(file.fileno(), closefd=False)
    except (soundfile.SoundFileError, TypeError) as error:
        raise SoundFileError(f"{name}: {_not_sound(file, error)}") from None
    if strict and "ended unexpectedly" in sound.extra_info:  # what libsndfile says of Ogg
        raise TruncatedStream(f"{name}: the {sound.format} file ends before its last page")
    return Sound(
        check_samplerate(sound.samplerate, f"{name}: sample rate"),
        sound.channels,
        sound.frames,
        _blocks(sound, file, name, strict),
    )


def _blocks(sound: Any, file: IO[bytes], name: str, strict: bool) -> Iterator[F64]:
    """Yield the samples of an open sound file, and close it; `file` is held open until then."""
    import soundfile

    n_read, size = 0, max(BLOCK_VALUES // sound.channels, 1)
    with sound:
        while True:
            try:
                block = sound.read(size, dtype="float64", always_2d=True)
            except soundfile.SoundFileError as error:
                if strict:
                    message = f"{name}: damaged after {n_read} samples: {error}"
                    raise SoundFileError(message) from None
                return
            n_read += len(block)
            if not len(block):
                break
            yield block
        if strict and n_read < sound.frames:
            raise TruncatedStream(f"{name}: expected {sound.frames} samples, got {n_read}")


def read_raw(file: IO[bytes], samplerate: int, name: str, *, strict: bool = True) -> Sound:
    """Open headerless sound: 16-bit little-endian samples of one channel."""
    return Sound(check_samplerate(samplerate), 1, None, _raw_blocks(file, name, strict))


def _raw_blocks(file: IO[bytes], name: str, strict: bool) -> Iterator[I16]:
    odd = b""
    while data := file.read(_RAW_LEN):
        data = odd + data
        whole = len(data) & ~1
        odd = data[whole:]
        yield np.frombuffer(data[:whole], "<i2").astype(np.int16)[:, None]
    if odd and strict:
        raise TruncatedStream(f"{name}: expected samples of 2 bytes, got one byte at the end")


def _copied(file: IO[bytes]) -> IO[bytes]:
    """Return a temporary file with all that a pipe delivers."""
    copy = tempfile.TemporaryFile()  # noqa: SIM115  # the caller holds it open
    try:
        while data := file.read(_COPY_LEN):
            copy.write(data)
        copy.flush()
    except BaseException:
        copy.close()
        raise
    return copy


def _not_sound(file: IO[bytes], error: Exception) -> str:
    """Return what is wrong with a file that soundfile refuses."""
    file.seek(0)
    start = file.read(4)
    if not start:
        return "empty, expected a sound file"
    if start == b"\x89CVQ":
        return "a celpvq stream already, expected a sound file"
    reason = str(error).removeprefix("Error : ").rstrip(".")
    return f"not a sound file that can be read ({reason}); headerless samples need --raw"


def _check_declared_len(file: IO[bytes], name: str) -> None:
    """Raise `TruncatedStream` if a WAV, RF64, AIFF or AU file is shorter than it declares."""
    file.seek(0, os.SEEK_END)
    size = file.tell()
    declared, start = _declared_data(file, size)
    if declared is not None and start + declared > size:
        raise TruncatedStream(
            f"{name}: expected {declared} bytes of sound, as its header says, got {size - start}"
        )


def _declared_data(file: IO[bytes], size: int) -> tuple[int | None, int]:
    """Return the declared bytes of sound, if any, and where they start."""
    file.seek(0)
    head = file.read(12)
    if len(head) == 12 and head[:4] == b".snd":
        start, declared = struct.unpack(">II", head[4:])
        return (None if declared == _WAV_MAX else declared), start
    if head[:4] in (b"RIFF", b"RF64") and head[8:] == b"WAVE":
        layout, data_id = "<4sI", b"data"
    elif head[:4] == b"FORM" and head[8:] in (b"AIFF", b"AIFC"):
        layout, data_id = ">4sI", b"SSND"
    else:
        return None, 0
    declared_64 = None
    while len(chunk := file.read(8)) == 8:
        chunk_id, length = struct.unpack(layout, chunk)
        start = file.tell()
        if chunk_id == b"ds64" and len(ds64 := file.read(16)) == 16:
            declared_64 = int.from_bytes(ds64[8:], "little")
        if chunk_id == data_id:
            if length == _WAV_MAX:
                return declared_64, start
            return (None if length in _OPEN_ENDED else length), start
        if start + length > size:
            break
        file.seek(start + length + length % 2)
    return None, 0


class SoundWriter:
    """Write one channel of int16 to a file, as WAV, headerless, or what libsndfile knows.

    Parameters
    ----------
    file : binary file
        Open for writing. WAV and headerless sound go to pipes as well.
    suffix : str
        ``".wav"``, ``".raw"``, or the usual ending of another format (``".flac"``, ``".ogg"``).
    samplerate : int
        Rate [Hz].
    n_samples : int, optional
        The length, if known; a WAV file's header says it.

    Raises
    ------
    ArgumentError
        If the ending is not that of a known format.
    """

    def __init__(
        self, file: Sink, suffix: str, samplerate: int, n_samples: int | None = None
    ) -> None:
        self._file = file
        self._sound: Any = None
        self._samplerate, self._n_declared, self._n_written = samplerate, n_samples, 0
        self._is_wav = suffix in (".wav", ".wave")
        if self._is_wav:
            write_all(file, _wav_header(samplerate, n_samples))
        elif suffix != ".raw":
            self._sound = _open_for_writing(file, suffix, samplerate)

    def write(self, samples: I16) -> None:
        """Append samples, (n,)."""
        self._n_written += len(samples)
        if self._sound is None:
            write_all(self._file, samples.astype("<i2").tobytes())
            return
        try:
            self._sound.write(samples)
        except (RuntimeError, AssertionError) as error:  # a short write is an assertion there
            raise SoundFileError(f"could not write {self._sound.format}: {error}") from None

    def close(self) -> None:
        """Complete the file, which stays open; a WAV header is made true if the file can seek."""
        if self._sound is not None:
            self._sound.close()
        elif self._is_wav and self._n_written != self._n_declared and self._file.seekable():
            self._file.seek(0)
            write_all(self._file, _wav_header(self._samplerate, self._n_written))
            self._file.seek(0, os.SEEK_END)


def _wav_header(samplerate: int, n_samples: int | None) -> bytes:
    """Return the header of a WAV file of 16-bit samples; all ones stand for an unknown length."""
    n_bytes = _WAV_MAX if n_samples is None else min(2 * n_samples, _WAV_MAX)
    riff = struct.pack("<4sI4s", b"RIFF", min(36 + n_bytes, _WAV_MAX), b"WAVE")
    fmt = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, samplerate, 2 * samplerate, 2, 16)
    return riff + fmt + struct.pack("<4sI", b"data", n_bytes)


def check_suffix(path: str) -> str:
    """Return the ending of a sound file's name; raise `ArgumentError` if no format has it."""
    suffix = Path(path).suffix.lower()
    if suffix in (".wav", ".wave", ".raw"):
        return suffix
    import soundfile

    known = {"aif": "AIFF", "opus": "OGG"} | {f.lower(): f for f in soundfile.available_formats()}
    if suffix[1:] not in known:
        raise ArgumentError(
            f"{path}: expected the ending of a sound file, .wav .flac .ogg .aiff, got {suffix!r}"
        )
    return suffix


def _open_for_writing(file: Sink, suffix: str, samplerate: int) -> Any:
    import soundfile

    kind = {".aif": "AIFF", ".opus": "OGG"}.get(suffix, suffix[1:].upper())
    subtype = "OPUS" if suffix == ".opus" else None
    try:
        return soundfile.SoundFile(
            file.fileno(), "w", samplerate, 1, subtype, format=kind, closefd=False
        )
    except (RuntimeError, ValueError) as error:
        raise FormatError(f"{kind}: cannot be written at {samplerate} Hz: {error}") from None
