"""From sound to messages, and back, without sockets and clocks."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..codec.format.modes import SAMPLERATE
from ..errors import ArgumentError, FormatError
from ..stream import Decoder, Encoder
from . import messages
from .budget import FrameBudget

MAX_GAP = 500  # frames that may be missing in a row, 10 s
_JUMP = 2 * MAX_GAP  # of the number from one stream to the next
_MAX_CHUNK_S = 4.0  # with the samples in the resampler, these frames fit into a message


class MessageSender:
    """Code a stream as messages.

    Parameters
    ----------
    encoder : Encoder
        New, or reset.
    """

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._number = 0

    def write(self, samples: ArrayLike) -> bytes | None:
        """Return the message with all frames that samples complete, or None if there are none.

        Parameters
        ----------
        samples : array_like, shape (n,)
            At the rate of the encoder, at most 4 s: float in [-1, 1] or int16.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If there are too many samples, or as `Encoder.write` does. The encoder stays as it was.
        """
        self._check(samples)
        return self._message(self._encoder.write(samples))

    def flush(self, samples: ArrayLike = ()) -> bytes | None:
        """Return the message with all remaining frames, and start a new stream.

        The numbers of the new stream begin 1000 later, so that the receiver starts again as well.

        Parameters
        ----------
        samples : array_like, shape (n,)
            The last samples, if any, as for `write`.
        """
        self._check(samples)
        message = self._message(self._encoder.write(samples) + self._encoder.flush())
        self._number += _JUMP
        return message

    def reset(self) -> None:
        """Discard the samples that do not fill a frame, and start a new stream as `flush` does."""
        self._encoder.reset()
        self._number += _JUMP

    def _check(self, samples: ArrayLike) -> None:
        seconds = np.size(samples) / self._encoder.samplerate
        if seconds > _MAX_CHUNK_S:
            raise ArgumentError(f"samples: expected at most {_MAX_CHUNK_S:g} s, got {seconds:g} s")

    def _message(self, packets: list[bytes]) -> bytes | None:
        if not packets:
            return None
        message = messages.pack(self._number, packets)
        self._number += len(packets)
        return message


@dataclass
class MessageStats:
    """Numbers of frames and messages since the start."""

    received: int = 0  # frames whose packet was there
    concealed: int = 0  # frames whose message was missing, or whose packet was malformed
    malformed: int = 0  # messages that were ignored, as the three kinds below
    late: int = 0  # messages after a later one, and duplicates
    too_fast: int = 0  # messages beyond the budget
    restarts: int = 0  # jumps of the number by more than 10 s

    @property
    def refused(self) -> int:
        """Messages that no proper sender sends."""
        return self.malformed + self.too_fast


class MessageReceiver:
    """Decode a stream of messages.

    Nothing that arrives raises an exception. Messages that cannot be used are counted in `stats`
    and ignored, so that a server can decide to close the connection.

    Parameters
    ----------
    decoder : Decoder
        New, or reset, with an output of 8000 Hz.
    budget : FrameBudget, optional
        Bounds the frames that the peer may cause; by default real time and 10 s at once.

    Raises
    ------
    ArgumentError
        If the output of the decoder has another rate.
    """

    def __init__(self, decoder: Decoder, budget: FrameBudget | None = None) -> None:
        if decoder.samplerate != SAMPLERATE:
            raise ArgumentError(
                f"decoder: expected an output of {SAMPLERATE} Hz, got {decoder.samplerate} Hz"
            )
        self.stats = MessageStats()
        self._decoder = decoder
        self._budget = FrameBudget() if budget is None else budget
        self._next: int | None = None  # number of the next frame

    def feed(self, message: bytes, now: float) -> NDArray[Any]:
        """Return the samples (n * 160,) of all frames up to the end of a message.

        Frames that are missing before the message are concealed, so that the sound keeps its
        length. An ignored message has no samples.

        Parameters
        ----------
        message : bytes
            It may hold anything.
        now : float
            The time of a clock [s].
        """
        try:
            first, packets = messages.unpack(message)
        except FormatError:
            self.stats.malformed += 1
            return self._samples([])
        half = messages.NUMBERS // 2
        expected = first if self._next is None else self._next
        missing = (first - expected + half) % messages.NUMBERS - half
        if -MAX_GAP <= missing < 0:
            self.stats.late += 1
            return self._samples([])
        restarted = abs(missing) > MAX_GAP
        if restarted:
            missing = 0
        if not self._budget.take(missing + len(packets), now):
            self.stats.too_fast += 1
            return self._samples([])
        if restarted:
            self.stats.restarts += 1
            self._decoder.reset()
        self._next = (first + len(packets)) % messages.NUMBERS
        parts = [self._concealed() for _ in range(missing - 1)]
        if missing:
            parts.append(self._concealed(packets[0]))
        return self._samples(parts + [self._decoded(packet) for packet in packets])

    def _samples(self, parts: list[NDArray[Any]]) -> NDArray[Any]:
        return np.concatenate([np.zeros(0, self._decoder.dtype), *parts])

    def _concealed(self, next_packet: bytes | None = None) -> NDArray[Any]:
        self.stats.concealed += 1
        return self._decoder.decode_frame(None, next_packet=next_packet)

    def _decoded(self, packet: bytes) -> NDArray[Any]:
        try:
            samples = self._decoder.decode_frame(packet)
        except FormatError:  # as long as a SID, but not a SID
            return self._concealed()
        self.stats.received += 1
        return samples
