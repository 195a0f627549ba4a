"""Formats whose length stands at a fixed place of the header, or in its text."""

import re
from typing import IO

from .extent import Extent, Field, after_padding, is_stand_in, number_at, survey_extent
from .survey import Part, Survey, Surveyed
from .view import read_at

_SDS_PACKET, _SDS_HEAD, _SDS_DATA = 127, 21, 120


def _of(file: IO[bytes], begin: int, end: int, extent: Extent) -> Surveyed:
    """Survey one run of samples; a length of 0 before samples is unknown."""
    if extent.declared == 0 or (extent.declared is not None and is_stand_in(extent.declared)):
        extent = extent._replace(declared=None)
    return survey_extent(file, begin, end, extent) if extent.start <= end else None


def survey_au(file: IO[bytes], begin: int, end: int) -> Surveyed:
    """Survey Sun's AU, of either byte order."""
    order = {b".snd": ">", b"dns.": "<"}.get(read_at(file, begin, 4))
    if order is None:
        return None
    start = number_at(file, begin + 4, f"{order}I")
    declared = number_at(file, begin + 8, f"{order}I")
    if start is None or declared is None:
        return None
    return _of(file, begin, end, Extent(begin + start, declared, Field(begin + 8, f"{order}I")))


def survey_nist(file: IO[bytes], begin: int, end: int) -> Surveyed:
    """Survey NIST SPHERE, whose header is text."""
    head = read_at(file, begin, 1 << 16)
    first = re.match(rb"NIST_1A\r?\n\s*(\d{1,6})\s", head)
    if first is None:
        return None

    def number(name: bytes) -> int | None:
        found = re.search(name + rb"\s+-i\s+(\d{1,18})\s", head)
        return int(found[1]) if found else None

    count, channels = number(b"sample_count"), number(b"channel_count") or 1
    size = number(b"sample_n_bytes") or 2
    declared = None if count is None else count * channels * size
    return _of(file, begin, end, Extent(begin + int(first[1]), declared, to_the_end=True))


def survey_htk(file: IO[bytes], begin: int, end: int) -> Surveyed:
    """Survey HTK's waveforms: libsndfile knows them by a length that agrees with the file's."""
    count, period = number_at(file, begin, ">I"), number_at(file, begin + 4, ">I")
    kind = number_at(file, begin + 8, ">I")
    if kind != 2 << 16 or count is None or not period or not 50 <= period <= 2500:
        return None
    real, stop, survey = _counted(file, end, count, begin + 12, 2, 1)
    head = real.to_bytes(4, "big")
    survey.parts.append(Part([head, (begin + 4, begin + 12 + 2 * real)]))
    return survey, stop


