"""G.729 Annex A, by libbcg729, without its VAD."""

from collections.abc import Sequence
from ctypes import byref, c_uint8, c_void_p

import numpy as np

from celpvq._types import I16

from .codec import Peer, declare, decode_each, encode_each, load

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
        flags = (c_uint8,) * 4  # length, erased, SID, RTP payload of RFC 3389
        declare(lib, "bcg729Decoder", None, c_void_p, c_void_p, *flags, c_void_p)

    def encode(self, frames: I16) -> list[bytes]:
        """Return the packets."""
        state = self._lib.initBcg729EncoderChannel(0)
        packet, length = np.empty(_MAX_BYTES, dtype=np.uint8), c_uint8()
        encode, out, n_bytes = self._lib.bcg729Encoder, packet.ctypes.data, byref(length)
        packets = encode_each(
            frames, packet, lambda x: encode(state, x, out, n_bytes) or length.value
        )
        self._lib.closeBcg729EncoderChannel(state)
        return packets

    def decode(self, packets: Sequence[bytes]) -> I16:
        """Return the samples."""
        state = self._lib.initBcg729DecoderChannel()
        decode = self._lib.bcg729Decoder
        samples = decode_each(
            packets, self.frame_len, lambda p, y: decode(state, p, len(p), 0, 0, 0, y)
        )
        self._lib.closeBcg729DecoderChannel(state)
        return samples


def peers() -> list[Peer]:
    """Return the codec; raise `AbsentError` without the library."""
    return [G729A()]
