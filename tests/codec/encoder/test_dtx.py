"""DTX: pauses become SIDs and NO_DATA, and both sides agree on them."""

import inputs
import numpy as np
import pytest
from inputs import frames, level_db

from celpvq.codec.common.samples import FULL_SCALE
from celpvq.codec.decoder.decoder import FrameDecoder
from celpvq.codec.encoder.encoder import FrameEncoder
from celpvq.codec.format import bitstream
from celpvq.codec.format.modes import DELAY, FRAME_LEN, SID_BYTES, SID_INTERVAL, modes

MODES = modes()
SPEECH_BYTES = 16  # of a packet of mode 6400


def decoded(packets, **options):
    """The samples of packets, full scale 1."""
    decoder = FrameDecoder(**options)
    return np.concatenate([decoder.decode(packet) for packet in packets]) / FULL_SCALE


def coded(x, **options):
    """The packets of whole frames, and their decoded samples, aligned with x."""
    encoder = FrameEncoder(preset="fast", highpass=False, dtx=True, **options)
    packets = encoder.encode(frames(x).ravel())
    return packets, decoded(packets)[DELAY:]


@pytest.mark.parametrize("floor", [-90, -70, -55])
def test_half_a_talk_of_pauses_takes_half_the_rate(talk, floor):
    x, active = talk
    x = x + inputs.noise(len(x), "dark", floor)
    packets, _ = coded(x)
    sizes = np.array([len(packet) for packet in packets])
    assert sizes.mean() < 0.6 * SPEECH_BYTES
    assert (sizes[~active] == SPEECH_BYTES).mean() < 0.25
    loud = active & np.array([level_db(f) > max(-45, floor + 15) for f in frames(x)])
    assert (sizes[loud] == SPEECH_BYTES).all()  # no word is cut


@pytest.mark.parametrize("colour", inputs.COLOURS)
@pytest.mark.parametrize("level", [-65, -50, -40])
def test_comfort_noise_has_the_level_and_the_colour_of_the_input(colour, level):
    x = inputs.noise(8000 * 6, colour, level)
    packets, y = coded(x)
    assert {len(packet) for packet in packets[150:]} == {0, SID_BYTES}
    x, y = x[24000:47000], y[24000:47000]
    assert abs(level_db(y) - level_db(x)) < 2
    spectra = [
        (np.abs(np.fft.rfft(z.reshape(-1, 200) * np.hanning(200))) ** 2).mean(axis=0)
        for z in (x, y)
    ]
    bands = [np.add.reduceat(s[:96], np.arange(4, 96, 12)) for s in spectra]
    difference = 10 * np.log10(bands[1] / bands[0])
    assert np.abs(difference).mean() < 3.5


def test_a_sid_comes_every_eight_frames_and_nothing_between():
    packets, _ = coded(inputs.noise(8000 * 4, "white", -70))
    lengths = [len(packet) for packet in packets[60:]]
    at = np.flatnonzero(lengths)
    assert set(np.diff(at)) == {SID_INTERVAL}
    assert set(lengths) == {0, SID_BYTES}


def test_digital_silence_stays_silent():
    packets, y = coded(np.zeros(8000))
    assert {len(packet) for packet in packets} == {0, SID_BYTES}
    assert not y.any()


def test_encoder_and_decoder_stay_in_the_same_state_through_pauses(talk):
    x, _ = talk
    x = x + inputs.noise(len(x), "hum", -60)
    rng = np.random.default_rng(4)
    encoder, decoder = FrameEncoder(preset="fast", dtx=True), FrameDecoder()
    types = set()
    for i, frame in enumerate(frames(x)):
        encoder.mode = MODES[rng.integers(len(MODES))]
        encoder.dtx = i % 200 < 150
        [packet] = encoder.encode(frame)
        decoder.decode(packet)
        types.add(encoder.last_frame.type)
        assert encoder.last_frame.type == decoder.last_frame.type
        assert encoder.last_frame.active is None or encoder.dtx
        np.testing.assert_array_equal(decoder.state.lsf_q, encoder.state.lsf_q)
        assert decoder.state.synthesis == encoder.state.committed.synthesis
    assert types == {"speech", "sid", "no_data"}


def test_a_loss_in_a_pause_changes_nothing_and_one_before_it_is_soon_forgotten():
    packets, _ = coded(inputs.noise(8000 * 3, "white", -60))
    first = next(i for i, packet in enumerate(packets) if len(packet) == SID_BYTES)
    clean = decoded(packets)
    between = [None if packet == b"" else packet for packet in packets]
    np.testing.assert_array_equal(decoded(between), clean)
    before = [None if i < first else packet for i, packet in enumerate(packets)]
    y = decoded(before)
    start = (first + 1) * FRAME_LEN
    assert abs(level_db(y[start:]) - level_db(clean[start:])) < 0.5


def test_comfort_noise_is_the_same_for_each_listener_and_differs_from_pause_to_pause():
    indices = np.array([17, 9])
    packet = bitstream.pack_sid(indices)
    same = [decoded([packet] + [b""] * 50, enhancement=False) for _ in range(2)]
    np.testing.assert_array_equal(*same)
    other = decoded([bitstream.pack_sid(indices + 1)] + [b""] * 50, enhancement=False)
    assert abs(np.corrcoef(same[0], other)[0, 1]) < 0.2
    y = same[0][4000:]
    lags = np.correlate(y, y, "full")[4160 : 4160 + 2000]
    assert np.abs(lags[200:]).max() < 0.3 * np.dot(y, y)  # no period
