"""Whole arrays: sound to the bytes of a ``.cvq`` file and back, in one call."""

import io
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import channel as channels
from ._numba import work
from ._types import F64
from .audio import Resampler, as_mono
from .audio.arrays import check_int
from .codec.common.samples import as_array
from .codec.common.table_set import TableSet
from .codec.encoder.variable_rate import RateLike, VariableRate
from .codec.format.modes import FRAME_LEN, SAMPLERATE, n_frames
from .container import n_samples_8k
from .errors import ArgumentError, ArgumentTypeError
from .stream import Decoder, Encoder, SpeechReader, SpeechWriter
from .stream.file_decoder import FileDecoder


def encode(
    x: ArrayLike, samplerate: int, mode: RateLike = 6400, preset: str = "default", *,
    bitrate: int | None = None, axis: int | None = None, channel: int | None = None,
    highpass: bool = True, dtx: bool = False, tables: TableSet | None = None,
) -> bytes:  # fmt: skip
    """Return speech as the bytes of a ``.cvq`` file.

    Parameters
    ----------
    x : array_like, shape (n,), or two-dimensional by `axis`
        Samples: float in [-1, 1] or int16.
    samplerate : int
        Rate of `x` [Hz], 4000 to 192000.
    mode : int, str or VariableRate
        Bit rate [bit/s], one of `celpvq.modes`: 4800, 5600, 6400, 7200, 8000; or ``"vbr"`` or a
        `VariableRate`, whose rate follows the speech.
    preset : {"fast", "default", "best"}
        Width of the search; the bitstream is the same.
    bitrate : int, optional
        Average rate [bit/s] for mode ``"vbr"``, 4800 to 8000.
    axis, channel : int, optional
        For two dimensions: the axis of the channels, and the channel to take. Without `channel` the
        mean of all channels is coded.
    highpass : bool
        Whether to remove frequencies below 100 Hz.
    dtx : bool
        Whether to code pauses by discontinuous transmission.
    tables : TableSet, optional
        Trained tables; the decoder needs the same.

    Returns
    -------
    bytes

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument has no such value, if a sample is not finite, or if there is no sample.
    """
    mono = _as_speech(x, axis, channel)
    file = io.BytesIO()
    with SpeechWriter(
        file, samplerate, mode, preset, bitrate=bitrate, highpass=highpass, dtx=dtx,
        tables=tables, n_samples=len(mono),
    ) as writer:  # fmt: skip
        writer.write(mono)
    return file.getvalue()


def decode(
    data: bytes, samplerate: int | None = SAMPLERATE, dtype: str = "float32", *,
    enhancement: bool = True, tables: TableSet | None = None,
) -> tuple[NDArray[Any], int]:  # fmt: skip
    """Return the speech in the bytes of a ``.cvq`` file, aligned with the original in time.

    Parameters
    ----------
    data : bytes
        The whole file.
    samplerate : int, optional
        Rate of the output [Hz]; None stands for the rate of the original.
    dtype : str
        Type of the output: ``"float32"`` or ``"float64"``, full scale 1, or ``"int16"``.
    enhancement : bool
        Whether a small network filters the decoded speech.
    tables : TableSet, optional
        The tables that the file was made with, if they are not shipped.

    Returns
    -------
    y : ndarray, shape (n,)
        Samples: as many as the original has, or that number times `samplerate` over the rate of the
        original, rounded.
    samplerate : int
        Rate of `y` [Hz].

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument has no such value.
    FormatError, TruncatedStream
        If the data have another format, are damaged, or end too early.
    TablesError
        If the file was made with other tables.
    """
    if not isinstance(data, bytes | bytearray | memoryview):
        raise ArgumentTypeError(f"data: expected the bytes of a file, got {type(data).__name__}")
    with SpeechReader(
        io.BytesIO(data), samplerate, dtype, enhancement=enhancement, tables=tables
    ) as reader:
        return reader.read(), reader.samplerate


def roundtrip(
    x: ArrayLike, samplerate: int, mode: RateLike = 6400, preset: str = "default", *,
    bitrate: int | None = None, loss: float = 0.0, burst: float | None = None, ber: float = 0.0,
    seed: int | None = None, axis: int | None = None, channel: int | None = None,
    highpass: bool = True, dtx: bool = False, enhancement: bool = True,
    tables: TableSet | None = None,
) -> NDArray[Any]:  # fmt: skip
    """Return speech after encoder, channel and decoder, at the same rate.

    Parameters
    ----------
    x, samplerate, mode, preset, bitrate, axis, channel, highpass, dtx, tables
        As for `encode`.
    loss : float
        Share of the packets that are lost [0 to 1]. The decoder conceals them as a receiver with a
        jitter buffer does, which already has the packet after a lost one.
    burst : float, optional
        Mean number of packets that are lost in a row, at least 1. By default, losses are
        independent.
    ber : float
        Bit error rate: share of the bits that are wrong [0 to 1].
    seed : int, optional
        Seed of losses and bit errors, as in ``celpvq channel --seed``. Without it, every call draws
        others.
    enhancement : bool
        As for `decode`.

    Returns
    -------
    ndarray, shape (n,)
        One channel as long as `x`, aligned with it in time, and of its type.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        As for `encode`, or if `loss`, `burst`, `ber` or `seed` has no such value.
    """
    array = as_array(x)
    mono = _as_speech(array, axis, channel)
    encoder = Encoder(
        mode, preset, bitrate=bitrate, samplerate=samplerate, highpass=highpass, dtx=dtx,
        tables=tables,
    )  # fmt: skip
    dtype = array.dtype.newbyteorder("=")
    decoder = FileDecoder(
        samplerate, "int16" if dtype == np.int16 else "float64", enhancement=enhancement,
        tables=tables,
    )  # fmt: skip
    received = _transmitted(encoder.write(mono) + encoder.flush(), loss, burst, ber, seed)
    n_8k = n_samples_8k(len(mono), encoder.samplerate)
    return decoder.finish(received, n_8k, len(mono), look_ahead=True).astype(dtype)


