"""MPEG audio (MP3, MP2, MP1): frames counted one by one, since no header tells their number.

libsndfile trusts an Info (or Xing) frame where there is one, and otherwise guesses the length from
the first frames and the size of the file. A guess that is too small loses sound. So layer III gets
an Info frame with the true number. Layers I and II know no such frame; they get an empty tag in
front, which makes the guess large enough. libsndfile knows such files by an ID3v2 tag only.
"""

from collections.abc import Iterator
from typing import IO, NamedTuple

from .survey import Part, Survey, Surveyed
from .tags import id3v2_len, padding_end, skip_back
from .view import Stretch, read_at

_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
_KBPS = {  # by MPEG-1 or not, and layer
    (True, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_BLOCK_LEN = 1 << 20
_DECODER_DELAY = 529  # samples, which libsndfile drops
_SEARCH = 1 << 16  # bytes that may be wrong before the next frame
_EMPTY_TAG = b"ID3\4\0\0\0\0\0\x20" + bytes(32)
_MAX_TAG = (1 << 28) - 1


class FrameHeader(NamedTuple):
    """What the 4 bytes before a frame say."""

    version: int  # 3: MPEG-1, 2: MPEG-2, 0: MPEG-2.5
    layer: int
    samplerate: int  # Hz
    channels: int
    length: int  # bytes
    n_samples: int

    def stream(self) -> tuple[int, int, int, int]:
        """Return what stays the same in a stream."""
        return self.version, self.layer, self.samplerate, self.channels

    @property
    def side_len(self) -> int:
        """Bytes of side information in layer III, behind which an Info frame has its text."""
        wide, narrow = (32, 17) if self.version == 3 else (17, 9)
        return narrow if self.channels == 1 else wide


def parse(head: bytes) -> FrameHeader | None:
    """Return a frame's header, None if 4 bytes are none; a free bit rate is none either."""
    if len(head) < 4 or head[0] != 0xFF or head[1] < 0xE0:
        return None
    version, layer = head[1] >> 3 & 3, 4 - (head[1] >> 1 & 3)
    rate_ix, kbps_ix, padding = head[2] >> 2 & 3, head[2] >> 4, head[2] >> 1 & 1
    if version == 1 or layer == 4 or rate_ix == 3 or kbps_ix in (0, 15):
        return None
    rate = _RATES[version][rate_ix]
    bitrate = 1000 * _KBPS[version == 3, layer][kbps_ix - 1]
    n_samples = {1: 384, 2: 1152, 3: 1152 if version == 3 else 576}[layer]
    if layer == 1:
        length = (12 * bitrate // rate + padding) * 4
    else:
        length = n_samples // 8 * bitrate // rate + padding
    return FrameHeader(version, layer, rate, 1 if head[3] >> 6 == 3 else 2, length, n_samples)


class Run(NamedTuple):
    """Frames of one stream, one after the other."""

    header: FrameHeader
    head: bytes  # the first frame's 4 bytes
    start: int
    end: int
    n_frames: int  # an Info frame is not counted
    longest: int  # bytes of a frame
    declared: int | None  # frames, by an Info frame
    number_at: int | None  # where an Info frame has it


def survey_mpeg(file: IO[bytes], begin: int, end: int) -> Surveyed:
    """Survey the frames of a file; it may be several files one after the other."""
    reader = _Reader(file)
    end = skip_back(file, begin, end)
    start = padding_end(file, begin, end)
    first = reader.header(start, end)
    if first is None or not reader.agrees(start, end, first):
        return None
    survey = Survey()
    for run in _runs(reader, start, end, survey):
        survey.parts.append(_part(run))
        if run.declared is not None and run.n_frames < run.declared:
            survey.missing.append(
                f"expected {run.declared} MPEG frames, as the file says, got {run.n_frames}"
            )
        elif run.declared is not None and run.n_frames > run.declared:
            survey.notes.append(
                f"the file says {run.declared} MPEG frames,"
                f" {run.n_frames} are there and were all taken"
            )
    return (survey, end) if survey.parts else None


class _Reader:
    """The headers of a file, read in large blocks."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._start, self._block = file, 0, b""

    def bytes_at(self, position: int, size: int) -> bytes:
        """Return some bytes of the file."""
        at = position - self._start
        if at < 0 or at + size > len(self._block):
            self._start, at = position, 0
            self._block = read_at(self._file, position, max(_BLOCK_LEN, size))
        return self._block[at : at + size]

    def header(self, position: int, end: int) -> FrameHeader | None:
        """Return the header at a position."""
        return parse(self.bytes_at(position, 4)) if position + 4 <= end else None

    def agrees(self, position: int, end: int, header: FrameHeader) -> bool:
        """Return whether another frame of the same kind, or the end, follows a frame."""
        after = position + header.length
        if after >= end - 3:
            return after <= end
        following = self.header(after, end)
        if following is not None:
            return following.stream()[:3] == header.stream()[:3]
        return id3v2_len(self.bytes_at(after, 10)) > 0

    def find(self, position: int, end: int) -> int:
        """Return where the next frame begins, `end` if none is near."""
        for at in range(position, min(position + _SEARCH, end)):
            if self.bytes_at(at, 1) == b"\xff":
                header = self.header(at, end)
                if header is not None and self.agrees(at, end, header):
                    return at
        return end

    def declared(self, position: int, header: FrameHeader) -> int | None:
        """Return how many frames an Info frame declares; None: it is a frame of sound."""
        if header.layer != 3:
            return None
        frame = self.bytes_at(position, header.length)
        at = 4 + header.side_len
        if frame[at : at + 4] in (b"Info", b"Xing"):
            has_number = len(frame) >= at + 12 and frame[at + 7] & 1
            return int.from_bytes(frame[at + 8 : at + 12]) if has_number else 0
        if frame[36:40] == b"VBRI" and len(frame) >= 54:
            return int.from_bytes(frame[50:54])
        return None


def _runs(reader: _Reader, position: int, end: int, survey: Survey) -> Iterator[Run]:
    """Yield the runs of frames; one ends where an Info frame, other data or another kind begin."""
    while position < end:
        header = reader.header(position, end)
        if header is None:
            after = padding_end(reader._file, position, end)
            if after == position:
                after = reader.find(position, end)
                survey.missing.append(f"{after - position} bytes at {position} are no MPEG audio")
            position = after
            continue
        run = _run(reader, position, end, header)
        if run.end == run.start or (run.n_frames == 0 and run.declared is None):
            survey.missing.append(
                f"expected a frame of {header.length} bytes, got the end after {end - position}"
            )
            return
        if run.n_frames:
            yield run
        elif run.declared:
            survey.missing.append(f"expected {run.declared} MPEG frames, got none")
        position = run.end


def _run(reader: _Reader, start: int, end: int, first: FrameHeader) -> Run:
    """Return the run that begins at `start`."""
    declared = reader.declared(start, first)
    position, n, longest = start, 0, 0
    header: FrameHeader | None = first
    while header is not None and header.stream() == first.stream():
        if position + header.length > end:
            break
        if position > start and reader.declared(position, header) is not None:
            break
        n += 1
        longest = max(longest, header.length)
        position += header.length
        header = reader.header(position, end)
    n -= declared is not None
    number_at = None
    if declared is None:
        info_len = 0
    else:
        info_len = first.length
        at = start + 4 + first.side_len
        if reader.bytes_at(at, 4) in (b"Info", b"Xing") and reader.bytes_at(at + 7, 1)[0] & 1:
            number_at = at + 8
    # an Info frame without a number declares nothing, and another one takes its place
    return Run(
        first, reader.bytes_at(start, 4), start if number_at or not info_len else start + info_len,
        position, n, longest, declared or None, number_at,
    )  # fmt: skip


def _part(run: Run) -> Part:
    """Return the frames of a run with their true number before them."""
    frames: Stretch = (run.start, run.end)
    n_samples = run.n_frames * run.header.n_samples
    if run.header.layer != 3:
        # the guess is the size of the file by that of a frame
        tag = min(run.n_frames * run.longest + (1 << 16), _MAX_TAG)
        size = bytes(tag >> 7 * i & 127 for i in (3, 2, 1, 0))
        return Part([b"ID3\4\0\0" + size, tag, frames], n_samples)
    if run.declared == run.n_frames:
        return Part([_EMPTY_TAG, frames])
    if run.number_at is None:
        return Part([_EMPTY_TAG, _info_frame(run), frames], n_samples - _DECODER_DELAY)
    at = run.number_at
    number = run.n_frames.to_bytes(4)
    return Part([_EMPTY_TAG, (run.start, at), number, (at + 4, run.end)])


def _info_frame(run: Run) -> bytes:
    """Return an Info frame like the frames of a run, with their number."""
    text = b"Info" + (1).to_bytes(4) + run.n_frames.to_bytes(4)
    size = 4 + run.header.side_len + len(text)
    first, protection, third, fourth = run.head
    heads = (
        bytes([first, protection | 1, kbps_ix << 4 | third & 0x0C, fourth])
        for kbps_ix in range(1, 15)
    )
    # the lowest bit rate whose frames are long enough
    length, head = min(
        (h.length, head) for head in heads if (h := parse(head)) and h.length >= size
    )
    return (head + bytes(run.header.side_len) + text).ljust(length, b"\0")
