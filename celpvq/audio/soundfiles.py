"""Sound files in blocks; an hour of them never stands in memory.

soundfile reads whatever it finds and says nothing of what is missing. Here a file that is shorter
than it declares is a `TruncatedStream`, unless the caller asks for what there is.
"""

import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from .._types import F64, I16
from ..errors import SoundFileError, TruncatedStream
from ..output import write_all
from .arrays import check_samplerate
from .whole import check_whole

BLOCK_VALUES = 1 << 16  # samples of all channels that are read at a time
_RAW_LEN = 1 << 15
_COPY_LEN = 1 << 20
_UNKNOWN_LEN = 1 << 62  # libsndfile's word for it is 2**63 - 1


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
        with _copied(file) as copy:
            return read_sound(copy, name, strict=strict)
    if strict:
        check_whole(file, name)
    file.seek(0)
    os.lseek(file.fileno(), 0, os.SEEK_SET)
    try:
        sound = soundfile.SoundFile(os.dup(file.fileno()))  # its own, open as long as it reads
    except (soundfile.SoundFileError, TypeError) as error:
        raise SoundFileError(f"{name}: {_not_sound(file, error)}") from None
    sound.seekable = lambda: False  # it would seek after every read, and fail at the end of some
    n_samples = sound.frames if sound.frames < _UNKNOWN_LEN else None
    return Sound(
        check_samplerate(sound.samplerate, f"{name}: sample rate"),
        sound.channels,
        n_samples,
        _blocks(sound, n_samples if strict else None, name, strict),
    )


def _blocks(sound: Any, n_samples: int | None, name: str, strict: bool) -> Iterator[F64]:
    """Yield the samples of an open sound file, and close it."""
    import soundfile

    n_read, size = 0, max(BLOCK_VALUES // sound.channels, 1) if strict else 1024
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
        if n_samples is not None and n_read < n_samples:
            raise TruncatedStream(f"{name}: expected {n_samples} samples, got {n_read}")


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
    copy = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115  # the caller closes it
    try:
        while data := file.read(_COPY_LEN):
            write_all(copy, data)
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
    reason = re.sub(r"^Error.*?: ", "", str(error)).rstrip(".")
    return f"not a sound file that can be read ({reason}); headerless samples need --raw"