def _counted(
    file: IO[bytes], end: int, count: int, start: int, size: int, per_unit: int
) -> tuple[int, int, Survey]:
    """Return how many samples are there, where they end, and what is wrong with their number.

    Units of `size` bytes and `per_unit` samples begin at `start`.
    """
    survey = Survey()
    there = (end - start) // size * per_unit
    after = min(start + -(-count // per_unit) * size, end)
    stop = after if after >= end else after_padding(file, after, end)
    if 0 < count <= there and stop is not None:
        return count, stop, survey
    if count > there:
        survey.missing.append(f"expected {count} samples, as its header says, got {there}")
    else:
        survey.notes.append(f"the header says {count} samples, {there} are there")
    return there, end, survey


def survey_fixed(file: IO[bytes], begin: int, end: int) -> Surveyed:
    """Survey AVR, MPC 2000 and Psion's WVE, whose length is one number."""
    head = read_at(file, begin, 340)
    if head[:4] == b"2BIT" and len(head) >= 128:
        channels = 2 if head[12:14] == b"\xff\xff" else 1
        frames, width = int.from_bytes(head[26:30], "big"), int.from_bytes(head[14:16], "big") // 8
        return _of(file, begin, end, Extent(begin + 128, frames * channels * width,
                                            to_the_end=True))  # fmt: skip
    if head[:2] == b"\1\4" and len(head) >= 42 and _is_mpc(head):
        frames = int.from_bytes(head[30:34], "little")
        return _of(file, begin, end, Extent(begin + 42, frames * 2 * (1 + head[21]),
                                            to_the_end=True))  # fmt: skip
    if head.startswith(b"ALawSoundFile**\0") and len(head) >= 32:
        return _of(file, begin, end, Extent(begin + 32, int.from_bytes(head[18:22], "big"),
                                            to_the_end=True))  # fmt: skip
    return None


def _is_mpc(head: bytes) -> bool:
    """Return whether the fields of an MPC 2000 header have values that they can have."""
    start, end, frames = (int.from_bytes(head[i : i + 4], "little") for i in (22, 26, 30))
    return head[19:21] == b"d\0" and head[21] <= 1 and start <= end <= frames


def survey_voc(file: IO[bytes], begin: int, end: int) -> Surveyed:
    """Survey Creative's VOC, whose sound may stand in several blocks."""
    if read_at(file, begin, 20) != b"Creative Voice File\x1a":
        return None
    at = begin + (number_at(file, begin + 20, "<H") or 26)
    survey, runs, first = Survey(), list[tuple[int, int]](), 0
    size_at = 0
    while at + 4 <= end and (kind := read_at(file, at, 1)[0]) != 0:
        size = int.from_bytes(read_at(file, at + 1, 3), "little")
        start = at + 4 + {1: 2, 9: 12}.get(kind, 0)
        at += 4 + size
        if kind in (1, 9) and not runs:
            first, size_at = start, at - size - 3
        elif kind in (1, 9) and runs:
            survey.missing.append("its second block of sound, which may have another rate")
            break
        if kind in (1, 2, 9) and (first or kind != 2):
            runs.append((start, min(at, end)))
        elif kind == 3:
            survey.missing.append("a block of silence")
    if not runs:
        return None
    stop = None
    if at > end:
        survey.missing.append(
            f"expected a block of {at - runs[-1][0]} bytes of sound, got {end - runs[-1][0]}"
        )
    elif not survey.missing:
        stop = after_padding(file, at, end)
        if stop is None:  # the length of a long block does not fit its 24 bits
            runs[-1] = (runs[-1][0], end)
            survey.notes.append(f"{end - at} bytes more than its blocks declare, all taken")
    size = first - size_at - 3 + sum(b - a for a, b in runs)
    number = min(size, (1 << 24) - 1).to_bytes(3, "little")
    survey.parts.append(Part([(begin, size_at), number, (size_at + 3, first), *runs, b"\0"]))
    return survey, end if stop is None else stop


def survey_sds(file: IO[bytes], begin: int, end: int) -> Surveyed:
    """Survey MIDI sample dumps: packets of 127 bytes; libsndfile makes up those that lack."""
    head = read_at(file, begin, _SDS_HEAD)
    if len(head) < _SDS_HEAD or (head[0], head[1], head[3], head[20]) != (0xF0, 0x7E, 1, 0xF7):
        return None
    per_packet = _SDS_DATA // max(-(-head[6] // 7), 1)
    declared = head[10] | head[11] << 7 | head[12] << 14
    start = begin + _SDS_HEAD
    real, stop, survey = _counted(file, end, declared, start, _SDS_PACKET, per_packet)
    number = bytes([real & 127, real >> 7 & 127, real >> 14 & 127])
    survey.parts.append(Part([(begin, begin + 10), number, (begin + 13, stop)], real))
    return survey, stop


def survey_mat4(file: IO[bytes], begin: int, end: int) -> Surveyed:
    """Survey MATLAB 4 files as libsndfile writes them: a rate, then a matrix `wavedata`."""
    head = read_at(file, begin, 128)
    name = head.find(b"wavedata\0")
    if name < 20 or head[20:31] != b"samplerate\0":
        return None
    order = "<" if head[:4] == bytes(4) else ">"
    kind, rows, columns = (number_at(file, begin + name - 20 + i, f"{order}I") for i in (0, 4, 8))
    width = {0: 8, 1: 4, 2: 4, 3: 2}.get((kind or 0) % 100 // 10)
    if kind is None or rows is None or columns is None or width is None or rows == 0:
        return None
    real, stop, survey = _counted(file, end, columns, begin + name + 9, width * rows, 1)
    at = begin + name - 12
    number = real.to_bytes(4, "little" if order == "<" else "big")
    survey.parts.append(Part([(begin, at), number, (at + 4, stop)]))
    return survey, stop


def survey_mat5(file: IO[bytes], begin: int, end: int) -> Surveyed:
    """Survey MATLAB 5 files as libsndfile writes them: a rate, then a matrix `wavedata`."""
    head = read_at(file, begin, 1024)
    name = head.find(b"wavedata")
    if not head.startswith(b"MATLAB 5.0 MAT-file") or name < 0:
        return None
    order = "<" if head[126:128] == b"IM" else ">"
    declared = number_at(file, begin + name + 12, f"{order}I")
    return _of(file, begin, end, Extent(begin + name + 16, declared, to_the_end=True))
