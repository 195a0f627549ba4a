"""Speech in packets, and the sound that a decoder makes of packets."""

import numpy as np
import pytest

import celpvq


@pytest.fixture(scope="session")
def packets(clips):
    """Two seconds of speech, 100 packets."""
    encoder = celpvq.Encoder(6400, "fast")
    return [encoder.encode_frame(x) for x in clips["espeak-f-es"][:16000].reshape(-1, 160)]


@pytest.fixture(scope="session")
def decoded():
    """A function: packets to samples of 16 bits."""

    def decoded(packets):
        decoder = celpvq.Decoder(dtype="int16")
        return np.concatenate([decoder.decode_frame(packet) for packet in packets])

    return decoded
