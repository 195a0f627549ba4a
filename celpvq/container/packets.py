"""`read_packets` and `write_packets`: the packets of a file as a list."""

import os
import string
from collections.abc import Iterable
from contextlib import nullcontext
from typing import TYPE_CHECKING

from ..audio.arrays import check_samplerate
from ..codec.format import modes
from ..codec.format.modes import SAMPLERATE
from ..errors import ArgumentError
from ..output import Output, Sink
from .arguments import Source, check_packet, reading
from .header import ID_LEN, capacity_8k
from .reader import CvqReader
from .writer import CvqWriter

if TYPE_CHECKING:
    from ..codec.common.table_set import TableSet

DEFAULT_MODE = 6400  # of a stream without speech packets


def read_packets(file: Source, *, strict: bool = True) -> list[bytes]:
    """Return the packets of a ``.cvq`` file, one for each frame of 20 ms.

    Parameters
    ----------
    file : path, bytes or binary file
        The file, its content, or a file object, which stays open.
    strict : bool
        Whether to raise an error for a damaged or truncated file. If not, the whole packets that
        are there are returned.

    Returns
    -------
    list of bytes
        Speech packets, and with DTX also SIDs of 2 bytes and empty packets (NO_DATA).

    Raises
    ------
    FormatError, TruncatedStream
        If the file has another format, is damaged, or ends too early.

    See Also
    --------
    write_packets : The inverse.
    info : Sample rate, length and tables of the file.
    """
    with reading(file) as opened:
        return list(CvqReader(opened, strict))


def write_packets(
    file: str | os.PathLike[str] | Sink, packets: Iterable[bytes], *,
    samplerate: int = SAMPLERATE, n_samples: int | None = None,
    tables: "TableSet | str | None" = None,
) -> None:  # fmt: skip
    """Write packets to a ``.cvq`` file.

    Parameters
    ----------
    file : path or binary file
        A path appears when it is complete, and replaces an old file. A file object stays open.
    packets : iterable of bytes
        All packets of a stream in order, as `Encoder` and `read_packets` return them.
    samplerate : int
        Rate of the original [Hz].
    n_samples : int, optional
        Length of the original at that rate. By default it fills the packets.
    tables : TableSet or str, optional
        The tables that the packets were made with, or their hash (``info(...).tables``).

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If there are no packets, or if a packet has a length that no frame has; if `n_samples` does
        not fit the number of packets.
    OutputError
        If the file cannot be written.
    """
    packets = list(packets)
    if not packets:
        raise ArgumentError("packets: expected at least one packet, got none")
    for packet in packets:
        check_packet(packet)
    speech = [modes.BY_LENGTH[n] for n in map(len, packets) if n in modes.BY_LENGTH]
    variable = len(set(map(len, packets))) > 1 or not speech
    if n_samples is None:
        n_samples = capacity_8k(len(packets)) * check_samplerate(samplerate) // SAMPLERATE
    digest = _digest(tables)
    with Output(file) if isinstance(file, (str, os.PathLike)) else nullcontext(file) as sink:
        writer = CvqWriter(
            sink, speech[0] if speech else DEFAULT_MODE, digest, samplerate,
            n_samples=n_samples, variable=variable,
        )  # fmt: skip
        writer.write(packets)
        writer.close()


def _digest(tables: "TableSet | str | None") -> str:
    """Return the hash of tables; None stands for the shipped ones."""
    if not isinstance(tables, str):
        from ..codec.common import table_set  # loads numba, which readers do not need

        return table_set.given(tables).hash
    if len(tables) < 2 * ID_LEN or not set(tables) <= set(string.hexdigits):
        raise ArgumentError(f"tables: expected {2 * ID_LEN} hexadecimal digits, got {tables!r}")
    return tables
