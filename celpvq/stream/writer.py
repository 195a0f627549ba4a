"""Chunks of sound into a file."""

import os
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from .._types import F64
from ..audio import Resampler, as_mono, check_samplerate
from ..codec import modes
from ..codec.encoder import Encoder
from ..codec.modes import FRAME_LEN, SAMPLERATE, Mode
from ..codec.tables import TableSet
from ..container import CvqWriter, n_packets, n_samples_8k
from ..errors import ArgumentError
from ..output import Output, Sink

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
