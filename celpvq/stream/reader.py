"""`SpeechReader`: a ``.cvq`` file to sound."""

import contextlib
import os
from collections.abc import Iterator
from typing import IO, Any, Self

import numpy as np
from numpy.typing import NDArray

from ..audio import converted_len
from ..audio.arrays import check_int
from ..codec.common import table_set
from ..codec.common.table_set import TableSet
from ..codec.format.modes import FRAME_LEN, SAMPLERATE
from ..container import CvqReader, Header, capacity_8k, n_samples_8k
from ..container.arguments import reading
from ..errors import ClosedError
from .file_decoder import FileDecoder


class SpeechReader:
    """Decode a ``.cvq`` file piece by piece.

    It is a context manager, and iterates over frames of 20 ms; the last frame may be shorter.

    Parameters
    ----------
    file : path or binary file
        A pipe works as well. A file object stays open.
    samplerate : int, optional
        Rate of the output [Hz]; None stands for the rate of the original.
    dtype : str
        Type of the output: ``"float32"`` or ``"float64"``, full scale 1, or ``"int16"``.
    enhancement : bool
        Whether to enhance the decoded speech, as for `Decoder`.
    tables : TableSet, optional
        The tables that the file was made with, if they are not shipped.
    strict : bool
        Whether to raise an error for a damaged or truncated file. If not, all packets that are
        there are decoded, and `damage` describes the damage.

    Attributes
    ----------
    header : Header
        The header of the file.

    Raises
    ------
    FormatError, TruncatedStream
        If the file has another format, is damaged, or ends too early; here, or while reading.
    TablesError
        If the file was made with other tables.
    """

    def __init__(
        self, file: str | os.PathLike[str] | IO[bytes], samplerate: int | None = SAMPLERATE,
        dtype: str = "float32", *,
        enhancement: bool = True, tables: TableSet | None = None, strict: bool = True,
    ) -> None:  # fmt: skip
        with contextlib.ExitStack() as opened:
            self._cvq = CvqReader(opened.enter_context(reading(file)), strict)
            self.header: Header = self._cvq.header
            self._decoder = FileDecoder(
                self.header.samplerate if samplerate is None else samplerate, dtype, strict=strict,
                enhancement=enhancement, tables=table_set.made_with(self.header.tables, tables),
            )  # fmt: skip
            self._opened = opened.pop_all()
        self._open = True
        self._pieces = self._decoded()
        self._buffer: NDArray[Any] = np.zeros(0, self._decoder.dtype)

    @property
    def samplerate(self) -> int:
        """Rate of the output [Hz]."""
        return self._decoder.samplerate

    @property
    def n_samples(self) -> int | None:
        """Length of the whole output; for a file written to a pipe it is known at the end."""
        if self._cvq.n_samples is None:
            return None
        return converted_len(self._cvq.n_samples, self.header.samplerate, self.samplerate)

    @property
    def n_missing(self) -> int | None:
        """At the end: the number of packets that are missing; None if it is unknown."""
        return self._cvq.n_missing

    @property
    def damage(self) -> str | None:
        """Description of the first damage so far, if not `strict`."""
        n_malformed = self._decoder.stats.malformed
        return self._cvq.damage or (f"{n_malformed} malformed packets" if n_malformed else None)

    @property
    def n_bytes(self) -> int:
        """Number of bytes read so far."""
        return self._cvq.n_bytes

    def read(self, n: int = -1) -> NDArray[Any]:
        """Return the next `n` samples, (n,): fewer at the end, all remaining ones if negative.

        Raises
        ------
        ClosedError
            If the reader is closed.
        FormatError, TruncatedStream
            If the file is damaged or ends too early.
        """
        if not self._open:
            raise ClosedError("read: the reader is closed")
        check_int(n, "n")
        parts = [self._buffer]
        have = len(self._buffer)
        while n < 0 or have < n:
            piece = next(self._pieces, None)
            if piece is None:
                break
            parts.append(piece)
            have += len(piece)
        samples = parts[0] if len(parts) == 1 else np.concatenate(parts)
        n = have if n < 0 else n
        self._buffer = samples[n:]
        return samples[:n]

    def __iter__(self) -> Iterator[NDArray[Any]]:
        """Yield frames of 20 ms."""
        frame_len = converted_len(FRAME_LEN, SAMPLERATE, self.samplerate)
        while len(frame := self.read(frame_len)):
            yield frame

    def _decoded(self) -> Iterator[NDArray[Any]]:
        """Yield the sound; the last packet waits until the length is known."""
        held: list[bytes] = []
        for block in self._cvq.blocks():
            packets = held + block
            held = packets[-1:]
            yield self._decoder.write(packets[:-1])
        yield self._decoder.finish(held, *self._lengths())

    def _lengths(self) -> tuple[int, int]:
        """Return the length of the stream at 8 kHz and at the output's rate, at its end."""
        n_samples, original = self.n_samples, self._cvq.n_samples
        if n_samples is None or original is None or self._cvq.n_missing:
            n_8k = capacity_8k(self._cvq.n_packets)
            return n_8k, converted_len(n_8k, SAMPLERATE, self.samplerate)
        return n_samples_8k(original, self.header.samplerate), n_samples

    def close(self) -> None:
        """Close the reader, and its file if it was opened by its path."""
        self._open = False
        self._opened.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
