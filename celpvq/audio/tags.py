"""Tags that players of music put before and behind the sound: titles, pictures, lyrics."""

from typing import IO

from .view import read_at

_ID3V1, _ID3V1_PLUS = 128, 227
_MAX_LYRICS = 5100  # of Lyrics3 version 1, which does not tell its length


def skip_front(file: IO[bytes], start: int, end: int) -> int:
    """Return where the data behind all ID3v2 tags begin."""
    while (size := id3v2_len(read_at(file, start, 10))) and start + size < end:
        start += size
    return start


def id3v2_len(head: bytes) -> int:
    """Return the length of the ID3v2 tag that begins with 10 bytes, 0 if there is none."""
    if len(head) < 10 or head[:3] != b"ID3" or max(head[6:10]) > 127:
        return 0
    footer = 10 if head[5] & 0x10 else 0
    return 10 + _synchsafe(head[6:10]) + footer


def _synchsafe(data: bytes) -> int:
    """Return a number of 7 bits a byte."""
    number = 0
    for byte in data:
        number = number << 7 | byte & 127
    return number


def skip_back(file: IO[bytes], start: int, end: int) -> int:
    """Return where the tags at the end of the data begin."""
    while size := _last_tag(file, start, end):
        end -= size
    return end


def _last_tag(file: IO[bytes], start: int, end: int) -> int:
    """Return the length of the tag that ends at `end`, 0 if there is none."""
    tail_start = max(start, end - _MAX_LYRICS - 32)
    tail = read_at(file, tail_start, end - tail_start)
    size = 0
    if tail[-_ID3V1:][:3] == b"TAG" and len(tail) >= _ID3V1:
        plus = tail[-_ID3V1 - _ID3V1_PLUS :][:4] == b"TAG+"
        size = _ID3V1 + (_ID3V1_PLUS if plus else 0)
    elif tail[-32:-24] == b"APETAGEX":
        size = int.from_bytes(tail[-20:-16], "little")  # without the header of version 2
        size += 32 if tail[-9] & 0x80 else 0
    elif tail[-10:-7] == b"3DI":
        size = 20 + _synchsafe(tail[-4:])
    elif tail[-9:] == b"LYRICS200" and tail[-15:-9].isdigit():
        size = 15 + int(tail[-15:-9])
    elif tail[-9:] == b"LYRICSEND" and (begin := tail.rfind(b"LYRICSBEGIN")) >= 0:
        size = len(tail) - begin
    return size if 0 < size <= end - start else 0


def _first_tag(head: bytes, there: int) -> int:
    """Return the length of the tag that begins with these bytes, 0 if there is none."""
    size = id3v2_len(head[:10])
    if head[:3] == b"TAG":
        size = _ID3V1_PLUS if head[:4] == b"TAG+" else _ID3V1
    elif head[:8] == b"APETAGEX":
        size = 32 + int.from_bytes(head[12:16], "little")
    elif head[:11] == b"LYRICSBEGIN":
        size = max(head.find(b"LYRICS200"), head.find(b"LYRICSEND")) + 9
    return size if size <= there else 0


def padding_end(file: IO[bytes], start: int, end: int) -> int:
    """Return where tags and zero bytes end that begin at `start`."""
    while start < end:
        if size := _first_tag(read_at(file, start, _MAX_LYRICS + 32), end - start):
            start += size
            continue
        data = read_at(file, start, min(end - start, 1 << 20))
        n_zeros = len(data) - len(data.lstrip(b"\0"))
        start += n_zeros
        if not n_zeros:
            break
    return end if skip_back(file, start, end) == start else start
