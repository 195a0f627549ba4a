"""`info`: the properties of a file, without decoding it."""

from array import array
from dataclasses import dataclass

from ..codec.format.modes import SAMPLERATE
from .arguments import Source, reading
from .header import VERSION, capacity_8k
from .rates import Rates, measure
from .reader import CvqReader


@dataclass(frozen=True)
class Info:
    """The properties of a ``.cvq`` file, and its damage if there is any."""

    version: int
    mode: int  # bit/s; with `variable`, of the first speech packets
    variable: bool  # whether packets of several lengths may occur
    unknown_length: bool  # whether a trailer stores the length, as in a file written to a pipe
    tables: str  # first 16 hexadecimal digits of the SHA-256 of the tables
    samplerate: int  # of the original [Hz]
    n_samples: int | None  # of the original; None if the trailer is missing
    duration_s: float  # of the packets that are there
    n_packets: int
    n_bytes: int
    kbps: float  # all bytes of the file over its duration [kbit/s]
    n_missing: int | None  # packets; None if their full number is unknown
    n_damaged: int  # blocks whose CRC does not match
    damage: str | None  # the first damage
    rates: Rates  # of the packets that are there

    @property
    def whole(self) -> bool:
        """Whether nothing is missing or damaged."""
        return self.damage is None


def info(file: Source) -> Info:
    """Read a ``.cvq`` file to its end and return its properties; a damaged file as well.

    Parameters
    ----------
    file : path, bytes or binary file
        The file, its content, or a file object, which stays open.

    Raises
    ------
    FormatError, TruncatedStream
        If it has another format, or if its header is damaged.
    """
    with reading(file) as opened:
        reader = CvqReader(opened, strict=False)
        lengths = array("B", map(len, reader))
    header = reader.header
    duration_s = capacity_8k(reader.n_packets) / SAMPLERATE
    if reader.n_samples is not None:
        duration_s = min(duration_s, reader.n_samples / header.samplerate)
    return Info(
        version=VERSION,
        mode=header.mode.bitrate,
        variable=header.variable,
        unknown_length=header.n_samples is None,
        tables=header.tables,
        samplerate=header.samplerate,
        n_samples=reader.n_samples,
        duration_s=duration_s,
        n_packets=reader.n_packets,
        n_bytes=reader.n_bytes,
        kbps=reader.n_bytes * 8e-3 / duration_s if duration_s else 0.0,
        n_missing=reader.n_missing,
        n_damaged=reader.n_damaged,
        damage=reader.damage,
        rates=measure(lengths),
    )
