"""Chunks of sound to packets, and packets to sound, at any rate: for networks and for files."""

import itertools
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._types import F32, F64
from ..audio import Resampler, as_mono, check_samplerate, to_dtype
from ..audio.arrays import check_dtype
from ..codec.decoder import Decoder
from ..codec.encoder import Encoder
from ..codec.modes import DELAY, SAMPLERATE


class ChunkEncoder:
    """Encode chunks of any length and rate into packets.

    Parameters
    ----------
    samplerate : int
        Rate of the chunks [Hz].
    encoder : Encoder, optional
        What codes them, fresh; its mode may be set while writing.
    axis, channel : int, optional
        For two dimensions: the axis of the channels, and the one to take instead of the mean.

    Attributes
    ----------
    encoder : Encoder
    samplerate : int
    n_samples : int
        Written since the start.

    Notes
    -----
    The packets do not depend on where chunks end. N samples at 8 kHz make ceil((N + 40) / 160).
    """

    def __init__(
        self, samplerate: int = SAMPLERATE, encoder: Encoder | None = None, *,
        axis: int | None = None, channel: int | None = None,
    ) -> None:  # fmt: skip
        self.samplerate = check_samplerate(samplerate)
        self.encoder = Encoder() if encoder is None else encoder
        self.n_samples = 0
        self._axis, self._channel = axis, channel
        self._resampler = Resampler(self.samplerate, SAMPLERATE)

    def write(self, chunk: ArrayLike) -> list[bytes]:
        """Return the packets that a chunk completes: samples (n,), or two-dimensional by `axis`.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If they are not finite floats or int16 of a right shape; nothing is taken then.
        """
        x = as_mono(chunk, axis=self._axis, channel=self._channel)
        self.n_samples += len(x)
        return self._encode(self._resampler.write(x))

    def flush(self) -> list[bytes]:
        """Return the packets of what is left, and start anew."""
        packets = self._encode(self._resampler.flush()) + self.encoder.flush()
        self.n_samples = 0
        return packets

    def _encode(self, x: F64) -> list[bytes]:
        return self.encoder.write(np.clip(x, -1.0, 1.0))  # a resampled edge overshoots


class ChunkDecoder:
    """Decode packets into sound of any rate, without the codec's delay in front.

    Parameters
    ----------
    samplerate : int
        Rate of the output [Hz].
    decoder : Decoder, optional
        What decodes them, fresh.
    dtype : str
        ``"float32"``, ``"float64"`` or ``"int16"``.
    """

    def __init__(
        self, samplerate: int = SAMPLERATE, decoder: Decoder | None = None, dtype: str = "float32"
    ) -> None:
        self.samplerate = check_samplerate(samplerate)
        self.decoder = Decoder() if decoder is None else decoder
        self._dtype = check_dtype(dtype)
        self._resampler = Resampler(SAMPLERATE, self.samplerate)
        self._skip = DELAY

    def write(self, packets: Iterable[bytes | None]) -> NDArray[Any]:
        """Return the sound (n,) that packets complete; None stands for a lost one.

        A lost one is concealed as if those after it had not come yet, so that the sound does not
        depend on which packets come together.
        """
        return self._resampled(self.decoder.write(packets))

    def look_ahead(self, packets: Iterable[bytes | None]) -> Iterator[NDArray[Any]]:
        """Yield the sound (n,) of each packet, once the next one is there.

        As `write`, but a lost packet is concealed on the way to the next one, as a receiver does
        whose jitter buffer holds it.
        """
        for packet, after in itertools.pairwise(itertools.chain(packets, [None])):
            if packet is None:
                yield self._resampled(self.decoder.decode_frame(None, next_packet=after))
            else:
                yield self.write([packet])

    def _resampled(self, speech: F32) -> NDArray[Any]:
        samples = speech.astype(np.float64)
        skipped = min(self._skip, len(samples))
        self._skip -= skipped
        return to_dtype(self._resampler.write(samples[skipped:]), self._dtype)

    def flush(self, n_samples: int | None = None) -> NDArray[Any]:
        """Return the sound that is left, and start anew.

        Parameters
        ----------
        n_samples : int, optional
            Length of the whole, if it is known; else the last packet is played to its end.
        """
        rest = to_dtype(self._resampler.flush(n_samples), self._dtype)
        self.decoder.reset()
        self._skip = DELAY
        return rest


def encode_stream(
    chunks: Iterable[ArrayLike], samplerate: int, mode: int = 6400, preset: str = "default", *,
    axis: int | None = None, channel: int | None = None, **options: Any,
) -> Iterator[bytes]:  # fmt: skip
    """Yield the packets of chunks of sound as soon as they are complete.

    Parameters
    ----------
    chunks : iterable of array_like, each (n,) of any n, or two-dimensional by `axis`
        Floats in [-1, 1] or int16.
    samplerate : int
        Their rate [Hz], 4000 to 192000.
    mode, preset, **options
        Of `Encoder`: ``highpass dtx tables``.
    axis, channel : int, optional
        For two dimensions: the axis of the channels, and the one to take instead of the mean.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        As `ChunkEncoder.write` and `Encoder`.
    """
    encoder = Encoder(mode, preset, **options)
    coder = ChunkEncoder(samplerate, encoder, axis=axis, channel=channel)
    for chunk in chunks:
        yield from coder.write(chunk)
    yield from coder.flush()


def decode_stream(
    packets: Iterable[bytes | None], samplerate: int = SAMPLERATE, dtype: str = "float32",
    **options: Any,
) -> Iterator[NDArray[Any]]:  # fmt: skip
    """Yield the sound of packets as they come; None stands for a lost one.

    Parameters
    ----------
    packets : iterable of bytes or None
        Those of `encode_stream`, or of `Encoder`. What is no packet is concealed like a lost one.
    samplerate : int
        Rate of the output [Hz].
    dtype : str
        ``"float32"``, ``"float64"`` or ``"int16"``.
    **options
        Of `Decoder`: ``postfilter tables``.

    Yields
    ------
    ndarray, shape (n,)
        Sample k of them all is at the time of the input's sample k.
    """
    coder = ChunkDecoder(samplerate, Decoder(**options), dtype)
    for packet in packets:
        if len(sound := coder.write([packet])):
            yield sound
    if len(sound := coder.flush()):
        yield sound
