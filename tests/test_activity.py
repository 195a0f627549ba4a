"""Pauses: what is taken for one, what stands for it, and that both sides agree on it."""

import copy
import io
import pickle

import numpy as np
import pytest
from scipy.signal import lfilter

import celpvq
from celpvq import Decoder, Encoder
from celpvq.channel import drop, flip_bits, gilbert_elliott_losses
from celpvq.codec.common import comfort_noise
from celpvq.codec.encoder import survivors, vad
from celpvq.codec.format import bitstream
from celpvq.codec.common import table_set as table_sets
from celpvq.codec.encoder.vad import HANGOVER, VadState
from celpvq.codec.format.modes import DELAY, FRAME_LEN, SID_INTERVAL

MODES = celpvq.modes()
COLOURS = {
    "white": ([1], [1]),
    "dark": ([1], [1, -0.9]),
    "bright": ([1, -0.9], [1]),
    "hum": ([1], [1, -1.5, 0.8]),
}


def level_db(y):
    return 20 * np.log10(np.sqrt(np.mean(np.square(y))) + 1e-9)


def noise(n, colour, level, seed=0):
    x = lfilter(*COLOURS[colour], np.random.default_rng(seed).normal(size=n))
    return x * 10 ** (level / 20) / x.std()


def coded(x, **options):
    """Packets of x, and what a decoder makes of them, aligned with x."""
    packets = Encoder(preset="fast", highpass=False, dtx=True, **options).write(x)
    return packets, Decoder().write(packets)[DELAY:]


@pytest.fixture(scope="module")
def talk(clips):
    """Words of two speakers, each followed by a pause of the same length; and where words are."""
    parts, active = [], []
    for name in ("flite-rms-en", "espeak-f-fr", "flite-slt-en"):
        x = clips[name][: 160 * 110]
        parts += [x, np.zeros(len(x))]
        active += [np.ones(110, bool), np.zeros(110, bool)]
    return np.concatenate(parts), np.concatenate(active)


@pytest.mark.parametrize("floor", [-90, -70, -55])
def test_half_the_rate_goes_where_half_is_pauses(talk, floor):
    x, active = talk
    x = x + noise(len(x), "dark", floor)
    packets, _ = coded(x)
    kinds = np.array([len(packet) for packet in packets])
    assert kinds.mean() < 0.6 * 16
    assert (kinds[~active] == 16).mean() < 0.25
    loud = active & np.array([level_db(f) > max(-45, floor + 15) for f in x.reshape(-1, FRAME_LEN)])
    assert (kinds[loud] == 16).all()  # no word is cut


@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize("level", [-65, -50, -40])
def test_comfort_noise_has_the_level_and_the_colour_of_what_it_stands_for(colour, level):
    x = noise(8000 * 6, colour, level)
    packets, y = coded(x)
    assert {len(packet) for packet in packets[150:]} == {0, 2}
    x, y = x[24000:47000], y[24000:47000]
    assert abs(level_db(y) - level_db(x)) < 2
    spectra = [
        (np.abs(np.fft.rfft(z.reshape(-1, 200) * np.hanning(200))) ** 2).mean(axis=0)
        for z in (x, y)
    ]
    bands = [np.add.reduceat(s[:96], np.arange(4, 96, 12)) for s in spectra]
    difference = 10 * np.log10(bands[1] / bands[0])
    assert np.abs(difference).mean() < 3.5


def test_descriptors_come_once_in_a_while_and_nothing_between():
    packets, _ = coded(noise(8000 * 4, "white", -70))
    lengths = [len(packet) for packet in packets[60:]]
    at = np.flatnonzero(lengths)
    assert set(np.diff(at)) == {SID_INTERVAL}
    assert set(lengths) == {0, 2}


def test_digital_silence_stays_silent():
    packets, y = coded(np.zeros(8000))
    assert {len(packet) for packet in packets} == {0, 2}
    assert not y.any()


