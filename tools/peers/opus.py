"""Opus narrowband, by libopus: complexity 10, voice, constant and constrained variable rate."""

from collections.abc import Sequence
from ctypes import c_char_p, c_int, c_int32, c_void_p

import numpy as np

from celpvq._types import I16
from celpvq.codec.format.modes import SAMPLERATE

from .codec import Peer, declare, decode_each, encode_each, load

CONSTANT = (6000, 7200, 8000, 10000, 12000)  # bit/s
VARIABLE = (6000, 7000, 8000, 9500)  # targets [bit/s]; the results hold the actual rates
_VOIP, _VOICE, _NARROWBAND = 2048, 3001, 1101
_SET_BITRATE, _SET_VBR, _SET_BANDWIDTH = 4002, 4006, 4008
_SET_COMPLEXITY, _SET_VBR_CONSTRAINT, _SET_SIGNAL = 4010, 4020, 4024
_COMPLEXITY = 10
_MAX_BYTES = 1500


class Opus(Peer):
    """One rate, constant or variable."""

    delay = 52  # OPUS_GET_LOOKAHEAD
    kbps = None

    def __init__(self, bitrate: int, *, variable: bool) -> None:
        lib = self._lib = load("opus", "libopus0")
        declare(lib, "opus_get_version_string", c_char_p)
        declare(lib, "opus_encoder_create", c_void_p, c_int32, c_int, c_int, c_void_p)
        declare(lib, "opus_encoder_ctl", c_int, c_void_p, c_int, c_int32)
        declare(lib, "opus_encoder_destroy", None, c_void_p)
        declare(lib, "opus_encode", c_int32, c_void_p, c_void_p, c_int, c_void_p, c_int32)
        declare(lib, "opus_decoder_create", c_void_p, c_int32, c_int, c_void_p)
        declare(lib, "opus_decoder_destroy", None, c_void_p)
        declare(lib, "opus_decode", c_int, c_void_p, c_void_p, c_int32, c_void_p, c_int, c_int)
        version = lib.opus_get_version_string().decode().split()[-1]
        kind = "CVBR" if variable else "CBR"
        self.name = f"Opus {version} NB {bitrate / 1000:g} {kind}"
        self._settings = {
            _SET_BITRATE: bitrate,
            _SET_BANDWIDTH: _NARROWBAND,
            _SET_COMPLEXITY: _COMPLEXITY,
            _SET_SIGNAL: _VOICE,
            _SET_VBR: int(variable),
            _SET_VBR_CONSTRAINT: int(variable),
        }

    def encode(self, frames: I16) -> list[bytes]:
        """Return the packets."""
        state = self._lib.opus_encoder_create(SAMPLERATE, 1, _VOIP, None)
        for request, value in self._settings.items():
            self._lib.opus_encoder_ctl(state, request, value)
        packet = np.empty(_MAX_BYTES, dtype=np.uint8)
        encode, out = self._lib.opus_encode, packet.ctypes.data
        packets = encode_each(
            frames, packet, lambda x: encode(state, x, self.frame_len, out, _MAX_BYTES)
        )
        self._lib.opus_encoder_destroy(state)
        return packets

    def decode(self, packets: Sequence[bytes]) -> I16:
        """Return the samples."""
        state = self._lib.opus_decoder_create(SAMPLERATE, 1, None)
        decode, n = self._lib.opus_decode, self.frame_len
        samples = decode_each(packets, n, lambda p, y: decode(state, p, len(p), y, n, 0))
        self._lib.opus_decoder_destroy(state)
        return samples


def peers() -> list[Peer]:
    """Return all rates; raise `AbsentError` without the library."""
    return [Opus(rate, variable=False) for rate in CONSTANT] + [
        Opus(rate, variable=True) for rate in VARIABLE
    ]
