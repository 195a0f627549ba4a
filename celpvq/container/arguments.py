"""Checks of arguments: files to read from and to write to, and packets."""

import contextlib
import io
import os
from collections.abc import Iterator
from typing import IO, Any, TypeAlias

from ..errors import ArgumentTypeError

Source: TypeAlias = str | os.PathLike[str] | bytes | IO[bytes]


def check_binary(file: Any, method: str) -> None:
    """Raise `ArgumentTypeError` unless `file` is a binary file with this method."""
    if isinstance(file, io.TextIOBase) or not hasattr(file, method):
        raise ArgumentTypeError(
            f"file: expected a binary file or its path, got {type(file).__name__}"
        )


def check_packet(packet: object) -> None:
    """Raise `ArgumentTypeError` unless a packet is bytes."""
    if not isinstance(packet, bytes | bytearray | memoryview):
        raise ArgumentTypeError(f"packets: expected bytes, got {type(packet).__name__}")


@contextlib.contextmanager
def reading(source: Source) -> Iterator[IO[bytes]]:
    """Open a path, or the bytes of a file, for reading; a file that is open stays open."""
    if isinstance(source, (str, os.PathLike)):
        with open(source, "rb") as file:
            yield file
    elif isinstance(source, (bytes, bytearray, memoryview)):
        yield io.BytesIO(source)
    else:
        yield source
