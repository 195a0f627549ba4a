"""The header of a stream, and what its numbers say."""

import struct
import zlib
from dataclasses import dataclass

from ..audio.arrays import MAX_SAMPLERATE, MIN_SAMPLERATE, converted_len
from ..codec.format import modes
from ..codec.format.modes import Mode
from ..errors import FormatError, TruncatedStream

MAGIC = b"\x89CVQ"
VERSION = 1
VARIABLE, UNKNOWN_LENGTH = 1, 2  # flags
BLOCK_PACKETS = 50
ID_LEN = 8  # bytes of the hash of the tables

_FIELDS = struct.Struct("<4sBBH8sIQ")
SAMPLES = struct.Struct("<Q")
CRC_LEN = 4
HEADER_LEN = _FIELDS.size + CRC_LEN


def n_samples_8k(samples: int, samplerate: int) -> int:
    """Return the length at 8000 Hz of `samples` at `samplerate` [Hz]."""
    return converted_len(samples, samplerate, modes.SAMPLERATE)


def n_packets(samples: int, samplerate: int) -> int:
    """Return how many packets hold `samples` at `samplerate` [Hz]."""
    return -(-(n_samples_8k(samples, samplerate) + modes.DELAY) // modes.FRAME_LEN)


def crc_bytes(data: bytes) -> bytes:
    """Return the CRC of `data` as it stands in a file."""
    return zlib.crc32(data).to_bytes(CRC_LEN, "little")


@dataclass(frozen=True)
class Header:
    """What a stream says of itself before its first packet."""

    mode: Mode
    tables: str  # first 16 hexadecimal digits of the hash
    samplerate: int  # of the original [Hz]
    samples: int | None  # of the original; None if a trailer says it
    variable: bool = False

    def to_bytes(self) -> bytes:
        """Return the header as it stands in a file."""
        flags = VARIABLE * self.variable | UNKNOWN_LENGTH * (self.samples is None)
        data = _FIELDS.pack(
            MAGIC, VERSION, flags, self.mode.bitrate, bytes.fromhex(self.tables),
            self.samplerate, self.samples or 0,
        )  # fmt: skip
        return data + crc_bytes(data)

    @classmethod
    def from_bytes(cls, data: bytes) -> "Header":
        """Return the header in the first bytes of a file.

        Raises
        ------
        FormatError
            If the data are not celpvq's, damaged, or of a version that is not known here.
        TruncatedStream
            If they end within the header, or their writer never completed it.
        """
        if data[:4] != MAGIC[: len(data)] or not data:
            raise FormatError(f"not a celpvq stream: expected {MAGIC!r}, got {data[:4]!r}")
        if len(data) < HEADER_LEN:
            raise TruncatedStream(f"expected a header of {HEADER_LEN} bytes, got {len(data)}")
        _, version, flags, bitrate, tables, samplerate, samples = _FIELDS.unpack_from(data)
        if version != VERSION:
            raise FormatError(f"expected format version {VERSION}, got {version}")
        if data[_FIELDS.size : HEADER_LEN] != crc_bytes(data[: _FIELDS.size]):
            raise FormatError("the header is damaged: its CRC does not agree")
        if flags & ~(VARIABLE | UNKNOWN_LENGTH):
            raise FormatError(f"expected flags of version {VERSION}, got {flags:#04x}")
        if bitrate not in modes.MODES:
            raise FormatError(f"expected a known mode, got {bitrate} bit/s")
        if not MIN_SAMPLERATE <= samplerate <= MAX_SAMPLERATE:
            raise FormatError(f"expected a sample rate of the original, got {samplerate} Hz")
        if bool(flags & UNKNOWN_LENGTH) != (samples == 0):
            if samples:
                raise FormatError(f"expected an unknown length, got {samples} samples")
            raise TruncatedStream("the stream was never completed: it says 0 samples")
        return cls(
            modes.get(bitrate), tables.hex(), samplerate, samples or None, bool(flags & VARIABLE)
        )
