"""Formats with one run of samples behind a header, and whether its length agrees with the data.

Declared is the number of bytes that a header claims. The truth is one of these:

- as many are there, and what follows is known: chunks, tags, zeros, another sound file;
- the header says nothing, by 0 or a number that stands for "unknown": the data go to the end;
- fewer are there: the file was cut;
- more are there: the number wrapped at 4 GiB, or the recorder was killed. The data go to the end.
"""

import struct
from collections.abc import Callable
from typing import IO, NamedTuple

from .magic import starts_sound
from .survey import Part, Survey
from .tags import padding_end, skip_back
from .view import Stretch, read_at

_MARGIN = 1 << 16
MAX_32 = 0xFFFFFFFF


class Field(NamedTuple):
    """Where a header has the length of the sound."""

    offset: int
    layout: str  # of `struct`
    extra: int = 0  # what it counts besides the sound


class Extent(NamedTuple):
    """What a header says of the sound."""

    start: int  # where the samples begin
    declared: int | None  # bytes; None: unknown
    field: Field | None = None  # None: libsndfile does not read it
    to_the_end: bool = False  # libsndfile reads on, whatever is declared
    align: int = 1  # of what follows


# where that ends which may follow the sound; None: it is something else
Follows = Callable[[IO[bytes], int, int], int | None]


def after_padding(file: IO[bytes], start: int, end: int) -> int | None:
    """Return where tags and zeros end, if the file or another sound file does or begins there."""
    stop = padding_end(file, start, end)
    return stop if stop >= end or starts_sound(file, stop) else None


def is_stand_in(declared: int, bits: int = 32) -> bool:
    """Return whether a length stands for "unknown": near the largest number, signed or not."""
    top = 1 << bits
    return declared >= top - _MARGIN or abs(declared - top // 2) <= _MARGIN


def survey_extent(
    file: IO[bytes], begin: int, end: int, extent: Extent, follows: Follows = after_padding
) -> tuple[Survey, int]:
    """Compare what a header says with the data.

    Parameters
    ----------
    file : binary file
        The sound file.
    begin, end : int
        The stretch of the file that is surveyed, its header included.
    extent : Extent
        What the header says.
    follows : callable
        Where that ends which follows the sound; None if it should not be there.

    Returns
    -------
    survey : Survey
        One part.
    stop : int
        Where the sound ends in the file, and what may follow it.
    """
    start, declared = extent.start, extent.declared
    there = end - start
    survey = Survey()
    stop = end
    real = there
    if declared is None:
        real = skip_back(file, start, end) - start
    elif declared > there:
        survey.missing.append(
            f"expected {declared} bytes of sound, as its header says, got {there}"
        )
    else:
        real = declared
        after = min(start + declared + -declared % extent.align, end)
        found = after if after == end else follows(file, after, end)
        stop = end if found is None else found
        if found is None:
            real = skip_back(file, start, end) - start
            survey.notes.append(
                f"the header says {declared} bytes of sound, {real} are there and were all taken"
            )
    if real == declared and not extent.to_the_end:
        survey.parts.append(Part([(begin, stop)]))
    else:
        survey.parts.append(Part(_patched(begin, extent, real)))
    return survey, stop


def _patched(begin: int, extent: Extent, real: int) -> list[Stretch]:
    """Return the header with the true length, and the samples."""
    stop = extent.start + real
    if extent.field is None:
        return [(begin, stop)]
    offset, layout, extra = extent.field
    largest = (1 << 8 * struct.calcsize(layout)) - 1
    number = struct.pack(layout, min(real + extra, largest))
    return [(begin, offset), number, (offset + len(number), stop)]


def number_at(file: IO[bytes], offset: int, layout: str) -> int | None:
    """Return a number of a header, None if the file ends before it."""
    size = struct.calcsize(layout)
    data = read_at(file, offset, size)
    return int(struct.unpack(layout, data)[0]) if len(data) == size else None
