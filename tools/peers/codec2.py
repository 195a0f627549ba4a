"""Codec 2, by libcodec2: parametric, so its waveform differs from the original.

Its noise comes from a generator that the library never resets, so the samples differ in each run.
"""

from collections.abc import Sequence
from ctypes import c_int, c_void_p

import numpy as np

from celpvq._types import I16

from .codec import Peer, declare, decode_each, encode_each, load

MODES = {0: 3.2, 1: 2.4}  # the library's numbers [kbit/s]


class Codec2(Peer):
    """One mode."""

    delay = 160  # by its envelope
    waveform = False

    def __init__(self, mode: int) -> None:
        self.kbps = MODES[mode]
        self.name = f"Codec2 {self.kbps}"
        self._mode = mode
        lib = self._lib = load("codec2", "libcodec2-1.0")
        declare(lib, "codec2_create", c_void_p, c_int)
        declare(lib, "codec2_destroy", None, c_void_p)
        declare(lib, "codec2_bits_per_frame", c_int, c_void_p)
        declare(lib, "codec2_encode", None, c_void_p, c_void_p, c_void_p)
        declare(lib, "codec2_decode", None, c_void_p, c_void_p, c_void_p)

    def encode(self, frames: I16) -> list[bytes]:
        """Return the packets."""
        state = self._lib.codec2_create(self._mode)
        packet = np.empty((self._lib.codec2_bits_per_frame(state) + 7) // 8, dtype=np.uint8)
        encode, out = self._lib.codec2_encode, packet.ctypes.data
        packets = encode_each(frames, packet, lambda x: encode(state, out, x))
        self._lib.codec2_destroy(state)
        return packets

    def decode(self, packets: Sequence[bytes]) -> I16:
        """Return the samples."""
        state = self._lib.codec2_create(self._mode)
        decode = self._lib.codec2_decode
        samples = decode_each(packets, self.frame_len, lambda p, y: decode(state, y, p))
        self._lib.codec2_destroy(state)
        return samples


def peers() -> list[Peer]:
    """Return the modes; raise `AbsentError` without the library."""
    return [Codec2(mode) for mode in MODES]
