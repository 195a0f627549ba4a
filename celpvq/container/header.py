"""The header of a ``.cvq`` file, and the numbers that follow from it."""

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
N_SAMPLES = struct.Struct("<Q")
CRC_LEN = 4
HEADER_LEN = _FIELDS.size + CRC_LEN


def n_samples_8k(n_samples: int, samplerate: int) -> int:
    """Return the length at 8000 Hz of n_samples at `samplerate` [Hz]."""
    return converted_len(n_samples, samplerate, modes.SAMPLERATE)


def n_packets(n_samples: int, samplerate: int) -> int:
    """Return the number of packets of n_samples at `samplerate` [Hz]."""
    return modes.n_frames(n_samples_8k(n_samples, samplerate))


def capacity_8k(n_packets: int) -> int:
    """Return the largest number of samples at 8000 Hz that n_packets hold."""
    return max(n_packets * modes.FRAME_LEN - modes.DELAY, 0)


def crc_bytes(data: bytes) -> bytes:
    """Return the CRC of `data` as 4 bytes of a file."""
    return zlib.crc32(data).to_bytes(CRC_LEN, "little")


@dataclass(frozen=True)
class Header:
    """The header: the properties of a stream that are known before its first packet."""

    mode: Mode
    tables: str  # first 16 hexadecimal digits of the hash
    samplerate: int  # of the original [Hz]
    n_samples: int | None  # of the original; None if the trailer stores it
    variable: bool = False

    def to_bytes(self) -> bytes:
        """Return the header as the first bytes of a file."""
        flags = VARIABLE * self.variable | UNKNOWN_LENGTH * (self.n_samples is None)
        data = _FIELDS.pack(
            MAGIC, VERSION, flags, self.mode.bitrate, bytes.fromhex(self.tables),
            self.samplerate, self.n_samples or 0,
        )  # fmt: skip
        return data + crc_bytes(data)

    @classmethod
    def from_bytes(cls, data: bytes) -> "Header":
        """Return the header in the first bytes of a file.

        Raises
        ------
        FormatError
            If the data have another format, a version or mode that this package does not know, or
            a damaged header.
        TruncatedStream
            If the data end within the header, or if the header was never completed.
        """
        if data[:4] != MAGIC[: len(data)] or not data:
            raise FormatError(f"not a celpvq stream: expected {MAGIC!r}, got {data[:4]!r}")
        if len(data) < HEADER_LEN:
            raise TruncatedStream(f"expected a header of {HEADER_LEN} bytes, got {len(data)}")
        _, version, flags, bitrate, tables, samplerate, n_samples = _FIELDS.unpack_from(data)
        if version != VERSION:
            raise FormatError(f"expected format version {VERSION}, got {version}")
        if data[_FIELDS.size : HEADER_LEN] != crc_bytes(data[: _FIELDS.size]):
            raise FormatError("damaged header: its CRC does not match")
        if flags & ~(VARIABLE | UNKNOWN_LENGTH):
            raise FormatError(f"expected flags of version {VERSION}, got {flags:#04x}")
        if bitrate not in modes.MODES:
            raise FormatError(f"expected a known mode, got {bitrate} bit/s")
        if not MIN_SAMPLERATE <= samplerate <= MAX_SAMPLERATE:
            raise FormatError(
                f"expected a sample rate of {MIN_SAMPLERATE} to {MAX_SAMPLERATE} Hz,"
                f" got {samplerate} Hz"
            )
        if bool(flags & UNKNOWN_LENGTH) != (n_samples == 0):
            if n_samples:
                raise FormatError(f"expected an unknown length, got {n_samples} samples")
            raise TruncatedStream("incomplete: its writer never stored the length")
        return cls(
            modes.get(bitrate), tables.hex(), samplerate, n_samples or None, bool(flags & VARIABLE)
        )
