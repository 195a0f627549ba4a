"""`open`: a ``.cvq`` file for reading or writing."""

import os
from typing import IO, Any, Literal, overload

from ..errors import ArgumentError
from ..output import Sink
from .reader import SpeechReader
from .writer import SpeechWriter


@overload
def open(
    file: str | os.PathLike[str] | IO[bytes], direction: Literal["r"] = "r", /, **options: Any
) -> SpeechReader: ...
@overload
def open(
    file: str | os.PathLike[str] | Sink, direction: Literal["w"], /, **options: Any
) -> SpeechWriter: ...
def open(file: Any, direction: str = "r", /, **options: Any) -> SpeechReader | SpeechWriter:
    """Open a ``.cvq`` file: decode speech from it, or encode speech into it.

    Parameters
    ----------
    file : path or binary file
        The file; a pipe works as well.
    direction : {"r", "w"}
        Whether to read or to write.
    **options
        Keyword arguments of `SpeechReader` (samplerate, dtype, enhancement, tables, strict) or of
        `SpeechWriter` (samplerate, mode, preset, bitrate, axis, channel, highpass, dtx, tables,
        variable, n_samples).

    Returns
    -------
    SpeechReader or SpeechWriter

    Raises
    ------
    ArgumentError
        If the direction is neither ``"r"`` nor ``"w"``.

    Examples
    --------
    >>> import io, celpvq
    >>> file = io.BytesIO()
    >>> with celpvq.open(file, "w", samplerate=16000, mode=4800) as writer:
    ...     for chunk in [[0.0] * 500, [0.1] * 300]:
    ...         writer.write(chunk)
    >>> _ = file.seek(0)
    >>> with celpvq.open(file, samplerate=16000) as reader:
    ...     [len(frame) for frame in reader]
    [320, 320, 160]
    """
    if direction == "r":
        return SpeechReader(file, **options)
    if direction == "w":
        return SpeechWriter(file, **options)
    raise ArgumentError(f"direction: expected 'r' or 'w', got {direction!r}")
