"""`Encoder`: samples of any rate to packets, frame by frame or in chunks."""

import copy
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .._types import F64
from ..audio import Resampler, as_mono, check_samplerate
from ..audio.arrays import report_clipping, warn_clipping
from ..codec.common.samples import as_array, one_channel
from ..codec.common.table_set import TableSet
from ..codec.encoder.encoder import EncoderCore
from ..codec.encoder.variable_rate import RateLike
from ..codec.format import modes
from ..codec.format.modes import DELAY, FRAME_LEN, SAMPLERATE
from ..errors import ArgumentError


class Encoder(EncoderCore):
    """Code speech frame by frame, or in chunks of any length.

    Parameters
    ----------
    mode : int, str or VariableRate, default 6400
        Bit rate [bit/s], one of `celpvq.modes`; or ``"vbr"`` or a `VariableRate`.
    preset : {"fast", "default", "best"}
        Width of the search; the bitstream is the same.
    samplerate : int, default 8000
        Rate of the chunks [Hz], 4000 to 192000.
    axis, channel : int, optional
        For chunks of two dimensions: the axis of the channels, and the channel to take. Without
        `channel` the mean of all channels is coded.
    bitrate : int, optional
        Average rate [bit/s] for mode ``"vbr"``, 4800 to 8000.
    highpass : bool
        Whether to remove frequencies below 100 Hz.
    dtx : bool
        Whether to code pauses by discontinuous transmission (DTX): one frame in 8 is a silence
        insertion descriptor (SID) of 2 bytes, the other packets are empty (NO_DATA) and need not be
        sent. May be changed before any frame.
    tables : TableSet, optional
        Trained tables; the decoder needs the same.

    Attributes
    ----------
    n_samples : int
        Samples written in this stream, at `samplerate`.

    Raises
    ------
    ArgumentError
        If an argument has no such value.

    Notes
    -----
    One object codes one stream, from one thread at a time. It can be copied and pickled at any
    frame. The mode may be changed before any frame: a packet tells its mode by its length. A stream
    is coded either by `write` or by `encode_frame`; `reset` or `flush` starts the next stream.
    """

    frame_samples = FRAME_LEN
    delay_samples = DELAY
    _clipping_reported: bool
    _framed: bool  # whether `encode_frame` has begun a stream
    _pending: F64  # samples that do not fill a frame

    def __init__(
        self, mode: RateLike = 6400, preset: str = "default", *, bitrate: int | None = None,
        samplerate: int = SAMPLERATE, axis: int | None = None, channel: int | None = None,
        highpass: bool = True, dtx: bool = False, tables: TableSet | None = None,
    ) -> None:  # fmt: skip
        self._resampler = Resampler(check_samplerate(samplerate), SAMPLERATE)
        self._axis, self._channel = axis, channel
        super().__init__(mode, preset, bitrate=bitrate, highpass=highpass, dtx=dtx, tables=tables)

    @property
    def samplerate(self) -> int:
        """Rate of the chunks [Hz]."""
        return self._resampler.from_hz

    def encode_frame(self, x: ArrayLike) -> bytes:
        """Return the packet of the next frame.

        Parameters
        ----------
        x : array_like, shape (160,)
            Samples at 8 kHz: float in [-1, 1] or int16.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If x has another length or type, or is not finite; if `samplerate` is not 8000; if
            `write` has begun a stream. The encoder stays as it was.
        ConcurrentUseError
            If another thread is using the encoder right now.
        """
        if self.samplerate != SAMPLERATE:
            raise ArgumentError(
                f"encode_frame: expected an encoder of {SAMPLERATE} Hz, got one of"
                f" {self.samplerate} Hz; use write()"
            )
        array = as_array(x)
        samples = one_channel(array)
        if len(samples) != FRAME_LEN:
            raise ArgumentError(f"x: expected {FRAME_LEN} samples, got {len(samples)}")
        report_clipping(array, self._report_clipping)
        with self._access:
            if self.n_samples:
                raise ArgumentError(
                    "encode_frame: write() has begun a stream; call flush() or reset() first"
                )
            self._framed = True
            return self._encode(samples)[0]

    def write(self, chunk: ArrayLike) -> list[bytes]:
        """Return the packets of all frames that a chunk completes.

        Chunk boundaries do not matter: any chunks of the same samples give the same packets.

        Parameters
        ----------
        chunk : array_like, shape (n,), or two-dimensional by `axis`
            Samples at `samplerate`, of any n: float in [-1, 1] or int16.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If the samples have another shape or type, or are not finite; if `encode_frame` has
            begun a stream. The encoder stays as it was.
        ConcurrentUseError
            If another thread is using the encoder right now.
        """
        samples = as_mono(
            chunk, axis=self._axis, channel=self._channel, report=self._report_clipping
        )
        with self._access:
            if self._framed:
                raise ArgumentError("write: encode_frame() has begun a stream; call reset() first")
            self.n_samples += len(samples)
            return self._frames(self._resampler.write(samples))

    def flush(self) -> list[bytes]:
        """Return the packets of the remaining samples and of the delay, and start a new stream.

        N samples at 8 kHz make ceil((N + 40) / 160) packets in all. After `encode_frame`, one
        packet with the last 40 samples remains.

        Raises
        ------
        ConcurrentUseError
            If another thread is using the encoder right now.
        """
        with self._access:
            samples = np.concatenate([self._pending, _clipped(self._resampler.flush())])
            frames = np.zeros(modes.n_frames(len(samples)) * FRAME_LEN)
            frames[: len(samples)] = samples
            packets = self._encode(frames)
            self._restart()
            return packets

    def _frames(self, samples: F64) -> list[bytes]:
        """Return the packets of the frames that samples at 8 kHz complete."""
        samples = np.concatenate([self._pending, _clipped(samples)])
        end = len(samples) - len(samples) % FRAME_LEN
        self._pending = samples[end:].copy()
        return self._encode(samples[:end])

    def _report_clipping(self, message: str) -> None:
        """Warn of samples beyond full scale, once in a stream."""
        if not self._clipping_reported:
            self._clipping_reported = True
            warn_clipping(message)

    def _restart(self) -> None:
        super()._restart()
        self._pending = np.zeros(0)
        self._resampler = Resampler(self.samplerate, SAMPLERATE)
        self.n_samples = 0
        self._framed = False
        self._clipping_reported = False

    def __setstate__(self, attributes: dict[str, Any]) -> None:
        super().__setstate__(attributes)
        self._resampler = copy.deepcopy(self._resampler)


def _clipped(samples: F64) -> F64:
    """Return samples within full scale: a resampled edge overshoots."""
    return np.asarray(np.clip(samples, -1.0, 1.0))
