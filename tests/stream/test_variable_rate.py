"""Variable rate through the public interface: arrays, files, streams, the channel."""

import io
import pickle

import numpy as np
import pytest
from files import Pipe, in_chunks
from hypothesis import given, settings
from hypothesis import strategies as st

import celpvq
from celpvq import ArgumentError, Encoder, VariableRate
from celpvq.live import Loop, losses
from celpvq.rtp import payload


@pytest.fixture(scope="module")
def speech(clips):
    """Speech with a pause within, 4 s."""
    clip = clips["flite-rms-en"]
    return np.concatenate([clip[:16000], np.zeros(4000), clip[16000:28000]])


def coded(x, rate, **options):
    """The packets of one encoder that gets all samples at once."""
    encoder = Encoder(rate, "fast", **options)
    return encoder.write(x) + encoder.flush()


RATES = [VariableRate(5600), VariableRate(6400, 1, 6800, "prediction")]


@pytest.mark.parametrize("rate", RATES, ids=str)
@pytest.mark.parametrize(("samplerate", "dtx"), [(8000, False), (8000, True), (44100, False)])
@settings(max_examples=5)
@given(sizes=st.lists(st.integers(0, 3000), max_size=8))
def test_chunks_copies_and_pickles_change_nothing(speech, rate, samplerate, dtx, sizes):
    whole = coded(speech, rate, samplerate=samplerate, dtx=dtx)
    encoder = Encoder(rate, "fast", samplerate=samplerate, dtx=dtx)
    parts = []
    for i, chunk in enumerate(in_chunks(speech, sizes)):
        encoder = pickle.loads(pickle.dumps(encoder)) if i % 2 else encoder.copy()
        parts += encoder.write(chunk)
    parts += encoder.flush()
    assert parts == whole
    assert encoder.write(speech) + encoder.flush() == whole
    assert list(
        celpvq.encode_stream([speech], samplerate, rate, "fast", dtx=dtx)
    ) == whole  # fmt: skip


def test_frames_make_the_same_packets(speech):
    encoder = Encoder("vbr", "fast", bitrate=5600)
    frames = [encoder.encode_frame(x) for x in speech.reshape(-1, 160)]
    assert frames + encoder.flush() == coded(speech, VariableRate(5600))
    assert (encoder.mode, encoder.bitrate, encoder.frame_bytes) == (VariableRate(5600), 5600, 20)


@pytest.mark.parametrize("file", [io.BytesIO, Pipe])
@pytest.mark.parametrize("dtx", [False, True])
def test_files_hold_the_packets_and_their_rates(speech, file, dtx):
    sink = file()
    with celpvq.open(
        sink, "w", mode="vbr", bitrate=5600, preset="fast", dtx=dtx
    ) as writer:  # fmt: skip
        for chunk in in_chunks(speech, [1000]):
            writer.write(chunk)
        assert writer.mode == VariableRate(5600)
    data = sink.getvalue()
    packets = coded(speech, VariableRate(5600), dtx=dtx)
    assert celpvq.read_packets(data) == packets
    if file is io.BytesIO:
        assert data == celpvq.encode(speech, 8000, "vbr", "fast", bitrate=5600, dtx=dtx)
    info = celpvq.info(data)
    speech_lengths = [len(packet) for packet in packets if len(packet) > 2]
    assert (info.variable, info.mode) == (True, 400 * speech_lengths[0])
    assert info.rates.mean == pytest.approx(400 * np.mean([len(packet) for packet in packets]))
    assert info.rates.packets["4800"] == speech_lengths.count(12)
    y, _ = celpvq.decode(data)
    assert len(y) == len(speech)


def test_a_writer_may_change_its_rate(speech):
    file = io.BytesIO()
    with celpvq.open(file, "w", mode=4800, preset="fast", variable=True) as writer:
        writer.write(speech[:8000])
        writer.mode = VariableRate(7200)
        writer.write(speech[8000:])
    lengths = [len(packet) for packet in celpvq.read_packets(file.getvalue())]
    assert set(lengths[:49]) == {12}
    assert set(lengths[50:]) == {12, 14, 16, 18, 20}
    fixed = celpvq.open(io.BytesIO(), "w", mode=4800)
    with pytest.raises(ArgumentError, match="variable=True"):
        fixed.mode = VariableRate(7200)
    fixed.abort()


def test_batches_and_round_trips_take_it(speech):
    options = {"mode": "vbr", "bitrate": 5600, "preset": "fast"}
    data = celpvq.encode(speech, 8000, **options)
    assert celpvq.encode_batch([speech, speech], 8000, n_threads=2, **options) == [data, data]
    y = celpvq.roundtrip(speech, 8000, **options)
    np.testing.assert_allclose(y, celpvq.decode(data, dtype="float64")[0], atol=1e-7)
    lossy = celpvq.roundtrip(speech, 8000, loss=0.2, seed=3, **options)
    assert len(lossy) == len(speech)
    assert np.abs(lossy - y).max() > 0.01


def test_the_analysis_has_the_rate_of_each_frame(speech):
    found = celpvq.analyze(speech, 8000, "vbr", "fast", bitrate=5600)
    packets = coded(speech, VariableRate(5600), dtx=True)
    np.testing.assert_array_equal(found.bitrate, [400 * len(packet) for packet in packets])
    assert (found.bitrate[found.type == "speech"] >= 4800).all()
    assert set(found.bitrate[found.type == "sid"]) == {800}


def test_payloads_carry_packets_of_any_rate(speech):
    encoder = Encoder("vbr", "fast", bitrate=6400)
    lengths = set()
    for x in speech.reshape(-1, 160):
        redundancy, packet = encoder.redundancy, encoder.encode_frame(x)
        data = payload.pack(packet, redundancy=redundancy, crc=True)
        assert payload.unpack(data).packet == packet
        assert payload.unpack(data).redundancy == redundancy
        lengths.add(len(packet))
    assert lengths == {12, 14, 16, 18, 20}


def test_the_loop_of_live_shows_the_rate_of_the_last_second(speech):
    loop = Loop(Encoder("vbr", "fast", bitrate=5600), celpvq.Decoder(), losses(0.0, None, 1))
    packets = coded(speech, VariableRate(5600))
    for x in speech[: 160 * 100].reshape(-1, 160):
        loop(x.astype(np.float32))
    expected = sum(map(len, packets[50:100])) * 8e-3
    assert loop.kbps == pytest.approx(expected, abs=0.1)  # float32 may change a frame


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"mode": "vbr"}, "bitrate: expected the average"),
        ({"mode": 6400, "bitrate": 6400}, "expected mode 'vbr' with it"),
        ({"mode": "vbr", "bitrate": 4000}, "bitrate: expected at least 4800"),
    ],
)
def test_rates_that_do_not_exist_are_refused_everywhere(speech, options, words):
    calls = [
        Encoder,
        lambda **o: celpvq.encode(speech, 8000, **o),
        lambda **o: celpvq.roundtrip(speech, 8000, **o),
        lambda **o: celpvq.analyze(speech, 8000, **o),
        lambda **o: celpvq.open(io.BytesIO(), "w", **o),
        lambda **o: list(celpvq.encode_stream([speech], 8000, **o)),
    ]
    for call in calls:
        with pytest.raises(ArgumentError, match=words):
            call(**options)
