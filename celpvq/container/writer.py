"""Packets into a file."""

import io
from collections.abc import Iterable

from ..audio.arrays import check_int, check_samplerate
from ..codec.format import modes
from ..codec.format.modes import SID_BYTES, Mode
from ..errors import ArgumentError, ArgumentTypeError
from ..output import Sink, write_all, write_first
from .header import BLOCK_PACKETS, ID_LEN, MAGIC, SAMPLES, Header, crc_bytes, n_packets


class CvqWriter:
    """Write packets into a file of this format.

    Parameters
    ----------
    file : binary file
        Open for writing, and left open. Where it can seek, `close` completes the header; where it
        cannot (a pipe) and `samples` is not given, the form is *unknown length*.
    mode : int or Mode
        Of the packets, or with `variable` of the first ones.
    tables_hash : str
        SHA-256 of the tables, hexadecimal.
    samplerate : int
        Rate of the original [Hz].
    samples : int, optional
        Length of the original at that rate, if known beforehand.
    variable : bool
        Whether the mode may change, and pauses may be coded as such.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument has no such value.
    """

    def __init__(
        self, file: Sink, mode: int | Mode, tables_hash: str, samplerate: int = 8000, *,
        samples: int | None = None, variable: bool = False,
    ) -> None:  # fmt: skip
        if isinstance(file, io.TextIOBase) or not hasattr(file, "write"):
            raise ArgumentTypeError(
                f"file: expected a binary file or its path, got {type(file).__name__}"
            )
        if samples is not None and not 0 < check_int(samples, "samples") < 1 << 64:
            raise ArgumentError(f"samples: expected at least 1, got {samples}")
        self._file = file
        self._header = Header(
            modes.get(mode),
            tables_hash[: 2 * ID_LEN],
            check_samplerate(samplerate),
            samples,
            variable,
        )
        self._start = None
        if samples is None:
            self._start = write_first(file, MAGIC)
        self._known = samples is not None or self._start is not None
        self._block = bytearray()
        self._n_block = 0
        self.n_packets = 0
        self.n_bytes = 0
        head = self._header_with(0 if self._start is not None else samples)
        if samples is None:  # its first bytes are there
            head = head[len(MAGIC) :]
            self.n_bytes = len(MAGIC)
        self._put(head)

    def _header_with(self, samples: int | None) -> bytes:
        h = self._header
        return Header(h.mode, h.tables, h.samplerate, samples, h.variable).to_bytes()

    def _put(self, data: bytes) -> None:
        write_all(self._file, data)
        self.n_bytes += len(data)

    def write(self, packets: bytes, mode: int | Mode | None = None) -> None:
        """Append whole packets of one mode, one after another.

        Raises
        ------
        ArgumentError
            If they are not whole, or of another mode where the stream has but one.
        """
        header = self._header
        mode = header.mode if mode is None else modes.get(mode)
        if mode != header.mode and not header.variable:
            raise ArgumentError(
                f"mode: expected {header.mode.bitrate} in a stream that is not variable,"
                f" got {mode.bitrate}"
            )
        size = mode.frame_bytes
        if len(packets) % size:
            raise ArgumentError(f"packets: expected whole ones of {size} bytes, got {len(packets)}")
        for i in range(0, len(packets), size):
            self._append(packets[i : i + size])

    def write_packets(self, packets: Iterable[bytes]) -> None:
        """Append packets one by one; in a stream that is *variable*, of pauses as well.

        Raises
        ------
        ArgumentError
            If one has a length that the stream cannot have.
        """
        lengths = {self._header.mode.frame_bytes}
        if self._header.variable:
            lengths = {0, SID_BYTES, *modes.BY_LENGTH}
        for packet in packets:
            if len(packet) not in lengths:
                wanted = ", ".join(map(str, sorted(lengths)))
                raise ArgumentError(f"packet: expected {wanted} bytes, got {len(packet)}")
            self._append(packet)

    def _append(self, packet: bytes) -> None:
        if self._header.variable:
            self._block.append(len(packet))
        self._block += packet
        self._n_block += 1
        if self._n_block == BLOCK_PACKETS:
            self._end_block()

    def _end_block(self) -> None:
        prefix = b"" if self._known else bytes([self._n_block])
        block = prefix + bytes(self._block)
        self._put(block + crc_bytes(block))
        self.n_packets += self._n_block
        self._block.clear()
        self._n_block = 0

    def close(self, samples: int | None = None) -> None:
        """Complete the stream, given the length of the original where it was not known.

        Raises
        ------
        ArgumentError
            If the length does not go with the number of packets.
        """
        declared = self._header.samples
        if None not in (declared, samples) and declared != samples:
            raise ArgumentError(f"samples: expected {declared}, as was said before, got {samples}")
        samples = samples if declared is None else declared
        if self._n_block:
            self._end_block()
        if not samples or n_packets(samples, self._header.samplerate) != self.n_packets:
            raise ArgumentError(f"samples: got {samples}, but {self.n_packets} packets")
        if not self._known:
            trailer = b"\0" + SAMPLES.pack(samples)
            self._put(trailer + crc_bytes(trailer))
        elif self._start is not None:
            end = self._file.tell()
            self._file.seek(self._start)
            write_all(self._file, self._header_with(samples))
            self._file.seek(end)
