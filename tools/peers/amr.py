"""AMR narrowband, by libopencore-amrnb: 3GPP TS 26.071, without DTX."""

from collections.abc import Sequence
from ctypes import c_int, c_void_p

import numpy as np

from celpvq._types import I16

from .codec import Peer, declare, decode_each, encode_each, load

KBPS = (4.75, 5.15, 5.9, 6.7, 7.4, 7.95, 10.2, 12.2)
NEAREST_KBPS = {4800: 4.75, 5600: 5.9, 6400: 6.7, 7200: 7.4, 8000: 7.95}  # by celpvq's bit/s
_MAX_BYTES = 64
_NO_DATA = b"\x7c"  # frame type 15, which the library conceals like a bad frame


class Amr(Peer):
    """One of the eight modes."""

    delay = 40  # the encoder's look-ahead

    def __init__(self, mode: int) -> None:
        self.kbps = KBPS[mode]
        self.name = f"AMR-NB {self.kbps}"
        self._mode = mode
        lib = self._lib = load("opencore-amrnb", "libopencore-amrnb0")
        declare(lib, "Encoder_Interface_init", c_void_p, c_int)
        declare(lib, "Encoder_Interface_exit", None, c_void_p)
        declare(lib, "Encoder_Interface_Encode", c_int, c_void_p, c_int, c_void_p, c_void_p, c_int)
        declare(lib, "Decoder_Interface_init", c_void_p)
        declare(lib, "Decoder_Interface_exit", None, c_void_p)
        declare(lib, "Decoder_Interface_Decode", None, c_void_p, c_void_p, c_void_p, c_int)

    def encode(self, frames: I16) -> list[bytes]:
        """Return the packets in the format of storage files, with a header byte each."""
        state = self._lib.Encoder_Interface_init(0)
        packet = np.empty(_MAX_BYTES, dtype=np.uint8)
        encode, out = self._lib.Encoder_Interface_Encode, packet.ctypes.data
        packets = encode_each(frames, packet, lambda x: encode(state, self._mode, x, out, 0))
        self._lib.Encoder_Interface_exit(state)
        return packets

    def decode(self, packets: Sequence[bytes | None]) -> I16:
        """Return the samples; the library conceals packets that are None."""
        state = self._lib.Decoder_Interface_init()
        decode, given = self._lib.Decoder_Interface_Decode, [p or _NO_DATA for p in packets]
        samples = decode_each(given, self.frame_len, lambda p, y: decode(state, p, y, 0))
        self._lib.Decoder_Interface_exit(state)
        return samples


def peers() -> list[Peer]:
    """Return all modes; raise `AbsentError` without the library."""
    return [Amr(mode) for mode in range(len(KBPS))]
