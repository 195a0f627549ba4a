"""Chunks of sound into a file."""

import os
from types import TracebackType
from typing import Self

from numpy.typing import ArrayLike

from ..codec.common.table_set import TableSet
from ..codec.format import modes
from ..codec.format.modes import SAMPLERATE, Mode
from ..container import CvqWriter
from ..errors import ArgumentError, ClosedError
from ..output import Output, Sink
from .encoder import Encoder


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
    dtx : bool
        Whether pauses are coded by silence descriptors; the stream is *variable* then.
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
        dtx: bool = False, tables: TableSet | None = None, variable: bool = False,
        samples: int | None = None,
    ) -> None:  # fmt: skip
        self._variable = variable or dtx
        self._encoder = Encoder(
            mode, preset, samplerate=samplerate, axis=axis, channel=channel, highpass=highpass,
            dtx=dtx, tables=tables,
        )  # fmt: skip
        self._open = True
        self._output = Output(file) if isinstance(file, (str, os.PathLike)) else None
        sink: Sink = self._output or file  # type: ignore[assignment]
        try:
            self._cvq = CvqWriter(
                sink, self._encoder.mode, self._encoder.tables.hash, samplerate,
                samples=samples, variable=self._variable,
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
    def samplerate(self) -> int:
        """Rate of the chunks [Hz]."""
        return self._encoder.samplerate

    @property
    def n_samples(self) -> int:
        """How many samples were written so far."""
        return self._encoder.n_samples

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
        ClosedError
            If the stream is closed.
        """
        if not self._open:
            raise ClosedError("write: the stream is closed")
        self._cvq.write_packets(self._encoder.write(chunk))

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
            n_samples = self.n_samples
            if not n_samples:
                raise ArgumentError("x: expected at least one sample, got none")
            self._cvq.write_packets(self._encoder.flush())
            self._cvq.close(n_samples)
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
