"""G.729 Annex A, by libbcg729, without its VAD."""

from collections.abc import Sequence
from ctypes import byref, c_uint8, c_void_p

import numpy as np

from celpvq._types import I16

from .codec import Peer, declare, load

_MAX_BYTES = 10


class G729A(Peer):
    """The one rate."""

    name = "G.729A 8.0"
    kbps = 8.0
    frame_len = 80
    delay = 40  # the encoder's look-ahead

    def __init__(self) -> None:
        lib = self._lib = load("bcg729", "libbcg729-0")
        declare(lib, "initBcg729EncoderChannel", c_void_p, c_uint8)
        declare(lib, "closeBcg729EncoderChannel", None, c_void_p)
        declare(lib, "bcg729Encoder", None, c_void_p, c_void_p, c_void_p, c_void_p)
        declare(lib, "initBcg729DecoderChannel", c_void_p)
        declare(lib, "closeBcg729DecoderChannel", None, c_void_p)
        flags = (c_uint8,) * 4  # length, erased, silence descriptor, RTP payload of RFC 3389
        declare(lib, "bcg729Decoder", None, c_void_p, c_void_p, *flags, c_void_p)

    def encode(self, frames: I16) -> list[bytes]:
        """Return the packets."""
        state = self._lib.initBcg729EncoderChannel(0)
        packet, length = np.empty(_MAX_BYTES, dtype=np.uint8), c_uint8()
        encode, out, n_bytes = self._lib.bcg729Encoder, packet.ctypes.data, byref(length)
        first, step = frames.ctypes.data, frames.strides[0]
        packets = []
        for i in range(len(frames)):
            encode(state, first + i * step, out, n_bytes)
            packets.append(packet[: length.value].tobytes())
        self._lib.closeBcg729EncoderChannel(state)
        return packets

    def decode(self, packets: Sequence[bytes]) -> I16:
        """Return the samples."""
        state = self._lib.initBcg729DecoderChannel()
        out = np.empty((len(packets), self.frame_len), dtype=np.int16)
        decode, first, step = self._lib.bcg729Decoder, out.ctypes.data, out.strides[0]
        for i, packet in enumerate(packets):
            decode(state, packet, len(packet), 0, 0, 0, first + i * step)
        self._lib.closeBcg729DecoderChannel(state)
        return out.reshape(-1)


def peers() -> list[Peer]:
    """Return the codec; raise `AbsentError` without the library."""
    return [G729A()]
