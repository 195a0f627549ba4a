"""Streams by name."""

import os
from typing import IO, Any, Literal, overload

from ..errors import ArgumentError
from ..output import Sink
from .reader import StreamReader
from .writer import StreamWriter


@overload
def open(
    file: str | os.PathLike[str] | IO[bytes], direction: Literal["r"] = "r", /, **options: Any
) -> StreamReader: ...
@overload
def open(
    file: str | os.PathLike[str] | Sink, direction: Literal["w"], /, **options: Any
) -> StreamWriter: ...
def open(file: Any, direction: str = "r", /, **options: Any) -> StreamReader | StreamWriter:
    """Open a ``.cvq`` stream for reading or writing.

    Parameters
    ----------
    file : path or binary file
        Of the stream.
    direction : {"r", "w"}
        Decode from it, or encode into it.
    **options
        Of `StreamReader` (``samplerate dtype enhancement tables strict``) or `StreamWriter`
        (``samplerate mode preset axis channel highpass tables variable samples``).

    Returns
    -------
    StreamReader or StreamWriter

    Raises
    ------
    ArgumentError
        If the direction is neither.
    """
    if direction == "r":
        return StreamReader(file, **options)
    if direction == "w":
        return StreamWriter(file, **options)
    raise ArgumentError(f"direction: expected 'r' or 'w', got {direction!r}")
