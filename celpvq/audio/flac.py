"""FLAC: one stream or several one after the other, tags between and around them."""

from collections.abc import Iterator
from typing import IO

from .survey import Part, Survey, Surveyed
from .tags import skip_back, skip_front
from .view import read_at

# the name, and the head of the first block, which has 34 bytes and may be the last one
_STARTS = (b"fLaC\0\0\0\x22", b"fLaC\x80\0\0\x22")
_HEAD_LEN = 8 + 34
_BLOCK_LEN = 1 << 20


def survey_flac(file: IO[bytes], begin: int, end: int) -> Surveyed:
    """Survey the streams of a file, whose lengths libsndfile gets to know at their ends."""
    if read_at(file, begin, 4) != b"fLaC":
        return None
    starts = list(_starts(file, begin, end)) or [begin]
    survey = Survey()
    for start, after in zip(starts, [*starts[1:], end], strict=True):
        stop = skip_back(file, start, after)
        if after != end:
            stop = _before_tag(file, start, stop)
        head = bytearray(read_at(file, start, _HEAD_LEN))
        declared = None
        if len(head) == _HEAD_LEN:
            declared = int.from_bytes(head[21:26]) & ((1 << 36) - 1)
            head[21] &= 0xF0
            head[22:26] = bytes(4)  # unknown: to the end of the data
        survey.parts.append(Part([bytes(head), (start + len(head), stop)], declared or None))
    return survey, end


def _starts(file: IO[bytes], begin: int, end: int) -> Iterator[int]:
    """Yield where streams begin."""
    at = begin
    while at < end:
        data = read_at(file, at, min(_BLOCK_LEN, end - at))
        found = [i for i in (data.find(name) for name in _STARTS) if i >= 0]
        if found:
            yield at + min(found)
            at += min(found) + 8
        elif len(data) < _BLOCK_LEN:
            return
        else:
            at += len(data) - 7


def _before_tag(file: IO[bytes], start: int, stop: int) -> int:
    """Return where an ID3v2 tag begins that ends at `stop`: that of the next stream."""
    tail_start = max(start, stop - _BLOCK_LEN)
    tail = read_at(file, tail_start, stop - tail_start)
    at = len(tail)
    while (at := tail.rfind(b"ID3", 0, at)) >= 0:
        if skip_front(file, tail_start + at, stop + 1) == stop:
            return skip_back(file, start, tail_start + at)
    return stop
