"""Formats made of chunks: WAV in all its forms, AIFF, 8SVX, W64, CAF."""

import struct
from collections.abc import Iterator
from typing import IO, NamedTuple

from .extent import (
    MAX_32,
    Extent,
    Field,
    after_padding,
    is_stand_in,
    number_at,
    survey_extent,
)
from .magic import starts_sound
from .survey import Part, Survey, Surveyed
from .tags import skip_back
from .view import Stretch, read_at

_W64_RIFF = bytes.fromhex("726966662e91cf11a5d628db04c10000")
_W64_REST = bytes.fromhex("f3acd3118cd100c04f8edb8a")  # behind the name of any other chunk
# chunks that stand behind the sound; one of them may be cut short, the sound is whole
_TRAILERS = {
    b"LIST", b"INFO", b"DISP", b"id3 ", b"ID3 ", b"bext", b"iXML", b"_PMX", b"aXML", b"chna",
    b"cue ", b"smpl", b"inst", b"plst", b"fact", b"PEAK", b"JUNK", b"junk", b"PAD ", b"FLLR",
    b"acid", b"levl", b"umid", b"minf", b"elm1", b"regn", b"DGDA", b"strc", b"cart", b"afsp",
    b"NAME", b"AUTH", b"ANNO", b"(c) ", b"COMT", b"MARK", b"INST", b"APPL", b"CHAN", b"free",
    b"info", b"strg", b"mark", b"peak", b"wav ", b"SAUR", b"AESD", b"MIDI",
}  # fmt: skip


class Layout(NamedTuple):
    """How a format writes its chunks."""

    name_len: int
    size: str  # of `struct`
    counts_itself: bool = False  # the size includes name and size
    align: int = 2

    @property
    def head_len(self) -> int:
        """Bytes of name and size."""
        return self.name_len + struct.calcsize(self.size)


class Chunk(NamedTuple):
    """A chunk of a file."""

    name: bytes
    size_at: int  # where its size stands
    start: int  # where its content begins
    size: int  # of the content, as declared

    def end(self, layout: Layout) -> int:
        """Return where the next chunk begins."""
        return self.start + self.size + -self.size % layout.align


_RIFF, _IFF = Layout(4, "<I"), Layout(4, ">I")
_W64 = Layout(16, "<Q", counts_itself=True, align=8)
_CAF = Layout(4, ">q", align=1)


def chunks(file: IO[bytes], start: int, end: int, layout: Layout) -> Iterator[Chunk]:
    """Yield the chunks of a file; the last one may be longer than what is there."""
    while start + layout.head_len <= end:
        head = read_at(file, start, layout.head_len)
        if len(head) < layout.head_len:
            return
        (size,) = struct.unpack(layout.size, head[layout.name_len :])
        if layout.counts_itself:
            size -= layout.head_len
        chunk = Chunk(head[: layout.name_len], start + layout.name_len,
                      start + layout.head_len, size)  # fmt: skip
        yield chunk
        if size < 0 or chunk.end(layout) <= start:
            return
        start = chunk.end(layout)


def survey_riff(file: IO[bytes], begin: int, end: int) -> Surveyed:
    """Survey WAV, RF64 (64 bits) and RIFX (big-endian)."""
    head = read_at(file, begin, 12)
    if head[:4] not in (b"RIFF", b"RF64", b"RIFX") or head[8:] != b"WAVE":
        return None
    layout = _IFF if head[:4] == b"RIFX" else _RIFF
    size_64: int | None = None
    ds64_at = 0
    for chunk in chunks(file, begin + 12, end, layout):
        if chunk.name == b"ds64" and chunk.size >= 16:
            ds64_at = chunk.start + 8
            size_64 = number_at(file, ds64_at, "<Q")
        if chunk.name == b"data":
            break
    else:
        return None
    field, declared = Field(chunk.size_at, layout.size), chunk.size
    if head[:4] == b"RF64" and size_64 is not None and chunk.size == MAX_32:
        field, declared = Field(ds64_at, "<Q"), size_64
    unknown = is_stand_in(declared, 8 * struct.calcsize(field.layout))
    extent = Extent(chunk.start, None if unknown else declared, field, align=2)
    survey, stop = _with_tail(file, begin, end, layout, extent)
    if head[:4] == b"RIFF" and end - chunk.start > MAX_32 and (unknown or survey.notes):
        survey.parts = [Part(_as_rf64(begin, chunk, end))]
    return survey, stop


def _as_rf64(begin: int, data: Chunk, end: int) -> list[Stretch]:
    """Return a WAV file whose length does not fit 32 bits in the form that has 64."""
    size = end - data.start
    ds64 = struct.pack("<4sIQQQI", b"ds64", 28, size + data.start - begin + 28, size, 0, 0)
    unknown = MAX_32.to_bytes(4, "little")
    return [
        b"RF64" + unknown + b"WAVE" + ds64, (begin + 12, data.size_at), unknown, (data.start, end),
    ]  # fmt: skip


