"""Sound files in blocks: an hour of sound never stands in memory.

libsndfile decodes. It says nothing about sound that is missing, and believes wrong headers. So
`whole.survey` first finds out from the data how long the sound is. A file that lacks something is a
`TruncatedStream`, unless the caller asks for what there is.
"""

import io
import os
import re
import stat
import tempfile
import weakref
from collections.abc import Iterator
from typing import IO, Any, NamedTuple

import numpy as np

from .._types import F64
from ..errors import ArgumentTypeError, SoundFileError, TruncatedStream
from ..output import write_all
from . import magic, whole
from .arrays import check_samplerate
from .rawfiles import check_subtype, raw_blocks
from .sound import Sound
from .survey import Part
from .view import View

BLOCK_VALUES = 1 << 16  # samples of all channels that are read at a time
_COPY_LEN = 1 << 20
_UNKNOWN_LEN = 1 << 62  # libsndfile's number for it is 2**63 - 1
_WAY_ON = "--partial takes what there is"


class _Opened(NamedTuple):
    """A part of a file, and what libsndfile says of it."""

    part: Part
    samplerate: int
    channels: int
    n_samples: int | None


def read_sound(file: IO[bytes], name: str, *, strict: bool = True) -> Sound:
    """Open a sound file in any format that libsndfile reads; its content tells the format.

    Parameters
    ----------
    file : binary file
        Open for reading, at the start of the sound. Anything but a plain file is copied to a
        temporary file first: a pipe, a socket, a compressed file.
    name : str
        The name of the file in error messages.
    strict : bool
        If not, a file that is cut or damaged gives what it has, and `Sound.notes` says what is
        missing.

    Raises
    ------
    SoundFileError
        If it is not sound, or damaged.
    TruncatedStream
        If sound is missing.
    """
    source, start = _plain(file, name)
    try:
        end = source.seek(0, os.SEEK_END)
        found = whole.survey(source, start, end)
        if strict and found.missing:
            raise TruncatedStream(f"{name}: {_first(found.missing)}; {_WAY_ON}")
        opened = _open_all(source, found.parts, name, strict, found.missing)
    except BaseException:
        if source is not file:
            source.close()
        raise
    lengths = [part.n_samples for part in opened]
    known = [n for n in lengths if n is not None]
    sound = Sound(
        check_samplerate(opened[0].samplerate, f"{name}: sample rate"),
        opened[0].channels,
        sum(known) if len(known) == len(lengths) else None,
        found.notes + found.missing,
    )
    sound.blocks = _blocks(source, opened, name, strict, sound.notes)
    if source is not file:
        weakref.finalize(sound, source.close)
    return sound


def read_raw(
    file: IO[bytes], samplerate: int, name: str, *, subtype: str = "PCM_16", strict: bool = True
) -> Sound:
    """Open headerless sound of one channel.

    Parameters
    ----------
    file : binary file
        Open for reading; a pipe will do.
    samplerate : int
        Its rate [Hz].
    name : str
        The name of the file in error messages.
    subtype : {"PCM_16", "ALAW", "ULAW"}
        What a sample is: 16 bits, little-endian; a byte of A-law; a byte of mu-law.
    strict : bool
        If not, half a sample at the end is left out.
    """
    sound = Sound(check_samplerate(samplerate), 1, None, [])
    sound.blocks = raw_blocks(file, check_subtype(subtype), name, strict=strict)
    return sound


def _plain(file: IO[bytes], name: str) -> tuple[IO[bytes], int]:
    """Return a file that can go back for certain, and where the sound begins in it."""
    if isinstance(file, io.TextIOBase) or not hasattr(file, "read"):
        raise ArgumentTypeError(f"file: expected a binary file, got {type(file).__name__}")
    raw = getattr(file, "raw", file)
    if isinstance(file, io.BytesIO) or (
        isinstance(raw, io.FileIO) and stat.S_ISREG(os.fstat(raw.fileno()).st_mode)
    ):
        return file, file.tell()
    copy = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115  # the caller closes it
    try:
        while data := file.read(_COPY_LEN):
            write_all(copy, data)
        if data is None:
            raise SoundFileError(
                f"{name}: expected a file that waits for data, got a non-blocking one"
            )
    except TypeError:
        copy.close()
        raise ArgumentTypeError(f"{name}: expected bytes, got {type(data).__name__}") from None
    except BaseException:
        copy.close()
        raise
    return copy, 0


def _first(missing: list[str]) -> str:
    more = len(missing) - 1
    return missing[0] + (f" (and {more} more faults)" if more else "")


