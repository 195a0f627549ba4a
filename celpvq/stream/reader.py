"""A file into pieces of sound."""

import io
import os
from collections.abc import Iterator
from typing import IO, Any, Self

import numpy as np
from numpy.typing import NDArray

from .._types import F64, I16
from ..audio import Resampler, check_samplerate, converted_len, to_dtype
from ..audio.arrays import check_dtype
from ..codec.common import table_set as shipped
from ..codec.common.samples import FULL_SCALE
from ..codec.common.table_set import TableSet
from ..codec.decoder.decoder import FrameDecoder
from ..codec.format.modes import DELAY, FRAME_LEN, SAMPLERATE
from ..container import CvqReader, Header, n_samples_8k
from ..errors import ClosedError


class StreamReader:
    """Decode a file; a context manager, and an iterator over frames of 20 ms, the last one shorter.

    Parameters
    ----------
    file : path or binary file
        Pipes are fine. A file object is left open.
    samplerate : int, optional
        Rate of the output [Hz]; None stands for that of the original.
    dtype : str
        ``"float32"``, ``"float64"`` or ``"int16"``.
    enhancement : bool
        Whether a small network filters the decoded speech.
    tables : TableSet, optional
        The codebooks that the stream was made with, if they are not shipped.
    strict : bool
        If not, a damaged or truncated stream gives what it has, and `damage` says what is wrong.

    Attributes
    ----------
    header : Header
    samplerate : int
        Rate of the output [Hz].

    Raises
    ------
    FormatError, TruncatedStream
        If the data are not such a stream, or end before their end: here or while reading.
    TablesError
        If the stream needs other codebooks.
    """

    def __init__(
        self, file: str | os.PathLike[str] | IO[bytes], samplerate: int | None = SAMPLERATE,
        dtype: str = "float32", *,
        enhancement: bool = True, tables: TableSet | None = None, strict: bool = True,
    ) -> None:  # fmt: skip
        self._dtype = check_dtype(dtype)
        self._open = True
        self._owned: IO[bytes] | None = None
        if isinstance(file, (str, os.PathLike)):
            file = self._owned = io.BufferedReader(io.FileIO(file))
        try:
            self._cvq = CvqReader(file, strict)
            self.header: Header = self._cvq.header
            self.samplerate = check_samplerate(
                self.header.samplerate if samplerate is None else samplerate
            )
            self._decoder = FrameDecoder(
                enhancement=enhancement, tables=shipped.made_with(self.header.tables, tables)
            )
            self._resampler = Resampler(SAMPLERATE, self.samplerate)
        except BaseException:
            self.close()
            raise
        self._pieces = self._resampled()
        self._buffer: NDArray[Any] = np.zeros(0, self._dtype)

    @property
    def n_samples(self) -> int | None:
        """Length of the whole output; of a stream written to a pipe it is known at the end."""
        if self._cvq.samples is None:
            return None
        return converted_len(self._cvq.samples, self.header.samplerate, self.samplerate)

    @property
    def n_missing(self) -> int | None:
        """At the end: packets that should be there; None if nothing says how many."""
        return self._cvq.n_missing

    @property
    def damage(self) -> str | None:
        """The first thing found wrong so far, if not `strict`."""
        return self._cvq.damage

    @property
    def n_bytes(self) -> int:
        """How many bytes were read so far."""
        return self._cvq.n_bytes

    def read(self, n: int = -1) -> NDArray[Any]:
        """Return the next `n` samples, (n,): fewer at the end, all that are left if negative.

        Raises
        ------
        ClosedError
            If the stream is closed.
        """
        if not self._open:
            raise ClosedError("read: the stream is closed")
        parts = [self._buffer]
        have = len(self._buffer)
        while n < 0 or have < n:
            piece = next(self._pieces, None)
            if piece is None:
                break
            parts.append(to_dtype(piece, self._dtype))
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

    def _resampled(self) -> Iterator[F64]:
        n_8k = 0
        for pcm in self._decoded():
            n_8k += len(pcm)
            yield self._resampler.write(pcm / FULL_SCALE)
        n = self.n_samples
        if n is None or self._cvq.n_missing:
            n = converted_len(n_8k, SAMPLERATE, self.samplerate)
        yield self._resampler.flush(n)

    def _decoded(self) -> Iterator[I16]:
        """Yield the speech at 8 kHz without the delay, cut to its length."""
        delay, n_out = DELAY, 0
        held = np.zeros(0, np.int16)  # the last frame, until the length is known
        for mode, packets in self._cvq.runs():
            new = (
                self._decoder.decode_run(packets, mode)
                if mode is not None
                else self._decoder.decode(packets)
            )
            pcm = np.concatenate([held, new[delay:]])
            delay = 0
            end = max(len(pcm) - FRAME_LEN, 0)
            n_out += end
            yield pcm[:end]
            held = pcm[end:]
        samples = self._cvq.samples
        if samples is not None and not self._cvq.n_missing:
            held = held[: n_samples_8k(samples, self.header.samplerate) - n_out]
        yield held

    def close(self) -> None:
        """Close the stream, and its file if it was opened here."""
        self._open = False
        if self._owned is not None:
            self._owned.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
