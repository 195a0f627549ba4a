"""What a file is, told without decoding it."""

import io
import os
from dataclasses import dataclass
from typing import IO

from ..codec.format import modes
from .header import VERSION
from .reader import CvqReader


@dataclass(frozen=True)
class Info:
    """What a file holds, and whether it is whole."""

    version: int
    mode: int  # bit/s; with `variable` of the first packets
    variable: bool
    unknown_length: bool  # written without knowing the length: a trailer says it
    tables: str  # first 16 hexadecimal digits of the SHA-256 of the tables
    samplerate: int  # of the original [Hz]
    samples: int | None  # of the original; None if the end that says it is missing
    duration_s: float  # of what is there
    n_packets: int
    n_bytes: int
    kbps: float  # all bytes of the file over its duration [kbit/s]
    n_missing: int | None  # packets; None if nothing says how many
    n_damaged: int  # blocks whose CRC does not agree
    damage: str | None  # the first thing that is wrong

    @property
    def whole(self) -> bool:
        """Whether nothing is missing or damaged."""
        return self.damage is None


def info(source: str | os.PathLike[str] | bytes | IO[bytes]) -> Info:
    """Read a file, or its bytes, to its end and return what it is; a damaged one as well.

    Raises
    ------
    FormatError
        If it is not of this format, or its header is damaged.
    """
    if isinstance(source, (str, os.PathLike)):
        with open(source, "rb") as file:
            return info(file)
    if isinstance(source, (bytes, bytearray, memoryview)):
        return info(io.BytesIO(source))
    reader = CvqReader(source, strict=False)
    for _ in reader.runs():
        pass
    header = reader.header
    duration_s = max(reader.n_packets * modes.FRAME_LEN - modes.DELAY, 0) / modes.SAMPLERATE
    if reader.samples is not None:
        duration_s = min(duration_s, reader.samples / header.samplerate)
    return Info(
        version=VERSION,
        mode=header.mode.bitrate,
        variable=header.variable,
        unknown_length=header.samples is None,
        tables=header.tables,
        samplerate=header.samplerate,
        samples=reader.samples,
        duration_s=duration_s,
        n_packets=reader.n_packets,
        n_bytes=reader.n_bytes,
        kbps=reader.n_bytes * 8e-3 / duration_s if duration_s else 0.0,
        n_missing=reader.n_missing,
        n_damaged=reader.n_damaged,
        damage=reader.damage,
    )