def survey_iff(file: IO[bytes], begin: int, end: int) -> Surveyed:
    """Survey AIFF, AIFF-C and 8SVX."""
    head = read_at(file, begin, 12)
    if head[:4] != b"FORM" or head[8:] not in (b"AIFF", b"AIFC", b"8SVX", b"16SV"):
        return None
    aiff = head[8:10] == b"AI"
    name, extra = (b"SSND", 8) if aiff else (b"BODY", 0)
    for chunk in chunks(file, begin + 12, end, _IFF):
        if chunk.name == name:
            break
    else:
        return None
    unknown = is_stand_in(chunk.size) or chunk.size < extra
    declared = None if unknown else chunk.size - extra
    return _with_tail(
        file, begin, end, _IFF,
        Extent(chunk.start + extra, declared, Field(chunk.size_at, ">I", extra),
               to_the_end=not aiff, align=2),
    )  # fmt: skip


def survey_w64(file: IO[bytes], begin: int, end: int) -> Surveyed:
    """Survey Sony's Wave 64."""
    if read_at(file, begin, 16) != _W64_RIFF:
        return None
    for chunk in chunks(file, begin + 40, end, _W64):
        if chunk.name == b"data" + _W64_REST:
            break
    else:
        return None
    declared = None if chunk.size < 0 or is_stand_in(chunk.size, 64) else chunk.size
    return _with_tail(
        file, begin, end, _W64,
        Extent(chunk.start, declared, Field(chunk.size_at, "<Q", 24), to_the_end=True, align=8),
    )  # fmt: skip


def survey_caf(file: IO[bytes], begin: int, end: int) -> Surveyed:
    """Survey Apple's Core Audio Format."""
    if read_at(file, begin, 4) != b"caff":
        return None
    for chunk in chunks(file, begin + 8, end, _CAF):
        if chunk.name == b"data":
            break
    else:
        return None
    declared = None if chunk.size < 4 or is_stand_in(chunk.size, 64) else chunk.size - 4
    return _with_tail(file, begin, end, _CAF,
                      Extent(chunk.start + 4, declared, Field(chunk.size_at, ">q", 4)))  # fmt: skip


def _with_tail(
    file: IO[bytes], begin: int, end: int, layout: Layout, extent: Extent
) -> tuple[Survey, int]:
    """Survey the sound of a file made of chunks, and the chunks behind it."""

    def follows(file: IO[bytes], start: int, end: int) -> int | None:
        return _tail_end(file, start, end, layout)

    if extent.declared == 0 and extent.start < end and follows(file, extent.start, end) is None:
        extent = extent._replace(declared=None)  # the recorder was killed
    survey, stop = survey_extent(file, begin, end, extent, follows)
    if extent.declared is not None and not survey.missing and not survey.notes:
        after = extent.start + extent.declared + -extent.declared % layout.align
        for chunk in chunks(file, after, stop, layout):
            if chunk.name == b"data" and chunk.size > 0:
                survey.parts[0] = Part([(begin, extent.start + extent.declared)])
                survey.append(_second_run(begin, stop, extent, chunk))
    return survey, stop


def _second_run(begin: int, end: int, extent: Extent, chunk: Chunk) -> Survey:
    """Return another run of samples under the same header."""
    stop = min(chunk.start + chunk.size, end)
    size = struct.pack("<I" if extent.field is None else extent.field.layout, stop - chunk.start)
    offset = extent.start if extent.field is None else extent.field.offset
    survey = Survey([Part([
        (begin, offset), size, (offset + len(size), extent.start), (chunk.start, stop)
    ])])  # fmt: skip
    if stop < chunk.start + chunk.size:
        survey.missing.append(
            f"expected {chunk.size} more bytes of sound, got {stop - chunk.start}"
        )
    return survey


def _tail_end(file: IO[bytes], start: int, end: int, layout: Layout) -> int | None:
    """Return where chunks, tags and zeros end that fill the file, or reach another sound file."""
    if (stop := after_padding(file, start, end)) is not None:
        return stop
    end = skip_back(file, start, end)
    at = start
    for chunk in chunks(file, start, end, layout):
        if starts_sound(file, chunk.size_at - layout.name_len):
            return at
        if not all(32 <= byte < 127 for byte in chunk.name[:4]) or chunk.size < 0:
            break
        if chunk.start + chunk.size > end:
            return end if chunk.name[:4] in _TRAILERS else None
        at = chunk.end(layout)
    return end if at >= end else after_padding(file, at, end) if at > start else None
