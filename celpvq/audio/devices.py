"""Microphone and loudspeaker, by the package sounddevice."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .._packages import load
from .._types import F32
from ..errors import DeviceError, MissingPackageError

_LIST = "`python -m sounddevice` lists the devices"
MICROPHONE, LOUDSPEAKER = "mic", "speaker"  # in the place of a file's name


def _sounddevice() -> Any:
    """Import the package, or raise an error that names the missing part."""
    try:
        return load("sounddevice", "a microphone or loudspeaker", "live")
    except OSError as error:  # the package is there, the library it calls is not
        raise MissingPackageError(f"sounddevice needs the PortAudio library: {error}") from None


@contextlib.contextmanager
def _opened(kind: str, **options: Any) -> Iterator[Any]:
    """Open a stream of one channel of float32, started."""
    package = _sounddevice()
    try:
        with getattr(package, kind)(channels=1, dtype="float32", **options) as stream:
            yield stream
    except package.PortAudioError as error:
        text = str(error.args[0]) if error.args else "unknown error"
        raise DeviceError(f"sound device: {text}; {_LIST}") from None
    except ValueError as error:  # no such device
        if isinstance(error, DeviceError):
            raise
        raise DeviceError(f"sound device: {error}; {_LIST}") from None


@contextlib.contextmanager
def microphone(
    samplerate: int, block_len: int, device: int | str | None = None
) -> Iterator[Iterator[F32]]:
    """Open a microphone; the context is an endless iterator over blocks (block_len,).

    Raises
    ------
    MissingPackageError
        If sounddevice or PortAudio is not installed.
    DeviceError
        If there is no such device, or it cannot be used.
    """
    options = {"samplerate": samplerate, "blocksize": block_len, "device": device}
    with _opened("InputStream", **options) as stream:

        def blocks() -> Iterator[F32]:
            while True:
                samples, _ = stream.read(block_len)
                yield np.array(samples[:, 0])

        yield blocks()


@contextlib.contextmanager
def loudspeaker(
    samplerate: int, device: int | str | None = None
) -> Iterator[Callable[[F32], None]]:
    """Open a loudspeaker; the context is a function that takes samples (n,) to play.

    Raises
    ------
    MissingPackageError, DeviceError
        As for `microphone`.
    """
    with _opened("OutputStream", samplerate=samplerate, device=device) as stream:
        yield lambda samples: stream.write(np.ascontiguousarray(samples[:, None]))


@contextlib.contextmanager
def both(
    callback: Callable[[F32], F32], samplerate: int, block_len: int,
    devices: tuple[int | str | None, int | str | None] = (None, None),
) -> Iterator[Any]:  # fmt: skip
    """Open both; `callback` turns each block (block_len,) recorded into the block to play.

    Raises
    ------
    MissingPackageError, DeviceError
        As for `microphone`.
    """

    def run(recorded: F32, played: F32, *_: Any) -> None:
        played[:, 0] = callback(recorded[:, 0])

    options = {"samplerate": samplerate, "blocksize": block_len, "device": devices}
    with _opened("Stream", callback=run, latency="low", **options) as stream:
        yield stream


def device(text: str) -> int | str:
    """Return a device given as an option: its number, or a part of its name."""
    return int(text) if text.isdigit() else text