def _transmitted(
    packets: list[bytes], loss: float, burst: float | None, ber: float, seed: int | None
) -> list[bytes | None]:
    """Return packets after a channel, None for a lost one."""
    if seed is None:
        seed = int(np.random.default_rng().integers(1 << 32))
    lost = channels.draw_losses(len(packets), loss, burst, check_int(seed, "seed"))
    received = channels.flip_bits(packets, ber, seed + 1) if ber else packets
    return channels.drop(received, lost)


class Analysis(NamedTuple):
    """The parameters of speech, a row per frame of 20 ms."""

    lsf: F64  # (n, 10) quantized line spectral frequencies [radians]
    lag: F64  # (n, 4) pitch lag of each subframe [samples at 8 kHz]
    gain: F64  # (n, 4, 2) of adaptive and fixed codebook, linear
    active: NDArray[np.bool_]  # (n,) whether the frame holds speech
    type: NDArray[np.str_]  # (n,) frame type: "speech", "sid" or "no_data"
    bitrate: NDArray[np.int64]  # (n,) bits of the packet over 20 ms [bit/s]


def analyze(
    x: ArrayLike, samplerate: int, mode: RateLike = 6400, preset: str = "default", *,
    bitrate: int | None = None, axis: int | None = None, channel: int | None = None,
    highpass: bool = True, tables: TableSet | None = None,
) -> Analysis:  # fmt: skip
    """Return the parameters that the encoder finds in speech, with DTX.

    Parameters
    ----------
    x, samplerate, mode, preset, bitrate, axis, channel, highpass, tables
        As for `encode`.

    Returns
    -------
    Analysis
        Row k describes the 160 samples from sample 160 k - 40, at 8 kHz.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        As for `encode`.
    """
    encoder = Encoder(mode, preset, bitrate=bitrate, highpass=highpass, dtx=True, tables=tables)
    decoder = Decoder(enhancement=False, tables=tables)
    resampler = Resampler(samplerate, SAMPLERATE)
    mono = _as_speech(x, axis, channel)
    y = np.clip(np.concatenate([resampler.write(mono), resampler.flush()]), -1.0, 1.0)
    frames = np.zeros((n_frames(len(y)), FRAME_LEN))
    frames.reshape(-1)[: len(y)] = y
    rows = []
    for frame in frames:
        packet = encoder.encode_frame(frame)
        decoder.decode_frame(packet)
        encoded, decoded = encoder.last_frame, decoder.last_frame
        assert encoded is not None
        assert decoded is not None
        rows.append((
            decoded.lsf, decoded.lag, decoded.gain, bool(encoded.active), encoded.type,
            8 * len(packet) * SAMPLERATE // FRAME_LEN,
        ))  # fmt: skip
    return Analysis(*(np.array(column) for column in zip(*rows, strict=True)))


def _as_speech(x: ArrayLike, axis: int | None, channel: int | None) -> F64:
    """Return the samples (n,) of one channel; raise `ArgumentError` if there are none."""
    mono = as_mono(x, axis=axis, channel=channel)
    if not len(mono):
        raise ArgumentError("x: expected at least one sample, got none")
    return mono


def warmup(jobs: int = 1, *, variable_rate: bool = False) -> None:
    """Load encoder and decoder; compile them if no process has compiled them before.

    After it, no call to the codec compiles anything. The compiled code is kept for all processes of
    the user; see the page on deployment. If several processes start at once, one of them compiles.

    Parameters
    ----------
    jobs : int
        Number of processes that compile, this one included. The others end before the return.
    variable_rate : bool
        Whether to compile the encoder at variable rate as well, which takes a tenth longer.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If `jobs` is not a positive integer.
    """
    if check_int(jobs, "jobs") < 1:
        raise ArgumentError(f"jobs: expected at least 1, got {jobs}")
    work.compile_all(jobs, None if variable_rate else "codec.encoder.variable_frame")
    silence, tone = np.zeros(FRAME_LEN), np.sin(np.arange(FRAME_LEN))
    rates: list[RateLike] = [6400, VariableRate(6400)]
    for rate in rates[: 1 + variable_rate]:
        encoder = Encoder(rate, dtx=True)
        packet = encoder.encode_frame(tone)
        while encoder.encode_frame(silence):  # the second frame of the pause has no packet
            pass
    decoder = Decoder()
    decoder.decode_frame(packet)
    decoder.decode_frame(None, next_packet=packet)
