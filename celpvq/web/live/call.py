"""`Call`: frames of samples from a page in, messages with packets back.

A message of the page is a frame: its number (32 bits) and 160 samples (16 bits). The answer is the
same number, the bytes that were sent over the channel (8 bits, flags not counted), and the payload
in the payload format of `celpvq.rtp.payload`. It ends there if the channel has lost the packet. All
numbers have the low byte first.
"""

import struct

import numpy as np

from ...codec.common.table_set import TableSet
from ...codec.format.modes import FRAME_LEN
from ...errors import FormatError
from ...live import losses
from ...rtp import payload
from ...stream import Encoder
from .choices import Choices

_NUMBER = struct.Struct("<I")
_ANSWER = struct.Struct("<IB")
FRAME_BYTES = _NUMBER.size + 2 * FRAME_LEN


class Call:
    """The encoder and the channel of one call.

    Parameters
    ----------
    choices : Choices
        Those of the first frame; `choose` changes them.
    tables : TableSet, optional
        Trained tables; the page needs the same.
    seed : int
        Seed of the losses.
    """

    def __init__(self, choices: Choices, tables: TableSet | None = None, seed: int = 1) -> None:
        self._encoder = Encoder(tables=tables)
        self._seed = seed
        self._channel: tuple[float, float | None] | None = None
        self._redundancy = b""  # of the frame before
        self.choose(choices)

    def choose(self, choices: Choices) -> None:
        """Change rate, preset, pauses and losses from the next frame on."""
        if choices.rate != self._encoder.mode:
            self._encoder.mode = choices.rate
        self._encoder.preset = choices.preset
        self._encoder.dtx = choices.dtx
        channel = choices.loss / 100, choices.burst
        if channel != self._channel:
            self._channel = channel
            self._lost = losses(*channel, self._seed)
        self._choices = choices

    def answer(self, message: bytes) -> bytes:
        """Return the answer to a frame.

        Raises
        ------
        FormatError
            If the message has another length.
        """
        if len(message) != FRAME_BYTES:
            raise FormatError(f"frame: expected {FRAME_BYTES} bytes, got {len(message)}")
        samples = np.frombuffer(message, "<i2", offset=_NUMBER.size).astype(np.int16)
        packet = self._encoder.encode_frame(samples)
        redundancy = self._redundancy if self._choices.redundancy and packet else b""
        self._redundancy = self._encoder.redundancy if self._choices.redundancy else b""
        lost = next(self._lost) and packet != b""
        head = _ANSWER.pack(*_NUMBER.unpack_from(message), len(packet) + len(redundancy))
        return head if lost else head + payload.pack(packet, redundancy=redundancy)
