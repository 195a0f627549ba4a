"""`Decoder`: packets to samples of any rate, frame by frame or in chunks."""

import copy
import itertools
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._types import I16
from ..audio import Resampler, check_samplerate, to_dtype
from ..audio.arrays import check_dtype
from ..codec.common.samples import FULL_SCALE
from ..codec.common.table_set import TableSet
from ..codec.decoder.decoder import FrameDecoder
from ..codec.format.modes import DELAY, FRAME_LEN, SAMPLERATE
from ..errors import ArgumentError, FormatError


class Decoder(FrameDecoder):
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
    every machine. A stream is decoded either by `write`, which removes the codec's delay, or by
    `decode_frame`, whose output is `delay_samples` late; `reset` or `flush` starts the next stream.
    """

    frame_samples = FRAME_LEN
    delay_samples = DELAY
    _chunked: bool  # whether `write` has begun a stream
    _framed: bool  # whether `decode_frame` has

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
            For a lost packet: the packet after it, if that has arrived. Concealment then leads to
            its spectrum.
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
            return _converted(pcm, self._dtype)

    def write(self, packets: Iterable[bytes | None]) -> NDArray[Any]:
        """Return the sound (n,) that packets complete; None stands for a lost packet.

        A malformed packet counts as lost, and as malformed in `stats`. Concealment does not look at
        later packets, so the sound does not depend on how packets are grouped.

        Raises
        ------
        ArgumentError
            If `decode_frame` has begun a stream.
        ConcurrentUseError
            If another thread is using the decoder right now.
        """
        with self._access:
            self._begin_chunks()
            parts = [np.empty(0, dtype=np.int16), *(self._tolerant(p) for p in packets)]
            return self._resampled(np.concatenate(parts))

    def look_ahead(self, packets: Iterable[bytes | None]) -> Iterator[NDArray[Any]]:
        """Yield the sound (n,) of each packet as soon as the next packet is there.

        Unlike `write`, it leads the concealment of a lost packet to the next packet, as a receiver
        with a jitter buffer does.
        """
        for packet, after in itertools.pairwise(itertools.chain(packets, [None])):
            with self._access:
                self._begin_chunks()
                sound = self._resampled(self._tolerant(packet, after))
            yield sound

    def flush(self, n_samples: int | None = None) -> NDArray[Any]:
        """Return the remaining sound, and start a new stream.

        Parameters
        ----------
        n_samples : int, optional
            Length of the whole stream at `samplerate`. By default it ends with its last packet.
        """
        with self._access:
            tail = to_dtype(self._resampler.flush(n_samples), self._dtype)
            self._restart()
            return tail

    def _begin_chunks(self) -> None:
        if self._framed:
            raise ArgumentError("write: decode_frame() has begun a stream; call reset() first")
        self._chunked = True

    def _tolerant(self, packet: bytes | None, after: bytes | None = None) -> I16:
        """Return the samples of a packet; conceal it if it is lost or malformed."""
        try:
            return self._decode(packet, after)
        except FormatError:
            self._stats = replace(self._stats, malformed=self._stats.malformed + 1)
            return self._decode(None)

    def _resampled(self, pcm: I16) -> NDArray[Any]:
        """Return samples without the delay at the output's rate and type."""
        skipped = min(self._skip, len(pcm))
        self._skip -= skipped
        return to_dtype(self._resampler.write(pcm[skipped:] / FULL_SCALE), self._dtype)

    def _restart(self) -> None:
        super()._restart()
        self._resampler = Resampler(SAMPLERATE, self.samplerate)
        self._skip = DELAY
        self._chunked = self._framed = False

    def __setstate__(self, attributes: dict[str, Any]) -> None:
        super().__setstate__(attributes)
        self._resampler = copy.deepcopy(self._resampler)


def _converted(pcm: I16, dtype: str) -> NDArray[Any]:
    return pcm if dtype == "int16" else (pcm / np.dtype(dtype).type(FULL_SCALE)).astype(dtype)