def _soundfile(view: View, name: str) -> Any:
    """Open a view with libsndfile."""
    import soundfile

    try:
        sound = soundfile.SoundFile(view)
    except (soundfile.SoundFileError, TypeError) as error:
        if view.error is not None:
            raise SoundFileError(f"{name}: {view.error.strerror or view.error}") from view.error
        raise SoundFileError(f"{name}: {_not_sound(view, error)}") from None
    sound.seekable = lambda: False  # it would seek after every read, and fail at the end of some
    return sound


def _open_all(
    source: IO[bytes], parts: list[Part], name: str, strict: bool, missing: list[str]
) -> list[_Opened]:
    """Return the parts that can be read; they must have the same rate and channels."""
    opened: list[_Opened] = []
    for number, part in enumerate(parts, 1):
        where = f"{name}, part {number} of {len(parts)}" if number > 1 else name
        try:
            with _soundfile(part.view(source), where) as sound:
                rate, channels, frames = sound.samplerate, sound.channels, sound.frames
        except SoundFileError as error:
            if strict or not opened:
                raise
            missing.append(str(error))
            continue
        n_samples = part.n_samples
        if n_samples is None and frames < _UNKNOWN_LEN:
            n_samples = frames
        if opened and (rate, channels) != opened[0][1:3]:
            text = (
                f"part {number} of {len(parts)} has {rate} Hz and {channels} channels,"
                f" the first one {opened[0].samplerate} Hz and {opened[0].channels}"
            )
            if strict:
                raise SoundFileError(f"{name}: {text}; split the file, or {_WAY_ON} of one kind")
            missing.append(text)
            continue
        opened.append(_Opened(part, rate, channels, n_samples))
    if not opened:
        raise SoundFileError(f"{name}: no sound in it; expected a sound file")
    return opened


def _blocks(
    source: IO[bytes], opened: list[_Opened], name: str, strict: bool, notes: list[str]
) -> Iterator[F64]:
    """Yield the samples (n, channels) of all parts."""
    n_before = 0
    for part in opened:
        n_read, error = 0, None
        view = part.part.view(source)
        with _soundfile(view, name) as sound:
            size = max(BLOCK_VALUES // part.channels, 1)
            while error is None:
                block, error = _block(sound, size)
                if not len(block):
                    break
                n_read += len(block)
                yield block
        if view.error is not None:
            raise SoundFileError(f"{name}: {view.error.strerror or view.error}") from view.error
        n_before += n_read
        _check_length(name, part.n_samples, n_read, n_before, error, strict, notes)


def _block(sound: Any, size: int) -> tuple[F64, Exception | None]:
    """Return the next samples, and the error that came behind them."""
    import soundfile

    out = np.full((size, sound.channels), np.nan)
    try:
        return sound.read(out=out), None
    except soundfile.SoundFileError as error:  # it has often filled a part before
        n = np.flatnonzero(~np.isnan(out[:, 0]))
        return out[: n[-1] + 1 if len(n) else 0], error


def _check_length(
    name: str, expected: int | None, n_read: int, n_before: int, error: Exception | None,
    strict: bool, notes: list[str],
) -> None:  # fmt: skip
    """Raise, or note, if a part has other samples than it should."""
    if expected is not None and n_read >= expected:
        if n_read > expected:
            notes.append(f"the header says {expected} samples, {n_read} are there")
        return  # an error behind the last sample is about what follows it
    if error is not None:
        text = f"damaged after {n_before} samples: {_reason(error)}"
    elif expected is not None:
        text = f"expected {expected} samples, got {n_read}"
    else:
        return
    if strict:
        kind = TruncatedStream if error is None else SoundFileError
        raise kind(f"{name}: {text}; {_WAY_ON}")
    notes.append(text)


def _reason(error: Exception) -> str:
    """Return libsndfile's message without its prefix."""
    return re.sub(r"^Error.*?: ", "", str(error)).rstrip(".")


def _not_sound(view: View, error: Exception) -> str:
    """Return why a file cannot be read that libsndfile refuses."""
    view.seek(0)
    head = view.read(64) or b""
    if not head:
        return "empty, expected a sound file"
    if head.startswith(b"\x89CVQ"):
        return "a celpvq stream already, expected a sound file"
    kind = magic.foreign(head)
    if kind is not None:
        return (
            f"{kind} is not a sound file that can be read; convert it first, as with"
            " `ffmpeg -i IN -f wav OUT.wav`"
        )
    if magic.is_sound(head):
        return f"not a sound file that can be read: {_reason(error)}"
    return f"not a sound file that can be read ({_reason(error)}); headerless samples need --raw"