def test_loud_noise_is_a_pause_after_two_seconds_and_speech_in_it_is_not(clips):
    x = noise(8000 * 8, "white", -40)
    x[40000:56000] += clips["flite-rms-en"][4000:20000]
    state = VadState.new()
    quiet = np.array([vad.update(f, state) for f in x.reshape(-1, FRAME_LEN)])
    assert (quiet[110:245] > HANGOVER).all()
    loud = np.array([level_db(f) > -30 for f in x.reshape(-1, FRAME_LEN)])
    assert (quiet[loud] <= HANGOVER).all()
    assert (quiet[380:] > HANGOVER).mean() > 0.7


def test_the_decoder_hears_what_the_encoder_heard_through_pauses(talk):
    x, _ = talk
    x = x + noise(len(x), "hum", -60)
    rng = np.random.default_rng(4)
    encoder, decoder = Encoder(preset="fast", dtx=True), Decoder()
    kinds = set()
    for i, frame in enumerate(x.reshape(-1, FRAME_LEN)):
        encoder.mode = MODES[rng.integers(len(MODES))]
        encoder.dtx = i % 200 < 150
        decoder.decode_frame(encoder.encode_frame(frame))
        kinds.add(encoder.last_frame.kind)
        assert encoder.last_frame.kind == decoder.last_frame.kind
        assert encoder.last_frame.active is None or encoder.dtx
        np.testing.assert_array_equal(decoder._state.lsf_q, encoder._state.lsf_q)
        assert decoder._state.synthesis == encoder._state.beam[survivors.HEARD].synthesis
    assert kinds == {"speech", "sid", "not sent"}


def test_a_loss_in_a_pause_changes_nothing_and_one_before_it_leaves_no_trace():
    packets, _ = coded(noise(8000 * 3, "white", -60))
    first = next(i for i, packet in enumerate(packets) if len(packet) == 2)
    clean = Decoder().write(packets)
    between = [None if packet == b"" else packet for packet in packets]
    np.testing.assert_array_equal(Decoder().write(between), clean)
    before = [None if i < first else packet for i, packet in enumerate(packets)]
    y = Decoder().write(before)
    start = (first + 1) * FRAME_LEN
    assert abs(level_db(y[start:]) - level_db(clean[start:])) < 0.5


def test_comfort_noise_is_the_same_for_each_listener_and_differs_from_pause_to_pause():
    words = np.array([17, 9])
    packet = bitstream.pack_sid(words)
    hear = [Decoder(postfilter=False).write([packet] + [b""] * 50) for _ in range(2)]
    np.testing.assert_array_equal(*hear)
    other = Decoder(postfilter=False).write([bitstream.pack_sid(words + 1)] + [b""] * 50)
    assert abs(np.corrcoef(hear[0], other)[0, 1]) < 0.2
    lags = np.correlate(hear[0][4000:], hear[0][4000:], "full")[4160 : 4160 + 2000]
    assert np.abs(lags[200:]).max() < 0.3 * np.dot(hear[0][4000:], hear[0][4000:])  # no period


def test_every_descriptor_is_its_words_and_every_level_is_its_own():
    for value in range(0, 1 << 16, 2):
        data = value.to_bytes(2, "big")
        assert bitstream.pack_sid(bitstream.unpack_sid(data)) == data
    levels = [comfort_noise.level_db(i) for i in range(comfort_noise.N_LEVELS)]
    assert levels[0] < -150
    assert np.diff(levels[1:]) == pytest.approx(comfort_noise.STEP_DB)
    book = table_sets.default().mode(MODES[0]).silence
    assert (np.diff(book, axis=1) > 0).mean() > 0.999


