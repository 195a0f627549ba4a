"""Whole arrays: sound to the bytes of a file and back, in one call."""

import io
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import channel as channels
from ._types import F64
from .audio import Resampler
from .audio.arrays import as_mono
from .codec.common.samples import as_array
from .codec.common.table_set import TableSet
from .codec.format.modes import FRAME_LEN, SAMPLERATE, Mode, n_frames
from .errors import ArgumentError, ArgumentTypeError
from .stream import Decoder, Encoder, StreamReader, StreamWriter


def encode(
    x: ArrayLike, samplerate: int, mode: int | Mode = 6400, preset: str = "default", *,
    axis: int | None = None, channel: int | None = None, highpass: bool = True, dtx: bool = False,
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
    dtx : bool
        Whether to code pauses by silence descriptors.
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
    mono = _as_speech(x, axis, channel)
    file = io.BytesIO()
    options: dict[str, Any] = {"highpass": highpass, "dtx": dtx, "tables": tables}
    options["samples"] = len(mono)
    with StreamWriter(file, samplerate, mode, preset, **options) as stream:
        stream.write(mono)
    return file.getvalue()


def decode(
    data: bytes, dtype: str = "float32", samplerate: int | None = SAMPLERATE, *,
    enhancement: bool = True, tables: TableSet | None = None,
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
    enhancement : bool
        Whether a small network filters the decoded speech.
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
    options: dict[str, Any] = {"enhancement": enhancement, "tables": tables}
    with StreamReader(io.BytesIO(data), samplerate, dtype, **options) as stream:
        return stream.read(), stream.samplerate


def roundtrip(
    x: ArrayLike, samplerate: int, mode: int | Mode = 6400, preset: str = "default", *,
    loss: float = 0.0, burst: float | None = None, ber: float = 0.0, seed: int = 0,
    axis: int | None = None, channel: int | None = None, highpass: bool = True, dtx: bool = False,
    enhancement: bool = True, tables: TableSet | None = None,
) -> NDArray[Any]:  # fmt: skip
    """Return speech as it sounds after codec and channel, at the same rate.

    Parameters
    ----------
    x, samplerate, mode, preset, axis, channel, highpass, dtx, tables
        As for `encode`.
    loss : float
        Share of the packets that are lost [0 to 1], and concealed on the way to the next one, as by
        a receiver with a jitter buffer.
    burst : float, optional
        Mean number of packets that are lost one after the other, at least 1; None stands for
        independent losses.
    ber : float
        Share of the bits that are wrong [0 to 1].
    seed : int
        Of losses and wrong bits.
    enhancement : bool
        Whether a small network filters the decoded speech.

    Returns
    -------
    ndarray, shape (n,)
        One channel as long as `x`, aligned with it in time, and of its type.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        As for `encode`, or if a rate is none.
    """
    array = as_array(x)
    mono = _as_speech(array, axis, channel)
    encoder = Encoder(
        mode, preset, samplerate=samplerate, highpass=highpass, dtx=dtx, tables=tables
    )
    sent = encoder.write(mono) + encoder.flush()
    lost = channels.draw_losses(len(sent), loss, burst, seed)
    received = channels.drop(channels.flip_bits(sent, ber, seed), lost)
    dtype = array.dtype.newbyteorder("=")
    decoder = Decoder(
        samplerate, "int16" if dtype == np.int16 else "float64", enhancement=enhancement,
        tables=tables,
    )  # fmt: skip
    y = np.concatenate([*decoder.look_ahead(received), decoder.flush(len(mono))])
    return y[: len(mono)].astype(dtype)


class Analysis(NamedTuple):
    """What the codec knows of speech, a row per frame of 20 ms."""

    lsf: F64  # (n, 10) line spectral frequencies, quantized [radians]
    lag: F64  # (n, 4) pitch lag of each subframe [samples at 8 kHz]
    gain: F64  # (n, 4, 2) of adaptive and fixed codebook, linear
    active: NDArray[np.bool_]  # (n,) whether there is speech
    kind: NDArray[np.str_]  # (n,) of the packet: speech, sid, not sent


def analyze(
    x: ArrayLike, samplerate: int, mode: int | Mode = 6400, preset: str = "default", *,
    axis: int | None = None, channel: int | None = None, tables: TableSet | None = None,
) -> Analysis:  # fmt: skip
    """Return the parameters that the codec finds in speech, pauses coded as such.

    Parameters
    ----------
    x, samplerate, mode, preset, axis, channel, tables
        As for `encode`.

    Returns
    -------
    Analysis
        Row k is about the samples from 160 k - 40 on, at 8 kHz.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        As for `encode`.
    """
    encoder = Encoder(mode, preset, dtx=True, tables=tables)
    decoder = Decoder(enhancement=False, tables=tables)
    resampler = Resampler(samplerate, SAMPLERATE)
    mono = _as_speech(x, axis, channel)
    y = np.clip(np.concatenate([resampler.write(mono), resampler.flush()]), -1.0, 1.0)
    frames = np.zeros((n_frames(len(y)), FRAME_LEN))
    frames.reshape(-1)[: len(y)] = y
    rows = []
    for frame in frames:
        decoder.decode_frame(encoder.encode_frame(frame))
        sent, heard = encoder.last_frame, decoder.last_frame
        assert sent is not None
        assert heard is not None
        rows.append((heard.lsf, heard.lag, heard.gain, bool(sent.active), sent.type))
    return Analysis(*(np.array(column) for column in zip(*rows, strict=True)))


def _as_speech(x: ArrayLike, axis: int | None, channel: int | None) -> F64:
    """Return the samples (n,) of one channel; refuse none."""
    mono = as_mono(x, axis=axis, channel=channel)
    if not len(mono):
        raise ArgumentError("x: expected at least one sample, got none")
    return mono


def warmup() -> None:
    """Load both directions of the codec, and compile them if no process has done so before."""
    Decoder().decode_frame(Encoder().encode_frame(np.zeros(160)))
