"""Any bits decode to finite, bounded speech, and any LSF indices to stable filters."""

import os

import numpy as np
import pytest
from inputs import frames, values

from celpvq.codec.common import lsf, lsf_dequantizer, table_set
from celpvq.codec.common.enhancement_tables import N_COMB
from celpvq.codec.common.lsf import MIN_GAP
from celpvq.codec.common.synthesis import CLAMP
from celpvq.codec.decoder.decoder import FrameDecoder
from celpvq.codec.decoder.enhancement_network import COMB_LIMIT, FIR_LIMIT
from celpvq.codec.encoder.encoder import FrameEncoder
from celpvq.codec.format import bitstream
from celpvq.codec.format.modes import (
    FCB_INDICES,
    FRAME_LEN,
    LPC_ORDER,
    N_INDICES,
    N_LSF_INDICES,
    N_SUBFRAMES,
    PACKET_LENGTHS,
    fcb_stages,
    modes,
)
from celpvq.errors import FormatError

MODES = modes()

N_FRAMES = 100_000  # of random packets in all, and as many random sets of LSF indices


@pytest.fixture
def rng():
    """A generator of numbers; its seed is shown when a test fails, and CELPVQ_SEED sets it."""
    seed = int(os.environ.get("CELPVQ_SEED", np.random.SeedSequence().entropy % 2**32))
    print(f"CELPVQ_SEED={seed}")
    return np.random.default_rng(seed)


def assert_sane(decoder):
    """The state of the decoder is finite, and its signals are within their limits."""
    state = decoder.state
    for part in values(state):
        assert np.isfinite(part).all()
    assert np.abs(state.synthesis.exc).max() <= CLAMP
    assert np.abs(state.synthesis.speech).max() <= CLAMP
    assert np.abs(state.enhancement.combed).max() <= CLAMP * (1 + 2 * N_COMB * COMB_LIMIT)
    assert np.abs(state.enhancement.comb).max() <= COMB_LIMIT
    assert np.abs(state.enhancement.ahead).max() <= COMB_LIMIT
    assert np.abs(state.enhancement.fir).max() <= FIR_LIMIT
    assert np.abs(state.enhancement.hidden).max() <= 1
    assert_rising(state.lsf_q)


def assert_rising(lsfs):
    gaps = np.diff(lsfs, axis=-1, prepend=0.0, append=np.pi)
    assert gaps.min() > MIN_GAP - 1e-9