@pytest.mark.parametrize("seekable", [True, False])
def test_a_file_holds_pauses(talk, seekable):
    from files import Pipe

    x, _ = talk
    file = io.BytesIO() if seekable else Pipe()
    with celpvq.open(file, "w", preset="fast", dtx=True) as stream:
        stream.write(x)
    data = file.getvalue()
    if seekable:
        assert data == celpvq.encode(x, 8000, preset="fast", dtx=True)
    info = celpvq.info(data)
    assert (info.whole, info.variable, info.samples) == (True, True, len(x))
    assert len(data) < 0.65 * len(celpvq.encode(x, 8000, preset="fast"))
    encoder = Encoder(preset="fast", dtx=True)
    packets = encoder.write(x) + encoder.flush()
    y, _ = celpvq.decode(data)
    np.testing.assert_array_equal(y, Decoder().write(packets)[DELAY : DELAY + len(x)])


def test_the_command_line_codes_pauses(talk, tmp_path):
    from celpvq.cli import main

    x = np.round(talk[0] * 32768).astype("<i2")
    (tmp_path / "talk.raw").write_bytes(x.tobytes())
    arguments = ["encode", "--raw", "--dtx", "--preset", "fast", "--quiet"]
    assert main([*arguments, str(tmp_path / "talk.raw"), str(tmp_path / "talk.cvq")]) == 0
    assert (tmp_path / "talk.cvq").read_bytes() == celpvq.encode(x, 8000, preset="fast", dtx=True)


def test_an_analysis_has_a_row_per_frame(talk):
    x, active = talk
    found = celpvq.analyze(x, 8000, preset="fast")
    n = -(-(len(x) + DELAY) // FRAME_LEN)
    assert [a.shape for a in found] == [(n, 10), (n, 4), (n, 4, 2), (n,), (n,)]
    assert set(found.kind) == {"speech", "sid", "not sent"}
    assert found.active[:-1][active].mean() > 0.7
    assert found.active[:-1][~active].mean() < 0.1
    assert (np.diff(found.lsf, axis=1) > 0).all()


def test_losses_and_wrong_bits_of_a_roundtrip_repeat(talk):
    x = talk[0][:16001]
    options = {"loss": 0.1, "burst": 2, "ber": 1e-3, "preset": "fast"}
    y = celpvq.roundtrip(x, 8000, seed=1, **options)
    assert y.shape == x.shape
    np.testing.assert_array_equal(y, celpvq.roundtrip(x, 8000, seed=1, **options))
    clean = celpvq.roundtrip(x, 8000, preset="fast")
    for other in ({"loss": 0.1}, {"ber": 1e-2}, {"loss": 0.1, "burst": 3}, {"dtx": True}):
        z = celpvq.roundtrip(x, 8000, preset="fast", **other)
        assert (z != clean).any()
        assert len(z) == len(x)
    assert len(celpvq.roundtrip(x[:5], 16000, preset="fast", loss=0.5)) == 5
    sent = list(celpvq.encode_stream([x], 8000, preset="fast"))
    lost = gilbert_elliott_losses(len(sent), 0.1, 2, seed=1)
    decoder = celpvq.ChunkDecoder(8000, dtype="float64")
    heard = list(decoder.look_ahead(drop(flip_bits(sent, 1e-3, 1), lost)))
    np.testing.assert_array_equal(y, np.concatenate(heard)[: len(x)])
    with pytest.raises(celpvq.ArgumentError):
        celpvq.roundtrip(x, 8000, loss=2)


@pytest.mark.parametrize("twin", [copy.deepcopy, lambda coder: pickle.loads(pickle.dumps(coder))])
def test_a_pause_ends_in_a_copy_as_in_the_original(twin):
    loud, silent = 0.1 * np.random.default_rng(1).normal(size=8000), np.zeros(16000)
    x = np.r_[loud, silent, loud, silent]
    first, rest = x[:20800], x[20800:]
    encoder, decoder = Encoder(6400, "fast", dtx=True), Decoder()
    decoder.write(encoder.write(first))
    assert encoder.last_frame.kind == "not sent"
    packets = twin(encoder).write(rest)
    assert packets == encoder.write(rest)
    np.testing.assert_array_equal(twin(decoder).write(packets), decoder.write(packets))
    assert decoder.stats.lost == 0
