"""`CvqWriter`: packets to a file."""

from collections.abc import Iterable
from dataclasses import replace

from ..audio.arrays import check_int, check_samplerate
from ..codec.format import modes
from ..codec.format.modes import Mode
from ..errors import ArgumentError
from ..output import Sink, write_all, write_first
from .arguments import check_binary, check_packet
from .header import BLOCK_PACKETS, ID_LEN, MAGIC, N_SAMPLES, Header, crc_bytes, n_packets


class CvqWriter:
    """Write packets to a ``.cvq`` file.

    Parameters
    ----------
    file : binary file
        Open for writing; it stays open. If it can seek, `close` completes the header. If it cannot
        (a pipe) and `n_samples` is not given, the stream gets the form *unknown length*.
    mode : int or Mode
        Bit rate of the packets [bit/s]; with `variable`, of the first ones.
    tables_hash : str
        SHA-256 of the tables, hexadecimal, or at least its first 16 digits.
    samplerate : int
        Rate of the original [Hz].
    n_samples : int, optional
        Length of the original at that rate, if it is known beforehand.
    variable : bool
        Whether the mode may change, and SID and NO_DATA packets may occur.

    Attributes
    ----------
    n_bytes : int
        Bytes written so far.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument has no such value.
    """

    def __init__(
        self, file: Sink, mode: int | str | Mode, tables_hash: str, samplerate: int = 8000, *,
        n_samples: int | None = None, variable: bool = False,
    ) -> None:  # fmt: skip
        check_binary(file, "write")
        if n_samples is not None and not 0 < check_int(n_samples, "n_samples") < 1 << 64:
            raise ArgumentError(f"n_samples: expected at least 1, got {n_samples}")
        self._file = file
        self._header = Header(
            modes.get(mode), tables_hash[: 2 * ID_LEN], check_samplerate(samplerate), n_samples,
            variable,
        )  # fmt: skip
        self._start = write_first(file, MAGIC) if n_samples is None else None
        self._lengths = modes.PACKET_LENGTHS if variable else (self._header.mode.frame_bytes,)
        self._counted = n_samples is None and self._start is None  # each block has its count
        self._block = bytearray()
        self._n_block = self._n_packets = 0
        self.n_bytes = 0
        head = replace(self._header, n_samples=n_samples if self._start is None else 0).to_bytes()
        if n_samples is None:  # `write_first` wrote the first bytes
            head = head[len(MAGIC) :]
            self.n_bytes = len(MAGIC)
        self._put(head)

    def _put(self, data: bytes | Header) -> None:
        data = data.to_bytes() if isinstance(data, Header) else data
        write_all(self._file, data)
        self.n_bytes += len(data)

    def write(self, packets: Iterable[bytes]) -> None:
        """Append packets.

        Raises
        ------
        ArgumentError
            If a packet has a length that this stream cannot have.
        ArgumentTypeError
            If a packet is not bytes.
        """
        for packet in packets:
            check_packet(packet)
            if len(packet) not in self._lengths:
                raise ArgumentError(
                    f"packets: expected {', '.join(map(str, self._lengths))} bytes"
                    f"{'' if self._header.variable else ' in a stream that is not variable'},"
                    f" got {len(packet)}"
                )
            self._append(packet)

    def _append(self, packet: bytes) -> None:
        if self._header.variable:
            self._block.append(len(packet))
        self._block += packet
        self._n_block += 1
        if self._n_block == BLOCK_PACKETS:
            self._end_block()

    def _end_block(self) -> None:
        prefix = bytes([self._n_block]) if self._counted else b""
        block = prefix + bytes(self._block)
        self._put(block + crc_bytes(block))
        self._n_packets += self._n_block
        self._block.clear()
        self._n_block = 0

    def close(self, n_samples: int | None = None) -> None:
        """Complete the stream.

        Parameters
        ----------
        n_samples : int, optional
            Length of the original; required unless the constructor got it.

        Raises
        ------
        ArgumentError
            If the length does not fit the number of packets, or the length given before.
        """
        declared = self._header.n_samples
        if None not in (declared, n_samples) and declared != n_samples:
            raise ArgumentError(f"n_samples: expected {declared} as declared, got {n_samples}")
        n_samples = n_samples if declared is None else declared
        if self._n_block:
            self._end_block()
        if not n_samples or n_packets(n_samples, self._header.samplerate) != self._n_packets:
            raise ArgumentError(
                f"n_samples: expected the length of {self._n_packets} packets, got {n_samples}"
            )
        if self._counted:
            trailer = b"\0" + N_SAMPLES.pack(n_samples)
            self._put(trailer + crc_bytes(trailer))
        elif self._start is not None:
            end = self._file.tell()
            self._file.seek(self._start)
            write_all(self._file, replace(self._header, n_samples=n_samples).to_bytes())
            self._file.seek(end)
