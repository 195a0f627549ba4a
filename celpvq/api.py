"""Whole arrays: sound to the bytes of a file and back, in one call."""

import io
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .audio.arrays import as_mono
from .codec.decoder import Decoder
from .codec.encoder import Encoder
from .codec.modes import SAMPLERATE, Mode
from .codec.samples import as_array
from .codec.tables import TableSet
from .errors import ArgumentError, ArgumentTypeError
from .stream import StreamReader, StreamWriter


def encode(
    x: ArrayLike, samplerate: int, mode: int | Mode = 6400, preset: str = "default", *,
    axis: int | None = None, channel: int | None = None, highpass: bool = True,
    tables: TableSet | None = None,
) -> bytes:  # fmt: skip
    """Return speech as the bytes of a ``.cvq`` file.

    Parameters
    ----------
    x : array_like, shape (n,) or two-dimensional
        Floats, full scale +-1 (finite ones beyond it are clipped), or int16.
    samplerate : int
        Its rate [Hz], 4000 to 192000.
    mode : int or Mode
        Bit rate [bit/s]: 4800, 5600, 6400, 7200, 8000.
    preset : {"fast", "default", "best"}
        Effort of the encoder; the format is the same.
    axis, channel : int, optional
        For two dimensions: the axis of the channels, and the one to take instead of the mean.
    highpass : bool
        Whether to remove what is below 100 Hz.
    tables : TableSet, optional
        Codebooks other than the default; the decoder needs the same.

    Returns
    -------
    bytes

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument has no such value; a sample is not finite; there is no sample.
    """
    mono = as_mono(x, axis=axis, channel=channel)
    if not len(mono):
        raise ArgumentError("x: expected at least one sample, got none")
    file = io.BytesIO()
    options: dict[str, Any] = {"highpass": highpass, "tables": tables, "samples": len(mono)}
    with StreamWriter(file, samplerate, mode, preset, **options) as stream:
        stream.write(mono)
    return file.getvalue()


def decode(
    data: bytes, dtype: str = "float32", samplerate: int | None = SAMPLERATE, *,
    postfilter: bool = True, tables: TableSet | None = None,
) -> tuple[NDArray[Any], int]:  # fmt: skip
    """Return the speech in the bytes of a ``.cvq`` file, aligned with the original in time.

    Parameters
    ----------
    data : bytes
        The whole file.
    dtype : str
        ``"float32"`` or ``"float64"``, full scale 1, or ``"int16"``.
    samplerate : int, optional
        Rate of the output [Hz]; None stands for that of the original.
    postfilter : bool
        Whether to apply it.
    tables : TableSet, optional
        The codebooks that the stream was made with, if they are not shipped.

    Returns
    -------
    y : ndarray, shape (n,)
        At 8000 Hz n is round(length * 8000 / rate of the original), at that rate the length itself.
    samplerate : int
        Its rate [Hz].

    Raises
    ------
    FormatError, TruncatedStream
        If the data are not a whole ``.cvq`` file.
    TablesError
        If it was made with other tables than those given, or those that are shipped.
    """
    if not isinstance(data, (bytes, bytearray, memoryview)):
        raise ArgumentTypeError(f"data: expected the bytes of a file, got {type(data).__name__}")
    options: dict[str, Any] = {"postfilter": postfilter, "tables": tables}
    with StreamReader(io.BytesIO(data), samplerate, dtype, **options) as stream:
        return stream.read(), stream.samplerate


def roundtrip(
    x: ArrayLike, samplerate: int, mode: int | Mode = 6400, preset: str = "default", *,
    axis: int | None = None, channel: int | None = None, highpass: bool = True,
    postfilter: bool = True, tables: TableSet | None = None,
) -> NDArray[Any]:  # fmt: skip
    """Return speech as it sounds after the codec, at the same rate.

    Parameters
    ----------
    x, samplerate, mode, preset, axis, channel, highpass, tables
        As for `encode`.
    postfilter : bool
        Whether the decoder applies it.

    Returns
    -------
    ndarray, shape (n,)
        One channel as long as `x`, aligned with it in time, and of its type.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        As for `encode`.
    """
    array = as_array(x)
    data = encode(
        array, samplerate, mode, preset,
        axis=axis, channel=channel, highpass=highpass, tables=tables,
    )  # fmt: skip
    dtype = array.dtype.newbyteorder("=")
    coded = "int16" if dtype == np.int16 else "float64"
    y, _ = decode(data, coded, samplerate=None, postfilter=postfilter, tables=tables)
    return y.astype(dtype)


def warmup() -> None:
    """Load both directions of the codec, and compile them if no process has done so before."""
    Decoder().decode_frame(Encoder().encode_frame(np.zeros(160)))
