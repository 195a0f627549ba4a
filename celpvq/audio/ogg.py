"""Ogg (Vorbis, Opus, FLAC): pages with numbers and checksums, read to see whether one is missing.

Files may be chained: links, each a file of its own, stand one after the other [1]_.

.. [1] RFC 3533, "The Ogg encapsulation format version 0", 2003.
"""

import zlib
from collections.abc import Iterator
from typing import IO, NamedTuple

from .survey import Part, Survey, Surveyed
from .tags import padding_end
from .view import Stretch, read_at

_FIRST, _LAST = 2, 4  # flags of a page
_HEAD = 27
_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


class Page(NamedTuple):
    """A page of a file."""

    start: int
    end: int
    flags: int
    serial: int  # of the stream that it belongs to
    number: int  # in its stream
    sound: bool  # its checksum agrees


def checksum(page: bytes) -> int:
    """Return the checksum of a page: CRC-32 as in zlib, the bits of each byte reversed."""
    plain = page[:22] + bytes(4) + page[26:]
    crc = zlib.crc32(plain.translate(_REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{crc:032b}"[::-1], 2)


def pages(file: IO[bytes], start: int, end: int) -> Iterator[Page | tuple[int, int]]:
    """Yield the pages of a file, and where bytes are that are no page."""
    while start < end:
        page = _page(file, start, end)
        if page is not None:
            yield page
            start = page.end
            continue
        after = _next_page(file, start + 1, end)
        yield start, after
        start = after


def _page(file: IO[bytes], start: int, end: int) -> Page | None:
    """Return the page at a position, None if no whole one is there."""
    head = read_at(file, start, _HEAD + 255)
    if len(head) < _HEAD or head[:5] != b"OggS\0":
        return None
    lengths = head[_HEAD : _HEAD + head[26]]
    size = _HEAD + head[26] + sum(lengths)
    if len(lengths) < head[26] or start + size > end:
        return None
    data = read_at(file, start, size)
    if len(data) < size:
        return None
    agrees = checksum(data) == int.from_bytes(data[22:26], "little")
    serial, number = (int.from_bytes(data[i : i + 4], "little") for i in (14, 18))
    return Page(start, start + size, data[5], serial, number, agrees)


def _next_page(file: IO[bytes], start: int, end: int) -> int:
    """Return where the next page may begin."""
    while start < end:
        data = read_at(file, start, 1 << 16)
        if (found := data.find(b"OggS")) >= 0:
            return min(start + found, end)
        if len(data) <= 3:
            break
        start += len(data) - 3
    return end


def survey_ogg(file: IO[bytes], begin: int, end: int) -> Surveyed:
    """Survey the links of a file and their pages."""
    if read_at(file, begin, 4) != b"OggS":
        return None
    survey = Survey()
    link: list[Page] = []
    stop, saved = end, b""
    for item in pages(file, begin, end):
        if not isinstance(item, Page):
            start, after = item
            if padding_end(file, start, end) >= after:
                continue
            cut = after >= end and read_at(file, start, 4) == b"OggS"
            if after >= end and not cut and _ended(link):
                stop = start  # something else behind a whole file
                break
            if cut:
                survey.missing.append(f"the page at {start} is cut")
                saved = _whole_packets(read_at(file, start, end - start))
            else:
                survey.missing.append(f"{after - start} bytes at {start} are no page")
            continue
        if item.flags & _FIRST and link and not link[-1].flags & _FIRST:
            _close(file, link, survey)
            link = []
        link.append(item)
    if not link:
        return None
    _close(file, link, survey, saved)
    return survey, stop


def _whole_packets(data: bytes) -> bytes:
    """Return a page with those packets that are whole in a page that is cut, nothing if none is."""
    n, size, whole = 0, 0, (0, 0)
    lengths = data[_HEAD : _HEAD + data[26]] if len(data) > _HEAD else b""
    start = _HEAD + len(lengths)
    for n, length in enumerate(lengths, 1):
        size += length
        if start + size > len(data):
            break
        if length < 255:
            whole = n, size
    n, size = whole
    if not n:
        return b""
    page = data[:26] + bytes([n]) + lengths[:n] + data[start : start + size]
    return page[:22] + checksum(page).to_bytes(4, "little") + page[26:]


def _ended(link: list[Page]) -> bool:
    """Return whether each stream of a link has its last page."""
    last = {page.serial: page for page in link}
    return all(page.flags & _LAST for page in last.values())


def _close(file: IO[bytes], link: list[Page], survey: Survey, saved: bytes = b"") -> None:
    """Add a link and what is wrong with it to the survey; `saved` is a part of its last page."""
    last = link[-1]
    stretches: list[Stretch] = [(link[0].start, last.end)]
    if not _ended(link) and last.sound:  # libsndfile drops some samples without the flag
        if not saved:
            saved = read_at(file, last.start, last.end - last.start)
            stretches = [(link[0].start, last.start)]
        flags = bytes([saved[5] | _LAST])
        stretches.append(with_checksums(saved[:5] + flags + saved[6:]))
    survey.parts.append(Part(stretches))
    survey.missing += [
        f"the page at {page.start} is damaged: its checksum does not agree"
        for page in link
        if not page.sound
    ][:1]
    numbers: dict[int, int] = {}
    for page in link:
        expected = numbers.get(page.serial, page.number - 1) + 1
        if page.number != expected:
            survey.missing.append(
                f"expected page {expected} of the Ogg stream at {page.start}, got {page.number}"
            )
            break
        numbers[page.serial] = page.number
    if not _ended(link):
        survey.missing.append("the Ogg file ends before its last page")


def with_checksums(data: bytes) -> bytes:
    """Return the bytes of a file with the checksums of its whole pages made to agree."""
    result, start = bytearray(data), 0
    while (start := data.find(b"OggS", start)) >= 0:
        size = (
            _HEAD + sum(data[start + _HEAD : start + _HEAD + data[start + 26]]) + data[start + 26]
            if start + _HEAD <= len(data)
            else 0
        )
        if size and start + size <= len(data):
            crc = checksum(bytes(result[start : start + size]))
            result[start + 22 : start + 26] = crc.to_bytes(4, "little")
        start += 4
    return bytes(result)
