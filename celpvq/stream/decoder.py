"""`Decoder`: packets to samples of any rate, frame by frame or in chunks."""

import copy
import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._types import I16
from ..audio import Resampler, check_samplerate, to_dtype
from ..audio.arrays import check_dtype, check_int
from ..codec.common.samples import FULL_SCALE
from ..codec.common.table_set import TableSet
from ..codec.decoder.decoder import DecoderCore, as_bytes
from ..codec.format import bitstream, modes
from ..codec.format.modes import DELAY, FRAME_LEN, SAMPLERATE, Mode
from ..errors import ArgumentError, ArgumentTypeError, FormatError


class Decoder(DecoderCore):
    """Rebuild speech from packets, frame by frame, or in chunks of any number of packets.

    Parameters
    ----------
    samplerate : int, default 8000
        Rate of the output [Hz], 4000 to 192000.
    dtype : str
        Type of the output: ``"float32"`` or ``"float64"``, full scale 1, or ``"int16"``.
    enhancement : bool
        Whether a small network filters the decoded speech. Without it, the output is the
        synthesis that the encoder searched with, at a fraction of the cost.
    tables : TableSet, optional
        Trained tables: the ones that the packets were made with.

    Notes
    -----
    One object decodes one stream, from one thread at a time. It can be copied and pickled at any
    frame. The length of a packet tells its type and mode. The output is the same to the bit on
    every machine. A stream is decoded either by `write` and `look_ahead`, which remove the codec's
    delay, or by `decode_frame`, whose output is `delay_samples` late. `reset` or `flush` starts the
    next stream.
    """

    frame_samples = FRAME_LEN
    delay_samples = DELAY
    _chunked: bool  # whether `write` has begun a stream
    _framed: bool  # whether `decode_frame` has begun one

    def __init__(
        self, samplerate: int = SAMPLERATE, dtype: str = "float32", *, enhancement: bool = True,
        tables: TableSet | None = None,
    ) -> None:  # fmt: skip
        self._resampler = Resampler(SAMPLERATE, check_samplerate(samplerate))
        self._dtype = check_dtype(dtype)
        super().__init__(enhancement=enhancement, tables=tables)

    @property
    def samplerate(self) -> int:
        """Rate of the output [Hz]."""
        return self._resampler.to_hz

    @property
    def dtype(self) -> str:
        """Type of the output."""
        return self._dtype

    def decode_frame(
        self, packet: bytes | None, *, next_packet: bytes | None = None,
        redundancy: bytes | None = None,
    ) -> NDArray[Any]:  # fmt: skip
        """Return the samples (160,) of a packet, at 8 kHz.

        Parameters
        ----------
        packet : bytes or None
            A speech packet, a SID of 2 bytes, or ``b""`` (NO_DATA) within a pause. Pass None for a
            lost packet, and the decoder conceals it.
        next_packet : bytes, optional
            For a lost packet: the packet after it, if it has arrived. Concealment then leads to its
            LSF and its lag.
        redundancy : bytes, optional
            For a lost packet: its redundant frame, `Encoder.redundancy`, which came with the next
            packet.

        Raises
        ------
        FormatError
            If the packet has a wrong length; the decoder stays as it was.
        ArgumentError
            If `samplerate` is not 8000, or if `write` has begun a stream.
        ConcurrentUseError
            If another thread is using the decoder right now.
        """
        if self.samplerate != SAMPLERATE:
            raise ArgumentError(
                f"decode_frame: expected a decoder of {SAMPLERATE} Hz, got one of"
                f" {self.samplerate} Hz; use write()"
            )
        with self._access:
            if self._chunked:
                raise ArgumentError(
                    "decode_frame: write() has begun a stream; call flush() or reset() first"
                )
            pcm = self._decode(packet, next_packet, redundancy)
            self._framed = True
            return pcm if self._dtype == "int16" else to_dtype(pcm / FULL_SCALE, self._dtype)

    def write(self, packets: Iterable[bytes | None]) -> NDArray[Any]:
        """Return the sound (n,) that packets complete; None stands for a lost packet.

        A malformed packet counts as lost, and as malformed in `stats`. Concealment does not look at
        later packets, so the sound does not depend on how packets are grouped.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If `decode_frame` has begun a stream, or if a packet is neither bytes nor None. The
            decoder stays as it was.
        ConcurrentUseError
            If another thread is using the decoder right now.
        """
        listed = checked(packets)
        with self._access:
            self._begin_chunks(listed)
            return self._sound(self._decode_all(listed))

    def look_ahead(self, packets: Iterable[bytes | None]) -> Iterator[NDArray[Any]]:
        """Yield the sound (n,) of each packet as soon as the next packet is there.

        Unlike `write`, it leads the concealment of a lost or malformed packet to the next packet,
        as a receiver with a jitter buffer does.

        Raises
        ------
        ArgumentError, ArgumentTypeError, ConcurrentUseError
            As `write` does.
        """
        for pair in itertools.pairwise(itertools.chain(packets, [None])):
            packet, following = checked(pair)
            with self._access:
                self._begin_chunks([packet])
                sound = self._sound(self._tolerant(packet, following))
            yield sound

    def flush(self, n_samples: int | None = None) -> NDArray[Any]:
        """Return the remaining sound, and start a new stream.

        Parameters
        ----------
        n_samples : int, optional
            Length of the whole stream at `samplerate`: zeros follow the sound, or the remaining
            sound is cut. By default the stream ends with its last packet.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If `n_samples` is not a number from 0, or if it is given after `decode_frame`. The
            decoder stays as it was.
        ConcurrentUseError
            If another thread is using the decoder right now.
        """
        if n_samples is not None and check_int(n_samples, "n_samples") < 0:
            raise ArgumentError(f"n_samples: expected 0 or more, got {n_samples}")
        with self._access:
            if self._framed and n_samples is not None:
                raise ArgumentError("flush: expected no n_samples after decode_frame()")
            return self._flush(n_samples)

    def _begin_chunks(self, packets: Sequence[bytes | None]) -> None:
        """Note that `write` has begun a stream; raise `ArgumentError` if `decode_frame` has."""
        if self._framed:
            raise ArgumentError("write: decode_frame() has begun a stream; call reset() first")
        self._chunked = self._chunked or len(packets) > 0

    def _decode_all(self, packets: Sequence[bytes | None], *, look_ahead: bool = False) -> I16:
        """Return the samples (n_frames * 160,) of packets; conceal lost and malformed ones.

        The kernel takes all packets of one mode in a row at once.
        """
        parts = [np.empty(0, dtype=np.int16)]
        start = 0
        for mode, group in itertools.groupby(packets, _mode):
            run = list(group)
            if mode is not None:
                data = b"".join(run)  # type: ignore[arg-type]  # a packet with a mode is not None
                parts.append(self._decode_indices(bitstream.unpack(mode, data), mode))
            else:
                following = [*packets[start + 1 : start + len(run) + 1], None]
                for packet, after in zip(run, following, strict=False):
                    parts.append(self._tolerant(packet, after if look_ahead else None))
            start += len(run)
        return np.concatenate(parts)

    def _tolerant(self, packet: bytes | None, following: bytes | None = None) -> I16:
        """Return the samples of a packet; conceal it if it is lost or malformed."""
        try:
            return self._decode(packet, following)
        except FormatError:
            self._count(1, "malformed")
            return self._decode(None, following)

    def _sound(self, pcm: I16, n_8k: int | None = None) -> NDArray[Any]:
        """Return samples without the delay, at the output's rate and type.

        The stream ends after n_8k samples at 8 kHz, if given.
        """
        start = max(-self._position, 0)
        end = None if n_8k is None else max(n_8k - self._position, 0)
        self._position += len(pcm)
        return to_dtype(self._resampler.write(pcm[start:end] / FULL_SCALE), self._dtype)

    def _flush(self, n_samples: int | None) -> NDArray[Any]:
        """Return the remaining sound of the resampler, and start a new stream."""
        tail = to_dtype(self._resampler.flush(n_samples), self._dtype)
        self._restart()
        return tail

    def _restart(self) -> None:
        super()._restart()
        self._resampler = Resampler(SAMPLERATE, self.samplerate)
        self._position = -DELAY  # of the next sample in the sound, at 8 kHz
        self._chunked = self._framed = False

    def __setstate__(self, attributes: dict[str, Any]) -> None:
        super().__setstate__(attributes)
        self._resampler = copy.deepcopy(self._resampler)


def checked(packets: Iterable[bytes | None]) -> list[bytes | None]:
    """Return packets as bytes or None; raise `ArgumentTypeError` for anything else."""
    if isinstance(packets, bytes | bytearray | memoryview | str):
        raise ArgumentTypeError(
            f"packets: expected a list of packets, got {type(packets).__name__};"
            " write([packet]) decodes one"
        )
    return [p if p is None or type(p) is bytes else as_bytes(p) for p in packets]


def _mode(packet: bytes | None) -> Mode | None:
    """Return the mode of a speech packet, None for any other packet."""
    return None if packet is None else modes.BY_LENGTH.get(len(packet))
