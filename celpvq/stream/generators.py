"""Generators: chunks of sound to packets, and packets to sound."""

from collections.abc import Iterable, Iterator
from typing import Any

from numpy.typing import ArrayLike, NDArray

from ..codec.encoder.variable_rate import RateLike
from ..codec.format.modes import SAMPLERATE
from .decoder import Decoder
from .encoder import Encoder


def encode_stream(
    chunks: Iterable[ArrayLike], samplerate: int, mode: RateLike = 6400,
    preset: str = "default", **options: Any,
) -> Iterator[bytes]:  # fmt: skip
    """Yield the packets of chunks of sound as soon as they are complete.

    Parameters
    ----------
    chunks : iterable of array_like, each (n,) of any n, or two-dimensional by `axis`
        Floats in [-1, 1] or int16.
    samplerate : int
        Their rate [Hz], 4000 to 192000.
    mode, preset, **options
        As for `Encoder`.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        As for `Encoder` and `Encoder.write`.
    """
    encoder = Encoder(mode, preset, samplerate=samplerate, **options)
    for chunk in chunks:
        yield from encoder.write(chunk)
    yield from encoder.flush()


def decode_stream(
    packets: Iterable[bytes | None], samplerate: int = SAMPLERATE, dtype: str = "float32",
    **options: Any,
) -> Iterator[NDArray[Any]]:  # fmt: skip
    """Yield the sound of packets as they come; None stands for a lost packet.

    Parameters
    ----------
    packets : iterable of bytes or None
        Packets of `encode_stream` or of `Encoder`. A malformed packet counts as lost.
    samplerate, dtype, **options
        As for `Decoder`.

    Yields
    ------
    ndarray, shape (n,)
        Aligned with the input: sample k of the whole output belongs to sample k of the input.
    """
    decoder = Decoder(samplerate, dtype, **options)
    for packet in packets:
        if len(sound := decoder.write([packet])):
            yield sound
    if len(sound := decoder.flush()):
        yield sound
