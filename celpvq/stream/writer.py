"""`SpeechWriter`: sound to a ``.cvq`` file."""

import os
import weakref
from typing import Self

from numpy.typing import ArrayLike

from ..codec.common.table_set import TableSet
from ..codec.encoder.variable_rate import Rate, RateLike, VariableRate, nominal_mode
from ..codec.format.modes import SAMPLERATE
from ..container import CvqWriter
from ..errors import ArgumentError, ClosedError
from ..output import Output, Sink, warn_unclosed
from .encoder import Encoder


class SpeechWriter:
    """Encode chunks of sound into a ``.cvq`` file; a context manager.

    Parameters
    ----------
    file : path or binary file
        A path appears when `close` has completed the file, and replaces an old file; after an
        exception nothing changes. A file object stays open. If it cannot seek, the file gets the
        form for pipes.
    samplerate : int
        Rate of the chunks [Hz], 4000 to 192000.
    mode : int, str or VariableRate
        Bit rate [bit/s], one of `celpvq.modes`; or ``"vbr"`` or a `VariableRate`, which imply
        `variable`.
    preset : {"fast", "default", "best"}
        Width of the search; the bitstream is the same.
    axis, channel : int, optional
        For chunks of two dimensions: the axis of the channels, and the channel to take. Without
        `channel` the mean of all channels is coded.
    bitrate : int, optional
        Average rate [bit/s] for mode ``"vbr"``, 4800 to 8000.
    highpass : bool
        Whether to remove frequencies below 100 Hz.
    dtx : bool
        Whether to code pauses by discontinuous transmission; implies `variable`.
    tables : TableSet, optional
        Trained tables; the reader needs the same.
    variable : bool
        Whether `mode` may change while writing.
    n_samples : int, optional
        Length of the whole sound at `samplerate`, if it is known beforehand.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument has no such value.
    OutputError
        If the file cannot be written.
    """

    def __init__(
        self, file: str | os.PathLike[str] | Sink, samplerate: int = SAMPLERATE,
        mode: RateLike = 6400, preset: str = "default", *, bitrate: int | None = None,
        axis: int | None = None, channel: int | None = None, highpass: bool = True,
        dtx: bool = False, tables: TableSet | None = None, variable: bool = False,
        n_samples: int | None = None,
    ) -> None:  # fmt: skip
        self._encoder = Encoder(
            mode, preset, bitrate=bitrate, samplerate=samplerate, axis=axis, channel=channel,
            highpass=highpass, dtx=dtx, tables=tables,
        )  # fmt: skip
        self._variable = variable or dtx or isinstance(self._encoder.mode, VariableRate)
        self._n_samples = 0
        self._output = Output(file) if isinstance(file, (str, os.PathLike)) else None
        sink: Sink = self._output or file  # type: ignore[assignment]
        try:
            self._cvq = CvqWriter(
                sink, nominal_mode(self._encoder.mode), self._encoder.tables.hash, samplerate,
                n_samples=n_samples, variable=self._variable,
            )  # fmt: skip
        except BaseException:
            if self._output is not None:
                self._output.discard()
            raise
        self._unclosed = weakref.finalize(self, warn_unclosed, "a file object")
        if self._output is not None:  # which warns itself, and removes its file
            self._unclosed.detach()
        self._open = True

    @property
    def mode(self) -> Rate:
        """The mode of the frames to come; may be set to another one if `variable`."""
        return self._encoder.mode

    @mode.setter
    def mode(self, mode: RateLike) -> None:
        if not self._variable:
            raise ArgumentError("mode: expected a writer with variable=True to change the mode")
        self._encoder.mode = mode

    @property
    def samplerate(self) -> int:
        """Rate of the chunks [Hz]."""
        return self._encoder.samplerate

    @property
    def n_samples(self) -> int:
        """Number of samples written so far."""
        return self._n_samples

    @property
    def n_bytes(self) -> int:
        """Size of the file so far [bytes]."""
        return self._cvq.n_bytes

    def write(self, chunk: ArrayLike) -> None:
        """Append a chunk of sound.

        Parameters
        ----------
        chunk : array_like, shape (n,), or two-dimensional by `axis`
            Samples at `samplerate`, of any n: float in [-1, 1] or int16.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If the samples have another shape or type, or are not finite. Nothing is appended.
        ClosedError
            If the writer is closed.
        """
        if not self._open:
            raise ClosedError("write: the writer is closed")
        packets = self._encoder.write(chunk)
        self._n_samples = self._encoder.n_samples
        self._cvq.write(packets)

    def close(self) -> None:
        """Complete the file.

        Raises
        ------
        ArgumentError
            If no samples were written, or not as many as declared.
        """
        if not self._open:
            return
        try:
            if not self._n_samples:
                raise ArgumentError("x: expected at least one sample, got none")
            self._cvq.write(self._encoder.flush())
            self._cvq.close(self._n_samples)
        except BaseException:
            self.abort()
            raise
        self._end()
        if self._output is not None:
            self._output.commit()

    def abort(self) -> None:
        """Close without a result: a file that the path names stays as it was."""
        self._end()
        if self._output is not None:
            self._output.discard()

    def _end(self) -> None:
        self._open = False
        self._unclosed.detach()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.close()
        else:
            self.abort()
