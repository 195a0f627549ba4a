"""`CvqReader`: a file to packets."""

from collections.abc import Iterator
from typing import IO, TypeAlias

from ..codec.format import modes
from ..errors import FormatError, TruncatedStream
from .arguments import check_binary
from .header import (
    BLOCK_PACKETS,
    CRC_LEN,
    HEADER_LEN,
    N_SAMPLES,
    Header,
    crc_bytes,
    n_packets,
)  # fmt: skip

_Packets: TypeAlias = tuple[bytes, list[bytes], FormatError | None]


class CvqReader:
    """Read the packets of a ``.cvq`` file; trust no number in it, and read no more than needed.

    Parameters
    ----------
    file : binary file
        Open for reading; a pipe works as well.
    strict : bool
        Whether to raise an error for a damaged or truncated stream. If not, the reader delivers the
        whole packets that are there, from damaged blocks as well, and its attributes report the
        damage. The header must be intact in any case.

    Attributes
    ----------
    header : Header
    n_samples : int or None
        Length of the original. With *unknown length* it is known at the end.
    n_bytes, n_packets : int
        Bytes read and packets delivered so far.
    n_missing : int or None
        At the end: the number of packets that are missing; None if the full number is unknown.
    n_damaged : int
        Blocks so far whose CRC does not match.
    damage : str or None
        Description of the first damage.

    Raises
    ------
    ArgumentTypeError
        If the file is not a binary file.
    FormatError
        If the data have another format; here, or while reading.
    TruncatedStream
        If the data end too early; here, or while reading.
    """

    def __init__(self, file: IO[bytes], strict: bool = True) -> None:
        check_binary(file, "read")
        self._file = file
        self.strict = strict
        self.n_bytes = self.n_packets = self.n_damaged = 0
        self.n_missing: int | None = 0
        self.damage: str | None = None
        self.header = Header.from_bytes(self._read(HEADER_LEN))
        self.n_samples = self.header.n_samples
        if strict and self.n_samples is not None and file.seekable():
            self._check_size(self.n_samples)

    def _read(self, size: int) -> bytes:
        """Return the next `size` bytes, or fewer at the end of the file."""
        data = b""
        while len(data) < size and (part := self._file.read(size - len(data))):
            data += part
        self.n_bytes += len(data)
        return data

    def _check_size(self, n_samples: int) -> None:
        """Refuse a length that the file cannot hold, before anything is decoded."""
        here = self._file.tell()
        size = self._file.seek(0, 2) - here
        self._file.seek(here)
        n = n_packets(n_samples, self.header.samplerate)
        shortest = 1 if self.header.variable else self.header.mode.frame_bytes
        n_blocks = -(-n // BLOCK_PACKETS)
        expected = n * shortest + n_blocks * CRC_LEN
        if size < expected:
            raise TruncatedStream(f"expected {n} packets, at least {expected} bytes, got {size}")

    def __iter__(self) -> Iterator[bytes]:
        """Yield the packets one by one."""
        for packets in self.blocks():
            yield from packets

    def blocks(self) -> Iterator[list[bytes]]:
        """Yield the packets of each block, as soon as its CRC has been checked."""
        try:
            yield from self._blocks()
            if self._read(1):
                raise FormatError("expected the end of the stream, got more data")
        except FormatError as error:
            self._report(error)
        self.n_missing = None
        if self.n_samples is not None:
            self.n_missing = n_packets(self.n_samples, self.header.samplerate) - self.n_packets

    def _report(self, error: FormatError) -> None:
        """Raise an error if strict; otherwise keep the first one as `damage`."""
        if self.strict:
            raise error
        self.damage = self.damage or str(error)

    def _blocks(self) -> Iterator[list[bytes]]:
        left = None
        if self.n_samples is not None:
            left = n_packets(self.n_samples, self.header.samplerate)
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

    def _block(self, prefix: bytes, n: int) -> Iterator[list[bytes]]:
        """Yield the `n` packets of a block; if the block is cut short, yield the whole ones."""
        read = self._variable_packets if self.header.variable else self._fixed_packets
        data, packets, error = read(n)
        here = f"after packet {self.n_packets}"
        if error is None:
            crc = self._read(CRC_LEN)
            if len(crc) < CRC_LEN:
                error = TruncatedStream(f"expected the CRC of the block {here}, got the end")
            elif crc != crc_bytes(prefix + data):
                self.n_damaged += 1
                self._report(FormatError(f"damaged block {here}: its CRC does not match"))
        if error is not None and self.strict:
            raise error
        self.n_packets += len(packets)
        yield packets
        if error is not None:
            raise error

    def _fixed_packets(self, n: int) -> _Packets:
        """Read `n` packets of one length: return all bytes, the whole packets, and an error."""
        size = self.header.mode.frame_bytes
        data = self._read(n * size)
        packets = [data[i : i + size] for i in range(0, len(data) - size + 1, size)]
        return data, packets, None if len(packets) == n else self._cut(n, len(packets))

    def _variable_packets(self, n: int) -> _Packets:
        """Read `n` packets, each after its length; return as `_fixed_packets` does."""
        data, packets = b"", list[bytes]()
        for i in range(n):
            length = self._read(1)
            if not length:
                return data, packets, self._cut(n, i)
            if length[0] not in modes.PACKET_LENGTHS:
                where = f"packet {self.n_packets + i}"
                return data, packets, FormatError(f"{where}: no mode has {length[0]} bytes")
            packet = self._read(length[0])
            if len(packet) < length[0]:
                return data, packets, self._cut(n, i)
            data += length + packet
            packets.append(packet)
        return data, packets, None

    def _cut(self, expected: int, got: int) -> TruncatedStream:
        return TruncatedStream(
            f"expected {expected} packets in the block after packet {self.n_packets}, got {got}"
        )

    def _read_trailer(self) -> None:
        trailer = self._read(N_SAMPLES.size + CRC_LEN)
        if len(trailer) < N_SAMPLES.size + CRC_LEN:
            raise TruncatedStream("expected the rest of the trailer, got the end")
        if trailer[N_SAMPLES.size :] != crc_bytes(b"\0" + trailer[: N_SAMPLES.size]):
            raise FormatError("damaged trailer: its CRC does not match")
        (n_samples,) = N_SAMPLES.unpack_from(trailer)
        if not n_samples or n_packets(n_samples, self.header.samplerate) != self.n_packets:
            raise FormatError(
                f"expected a length of {self.n_packets} packets, got {n_samples} samples"
            )
        self.n_samples = n_samples
