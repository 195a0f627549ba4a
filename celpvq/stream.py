"""Streams of any length: chunks of sound into a file, and a file into frames of sound.

Whatever the chunks, the result is that of the whole in one piece, to the bit.
"""

import io
import os
from collections.abc import Iterator
from types import TracebackType
from typing import IO, Any, Literal, Self, TypeAlias, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._types import F64, I16
from .audio.arrays import as_mono, check_dtype, check_samplerate, converted_len, to_dtype
from .audio.resampler import Resampler
from .codec import modes
from .codec import tables as shipped
from .codec.decoder import Decoder
from .codec.encoder import Encoder
from .codec.modes import DELAY, FRAME_LEN, SAMPLERATE, Mode
from .codec.tables import TableSet
from .container import CvqReader, CvqWriter, Header, n_packets, n_samples_8k
from .errors import ArgumentError, TablesError
from .output import Output, Sink

Source: TypeAlias = str | os.PathLike[str] | IO[bytes]

RUN_LEN = 500 * FRAME_LEN  # samples in one call of the encoder: Ctrl-C waits no longer


class StreamWriter:
    """Encode chunks of sound into a file; a context manager.

    Parameters
    ----------
    file : path or binary file
        A path appears when the stream is complete, and replaces what is there; nothing appears
        after an exception. A file object is left open; where it cannot seek the form is that for
        pipes.
    samplerate : int
        Rate of the chunks [Hz].
    mode : int or Mode
        Bit rate [bit/s]: 4800, 5600, 6400, 7200, 8000.
    preset : str
        Effort of the encoder: ``"fast"``, ``"default"``, ``"best"``.
    axis, channel : int, optional
        For two dimensions: the axis of the channels, and the one to take instead of the mean.
    highpass : bool
        Whether to remove what is below 100 Hz.
    tables : TableSet, optional
        Codebooks other than the default.
    variable : bool
        Whether `mode` may be set to another one while writing.
    samples : int, optional
        Length of the whole, if known beforehand.
    """

    def __init__(
        self, file: str | os.PathLike[str] | Sink, samplerate: int = SAMPLERATE,
        mode: int | Mode = 6400, preset: str = "default", *,
        axis: int | None = None, channel: int | None = None, highpass: bool = True,
        tables: TableSet | None = None, variable: bool = False, samples: int | None = None,
    ) -> None:  # fmt: skip
        self._axis, self._channel, self._variable = axis, channel, variable
        self.samplerate = check_samplerate(samplerate)
        self._encoder = Encoder(mode, preset, highpass=highpass, tables=tables)
        self._resampler = Resampler(self.samplerate, SAMPLERATE)
        self._pending: F64 = np.zeros(0)  # samples at 8 kHz that do not fill a frame
        self._open = True
        self.n_samples = 0
        self._output = Output(file) if isinstance(file, (str, os.PathLike)) else None
        sink: Sink = self._output or file  # type: ignore[assignment]
        try:
            self._cvq = CvqWriter(
                sink, self._encoder.mode, self._encoder.tables.hash, self.samplerate,
                samples=samples, variable=variable,
            )  # fmt: skip
        except BaseException:
            self.abort()
            raise

    @property
    def mode(self) -> Mode:
        """The bit rate of the frames to come; it may be set where the stream is *variable*."""
        return self._encoder.mode

    @mode.setter
    def mode(self, mode: int | Mode) -> None:
        if not self._variable:
            raise ArgumentError("mode: cannot change, the stream was not opened with variable=True")
        self._encoder.mode = modes.get(mode)

    @property
    def n_bytes(self) -> int:
        """How many bytes the file has so far."""
        return self._cvq.n_bytes

    def write(self, chunk: ArrayLike) -> None:
        """Append samples, (n,) of any n, or two-dimensional with the `axis` given before.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If they are not finite floats or int16 of a right shape; nothing is appended then.
        """
        if not self._open:
            raise ArgumentError("write: the stream is closed")
        x = as_mono(chunk, axis=self._axis, channel=self._channel)
        self.n_samples += len(x)
        self._encode(self._resampler.write(x))

    def _encode(self, x: F64) -> None:
        x = np.concatenate([self._pending, np.clip(x, -1.0, 1.0)])  # a resampled edge overshoots
        end = len(x) - len(x) % FRAME_LEN
        for start in range(0, end, RUN_LEN):
            packets = self._encoder.encode_frames(x[start : min(start + RUN_LEN, end)])
            self._cvq.write(packets, self._encoder.mode)
        self._pending = x[end:]

    def close(self) -> None:
        """Complete the stream.

        Raises
        ------
        ArgumentError
            If it has no samples, or not as many as was said.
        """
        if not self._open:
            return
        try:
            if not self.n_samples:
                raise ArgumentError("x: expected at least one sample, got none")
            n = n_packets(self.n_samples, self.samplerate) * FRAME_LEN
            silence = np.zeros(n - n_samples_8k(self.n_samples, self.samplerate))
            self._encode(np.concatenate([self._resampler.flush(), silence]))
            self._cvq.close(self.n_samples)
        except BaseException:
            self.abort()
            raise
        self._open = False
        if self._output is not None:
            self._output.commit()

    def abort(self) -> None:
        """Close without a result: a path is left as it was."""
        self._open = False
        if self._output is not None:
            self._output.discard()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:  # fmt: skip
        if kind is None:
            self.close()
        else:
            self.abort()


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
    postfilter : bool
        Whether to apply it.
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
        self, file: Source, samplerate: int | None = SAMPLERATE, dtype: str = "float32", *,
        postfilter: bool = True, tables: TableSet | None = None, strict: bool = True,
    ) -> None:  # fmt: skip
        self._dtype = check_dtype(dtype)
        self._owned: IO[bytes] | None = None
        if isinstance(file, (str, os.PathLike)):
            file = self._owned = io.BufferedReader(io.FileIO(file))
        try:
            self._cvq = CvqReader(file, strict)
            self.header: Header = self._cvq.header
            self.samplerate = check_samplerate(
                self.header.samplerate if samplerate is None else samplerate
            )
            self._decoder = Decoder(postfilter=postfilter, tables=_tables(self.header, tables))
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
        """Return the next `n` samples, (n,): fewer at the end, all that are left if negative."""
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
            yield self._resampler.write(pcm.astype(np.float64) / 32768.0)
        n = self.n_samples
        if n is None or self._cvq.n_missing:
            n = converted_len(n_8k, SAMPLERATE, self.samplerate)
        yield self._resampler.flush(n)

    def _decoded(self) -> Iterator[I16]:
        """Yield the speech at 8 kHz without the delay, cut to its length."""
        delay, n_out = DELAY, 0
        held = np.zeros(0, np.int16)  # the last frame, until the length is known
        for mode, packets in self._cvq.runs():
            pcm = np.concatenate([held, self._decoder.decode_frames(packets, mode)[delay:]])
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
        """Close the file, if it was opened here."""
        if self._owned is not None:
            self._owned.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _tables(header: Header, tables: TableSet | None) -> TableSet:
    """Return the tables that a stream needs; raise `TablesError` if they are not there."""
    if tables is None:
        return shipped.by_hash(header.tables)
    if not tables.hash.startswith(header.tables):
        got = tables.hash[: len(header.tables)]
        raise TablesError(f"tables: the stream was made with {header.tables}, got {got}")
    return tables


@overload
def open(file: Source, direction: Literal["r"] = "r", /, **options: Any) -> StreamReader: ...
@overload
def open(
    file: str | os.PathLike[str] | Sink, direction: Literal["w"], /, **options: Any
) -> StreamWriter: ...
def open(file: Any, direction: str = "r", /, **options: Any) -> StreamReader | StreamWriter:
    """Open a ``.cvq`` stream for reading or writing.

    Parameters
    ----------
    file : path or binary file
        Of the stream.
    direction : {"r", "w"}
        Decode from it, or encode into it.
    **options
        Of `StreamReader` (``samplerate dtype postfilter tables strict``) or `StreamWriter`
        (``samplerate mode preset axis channel highpass tables variable samples``).

    Returns
    -------
    StreamReader or StreamWriter

    Raises
    ------
    ArgumentError
        If the direction is neither.
    """
    if direction == "r":
        return StreamReader(file, **options)
    if direction == "w":
        return StreamWriter(file, **options)
    raise ArgumentError(f"direction: expected 'r' or 'w', got {direction!r}")
