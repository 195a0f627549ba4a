"""A file into packets."""

import io
from collections.abc import Iterator
from typing import IO, TypeAlias

from ..codec.format import modes
from ..codec.format.modes import SID_BYTES, Mode
from ..errors import ArgumentTypeError, FormatError, TruncatedStream
from .header import (
    BLOCK_PACKETS,
    CRC_LEN,
    HEADER_LEN,
    SAMPLES,
    Header,
    crc_bytes,
    n_packets,
)  # fmt: skip

Run: TypeAlias = tuple[Mode | None, bytes]  # packets of a mode, or one packet of a pause
_Packets: TypeAlias = tuple[bytes, list[Run], FormatError | None]


class CvqReader:
    """Read the packets of a file of this format; trust nothing, read no more than needed.

    Parameters
    ----------
    file : binary file
        Open for reading, a pipe as well.
    strict : bool
        If not, a stream whose header is sound gives the whole packets that are there, damaged
        blocks included, and the attributes say what is wrong.

    Attributes
    ----------
    header : Header
    samples : int or None
        Of the original; with *unknown length* only known at the end.
    n_packets : int
        Delivered so far.
    n_missing : int or None
        At the end: packets that should be there; None if nothing says how many.
    n_damaged : int
        Blocks so far whose CRC does not agree.
    damage : str or None
        The first thing that is wrong.

    Raises
    ------
    ArgumentTypeError
        If the file is no binary file.
    FormatError
        If the data are anything else than such a stream, as soon as that is known.
    TruncatedStream
        If they end before their end.
    """

    def __init__(self, file: IO[bytes], strict: bool = True) -> None:
        if isinstance(file, io.TextIOBase) or not hasattr(file, "read"):
            raise ArgumentTypeError(
                f"file: expected a binary file or its path, got {type(file).__name__}"
            )
        self._file = file
        self.strict = strict
        self.n_bytes = self.n_packets = self.n_damaged = 0
        self.n_missing: int | None = 0
        self.damage: str | None = None
        self.header = Header.from_bytes(self._read(HEADER_LEN))
        self.samples = self.header.samples
        if strict and self.samples is not None and file.seekable():
            self._check_size(self.samples)

    def _read(self, size: int) -> bytes:
        """Return the next `size` bytes, or fewer at the end of the file."""
        data = b""
        while len(data) < size and (part := self._file.read(size - len(data))):
            data += part
        self.n_bytes += len(data)
        return data

    def _check_size(self, samples: int) -> None:
        """Refuse a length that the file cannot hold, before anything is decoded."""
        here = self._file.tell()
        size = self._file.seek(0, 2) - here
        self._file.seek(here)
        n = n_packets(samples, self.header.samplerate)
        shortest = 1 if self.header.variable else self.header.mode.frame_bytes
        n_blocks = -(-n // BLOCK_PACKETS)
        expected = n * shortest + n_blocks * CRC_LEN
        if size < expected:
            raise TruncatedStream(f"expected {n} packets, at least {expected} bytes, got {size}")

    def __iter__(self) -> Iterator[bytes]:
        """Yield the packets."""
        for mode, packets in self.runs():
            if mode is None:
                yield packets
                continue
            for i in range(0, len(packets), mode.frame_bytes):
                yield packets[i : i + mode.frame_bytes]

    def runs(self) -> Iterator[Run]:
        """Yield a mode and packets of that mode, one after another; never more than a block.

        A packet of a pause, maybe an empty one, comes alone, its mode None.
        """
        try:
            yield from self._blocks()
            if self._read(1):
                raise FormatError("expected the end of the stream, got more data")
        except FormatError as error:
            if self.strict:
                raise
            self.damage = self.damage or str(error)
        if self.samples is None:
            self.n_missing = None
        else:
            self.n_missing = n_packets(self.samples, self.header.samplerate) - self.n_packets

    def _blocks(self) -> Iterator[Run]:
        left = None if self.samples is None else n_packets(self.samples, self.header.samplerate)
        while left is None or left > 0:
            prefix, n = b"", BLOCK_PACKETS
            if left is not None:
                n = min(n, left)
                left -= n
            else:
                prefix = self._read(1)
                if not prefix:
                    raise TruncatedStream("expected another block or the trailer, got the end")
                n = prefix[0]
            if n == 0:
                self._read_trailer()
                return
            if n > BLOCK_PACKETS:
                raise FormatError(f"expected at most {BLOCK_PACKETS} packets in a block, got {n}")
            yield from self._block(prefix, n)

    def _block(self, prefix: bytes, n: int) -> Iterator[Run]:
        """Yield the `n` packets of a block that is sound; if not strict, those that are there."""
        read = self._variable_packets if self.header.variable else self._fixed_packets
        block, runs, error = read(n)
        here = f"after packet {self.n_packets}"
        if error is None:
            crc = self._read(CRC_LEN)
            if len(crc) < CRC_LEN:
                error = TruncatedStream(f"expected the CRC of a block {here}, got the end")
            elif crc != crc_bytes(prefix + block):
                self.n_damaged += 1
                damage = f"the block {here} is damaged: its CRC does not agree"
                if self.strict:
                    raise FormatError(damage)
                self.damage = self.damage or damage
        if error is not None and self.strict:
            raise error
        for mode, packets in runs:
            self.n_packets += len(packets) // mode.frame_bytes if mode else 1
            yield mode, packets
        if error is not None:
            raise error

    def _fixed_packets(self, n: int) -> _Packets:
        """Read `n` packets: return their bytes, the whole ones by mode, and what went wrong."""
        mode = self.header.mode
        block = self._read(n * mode.frame_bytes)
        whole = len(block) // mode.frame_bytes
        error = None if whole == n else self._cut(n, whole)
        return block, [(mode, block[: whole * mode.frame_bytes])], error

    def _variable_packets(self, n: int) -> _Packets:
        """Read `n` packets, each after its length."""
        block, runs = b"", list[Run]()
        for i in range(n):
            length = self._read(1)
            if not length:
                return block, runs, self._cut(n, i)
            mode = modes.BY_LENGTH.get(length[0])
            if mode is None and length[0] not in (0, SID_BYTES):
                where = f"packet {self.n_packets + i}"
                return block, runs, FormatError(f"{where}: no mode has {length[0]} bytes")
            packet = self._read(length[0])
            if len(packet) < length[0]:
                return block, runs, self._cut(n, i)
            block += length + packet
            if mode is not None and runs and runs[-1][0] == mode:
                runs[-1] = (mode, runs[-1][1] + packet)
            else:
                runs.append((mode, packet))
        return block, runs, None

    def _cut(self, expected: int, got: int) -> TruncatedStream:
        return TruncatedStream(
            f"expected {expected} packets in the block after packet {self.n_packets}, got {got}"
        )

    def _read_trailer(self) -> None:
        trailer = self._read(SAMPLES.size + CRC_LEN)
        if len(trailer) < SAMPLES.size + CRC_LEN:
            raise TruncatedStream("expected the rest of the trailer, got the end")
        if trailer[SAMPLES.size :] != crc_bytes(b"\0" + trailer[: SAMPLES.size]):
            raise FormatError("the trailer is damaged: its CRC does not agree")
        (samples,) = SAMPLES.unpack_from(trailer)
        if not samples or n_packets(samples, self.header.samplerate) != self.n_packets:
            raise FormatError(
                f"expected a length of {self.n_packets} packets, got {samples} samples"
            )
        self.samples = samples