def decode(decoder, packets, mode):
    out = decoder.decode_run(packets, mode)
    assert (out.dtype, len(out)) == (np.int16, len(packets) // mode.frame_bytes * FRAME_LEN)
    assert_sane(decoder)
    return out


# packets ------------------------------------------------------------------------------------------


def test_random_packets_of_mixed_modes_decode(rng):
    decoders = [FrameDecoder(), FrameDecoder(enhancement=False)]
    n_frames, loudest = 0, 0
    while n_frames < N_FRAMES // 2:
        mode = MODES[rng.integers(len(MODES))]
        n = int(rng.integers(1, 100))
        packets = rng.bytes(n * mode.frame_bytes)
        for decoder in decoders:
            loudest = max(loudest, np.abs(decode(decoder, packets, mode).astype(int)).max())
        n_frames += n
    assert loudest == 32768  # noise does reach full scale, so that the limits above are at work


def test_packets_of_one_value_decode(mode):
    for value in (0x00, 0xFF, 0x55, 0xAA, 0x01, 0x80):
        decoder = FrameDecoder()
        decode(decoder, bytes([value]) * mode.frame_bytes * 500, mode)


@pytest.mark.parametrize("rate", [1 / 1024, 1 / 16])
def test_packets_with_wrong_bits_decode(rng, clips, mode, rate):
    x = np.concatenate([frames(clip)[:50] for clip in clips.values()]).ravel()
    packets = np.frombuffer(b"".join(FrameEncoder(mode, "fast").encode(x)), np.uint8)
    decoder = FrameDecoder()
    for _ in range(N_FRAMES // 20 // (len(x) // FRAME_LEN) + 1):
        wrong = np.packbits(rng.random(8 * len(packets)) < rate)
        decode(decoder, (packets ^ wrong).tobytes(), mode)


def values_of(mode, column, rng):
    """All values of each part of an index: its rows and its signs; the other parts are random."""
    bits = [n for field in mode.fields for n in field.bits][column]
    if column < FCB_INDICES:
        return np.arange(1 << bits)
    stages = fcb_stages(bits)
    n_signs = len(stages)
    found = []
    shift = bits
    for width in (*stages, n_signs):
        shift -= width
        value = np.arange(1 << width)
        other = rng.integers(0, 1 << bits, len(value)) & ~(((1 << width) - 1) << shift)
        found.append(other | value << shift)
    assert shift == 0
    return np.concatenate(found)


def test_every_value_of_every_index_decodes(rng, mode):
    limits = bitstream.limits(mode)
    decoder = FrameDecoder()
    for column in range(N_INDICES):
        values = values_of(mode, column, rng)
        indices = rng.integers(0, limits, (len(values), N_INDICES))
        indices[:, column] = values
        decode(decoder, bitstream.pack(mode, indices), mode)


def test_any_bits_may_follow_a_lost_packet(rng):
    decoder = FrameDecoder()
    sizes = [7, *PACKET_LENGTHS]
    for _ in range(N_FRAMES // 100):
        decoder.decode(rng.bytes(MODES[rng.integers(len(MODES))].frame_bytes))
        after = rng.bytes(rng.choice(sizes, p=[0.1, 0.1, 0.1, *[0.14] * 5]))
        for next_packet in [None] * rng.integers(0, 3) + [after]:
            y = decoder.decode(None, next_packet=next_packet)
            assert (y.dtype, y.shape) == (np.int16, (FRAME_LEN,))
            assert_sane(decoder)
        try:
            decoder.decode(after)
        except FormatError:  # of another length, or a SID whose last bit is not 0
            decoder.decode(None)
        assert_sane(decoder)


# spectra ------------------------------------------------------------------------------------------


def reflection(a):
    """Reflection coefficients (n, p) of predictors (n, p), by the step-down recursion."""
    a = a.copy()
    found = np.empty_like(a)
    for order in range(a.shape[1], 0, -1):
        k = a[:, order - 1 : order].copy()
        found[:, order - 1 : order] = k
        a = (a[:, : order - 1] - k * a[:, order - 2 :: -1]) / (1 - k * k) if order > 1 else a
    return found


def test_any_lsf_indices_are_rising_and_stable(rng, mode):
    tables = table_set.default().mode(mode).lsf
    n = N_FRAMES // len(MODES)
    indices = rng.integers(0, bitstream.limits(mode)[:N_LSF_INDICES], (n, N_LSF_INDICES))
    track = np.empty((n + 1, LPC_ORDER))
    track[0] = lsf.flat()
    for f in range(n):
        lsf_dequantizer.dequantize(indices[f], tables, track[f], track[f + 1])
    assert_rising(track)
    a = np.empty((n, LPC_ORDER))
    for f in range(n):
        lsf.predictor(track[f], track[f + 1], f % N_SUBFRAMES, a[f])
    assert np.abs(reflection(a)).max() < 1
    assert_response_fades(a[:: n // 500])


def assert_response_fades(a):
    """The response of 1/A(z) dies away: its last part is less than its first."""
    response = np.zeros((len(a), 4000))
    response[:, 0] = 1
    for n in range(1, response.shape[1]):
        p = min(n, LPC_ORDER)
        response[:, n] = -(a[:, :p] * response[:, n - 1 :: -1][:, :p]).sum(axis=1)
    assert np.isfinite(response).all()
    energy = (response.reshape(len(a), 4, -1) ** 2).sum(axis=2)
    assert (energy[:, 3] < 1e-3 * energy[:, 0]).all()
