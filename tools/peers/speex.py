"""Speex narrowband, by libspeex: complexity 10, the decoder's enhancer on, as by default."""

from collections.abc import Sequence
from ctypes import Structure, byref, c_char_p, c_int, c_void_p

import numpy as np

from celpvq._types import I16

from .codec import Peer, declare, decode_each, encode_each, load

RATES = {2: 5.95, 3: 8.0, 5: 11.0}  # the lowest quality that has each rate [kbit/s]
_SET_ENHANCER, _SET_QUALITY, _SET_COMPLEXITY = 0, 4, 16
_COMPLEXITY = 10
_MAX_BYTES = 200


class _Bits(Structure):
    """The library's writer and reader of bits."""

    _fields_ = (
        ("chars", c_char_p),
        ("n_bits", c_int),
        ("char", c_int),
        ("bit", c_int),
        ("owner", c_int),
        ("overflow", c_int),
        ("size", c_int),
        ("reserved1", c_int),
        ("reserved2", c_void_p),
    )


class Speex(Peer):
    """One rate."""

    delay = 80  # 40 of look-ahead in the encoder, 40 in the decoder

    def __init__(self, quality: int) -> None:
        self.kbps = RATES[quality]
        self.name = f"Speex NB {self.kbps}"
        self._quality = quality
        lib = self._lib = load("speex", "libspeex1")
        declare(lib, "speex_lib_get_mode", c_void_p, c_int)
        for side in ("encoder", "decoder"):
            declare(lib, f"speex_{side}_init", c_void_p, c_void_p)
            declare(lib, f"speex_{side}_ctl", c_int, c_void_p, c_int, c_void_p)
            declare(lib, f"speex_{side}_destroy", None, c_void_p)
        for name in ("init", "reset", "destroy"):
            declare(lib, f"speex_bits_{name}", None, c_void_p)
        declare(lib, "speex_bits_write", c_int, c_void_p, c_void_p, c_int)
        declare(lib, "speex_bits_read_from", None, c_void_p, c_void_p, c_int)
        declare(lib, "speex_encode_int", c_int, c_void_p, c_void_p, c_void_p)
        declare(lib, "speex_decode_int", c_int, c_void_p, c_void_p, c_void_p)

    def encode(self, frames: I16) -> list[bytes]:
        """Return the packets."""
        lib, bits = self._lib, _Bits()
        state = lib.speex_encoder_init(lib.speex_lib_get_mode(0))
        for request, value in ((_SET_QUALITY, self._quality), (_SET_COMPLEXITY, _COMPLEXITY)):
            lib.speex_encoder_ctl(state, request, byref(c_int(value)))
        lib.speex_bits_init(byref(bits))
        packet, where = np.empty(_MAX_BYTES, dtype=np.uint8), byref(bits)
        frames = frames.copy()  # the library may write into them

        def encode(x: int) -> int:
            lib.speex_bits_reset(where)
            lib.speex_encode_int(state, x, where)
            return int(lib.speex_bits_write(where, packet.ctypes.data, _MAX_BYTES))

        packets = encode_each(frames, packet, encode)
        lib.speex_bits_destroy(where)
        lib.speex_encoder_destroy(state)
        return packets

    def decode(self, packets: Sequence[bytes]) -> I16:
        """Return the samples."""
        lib, bits = self._lib, _Bits()
        state = lib.speex_decoder_init(lib.speex_lib_get_mode(0))
        lib.speex_decoder_ctl(state, _SET_ENHANCER, byref(c_int(1)))
        lib.speex_bits_init(byref(bits))
        where = byref(bits)

        def decode(packet: bytes, y: int) -> None:
            lib.speex_bits_read_from(where, packet, len(packet))
            lib.speex_decode_int(state, where, y)

        samples = decode_each(packets, self.frame_len, decode)
        lib.speex_bits_destroy(where)
        lib.speex_decoder_destroy(state)
        return samples


def peers() -> list[Peer]:
    """Return all rates; raise `AbsentError` without the library."""
    return [Speex(quality) for quality in RATES]
