"""`Encoder`: settings, streams by `write` or by `encode_frame`, copies, refusals."""

import copy
import pickle

import numpy as np
import pytest
from files import in_chunks
from hypothesis import given, settings
from hypothesis import strategies as st

import celpvq
from celpvq import ArgumentError, ArgumentTypeError, Decoder, Encoder

COPIES = [Encoder.copy, copy.copy, copy.deepcopy, lambda coder: pickle.loads(pickle.dumps(coder))]


@pytest.fixture(scope="module")
def speech(clips):
    """Speech with a pause within, 1.5 s."""
    clip = clips["flite-rms-en"][4000:]
    return np.concatenate([clip[:4000], np.zeros(4000), clip[4000:8000]])


def test_an_encoder_has_no_calls_that_bypass_its_checks():
    public = {name for name in dir(Encoder) if not name.startswith("_")}
    assert public == {
        "bitrate", "copy", "delay_samples", "encode_frame", "flush", "frame_bytes", "frame_samples",
        "last_frame", "mode", "preset", "redundancy", "reset", "samplerate", "write",
    }  # fmt: skip


def test_a_stream_of_chunks_takes_no_frames(speech):
    encoder, untouched = Encoder(preset="fast"), Encoder(preset="fast")
    assert encoder.write([]) == []
    encoder.encode_frame(speech[:160])  # an empty chunk has not begun a stream
    encoder.reset()
    packets = encoder.write(speech[:100])
    with pytest.raises(
        ArgumentError, match=r"write\(\) has begun a stream; call flush\(\) or reset"
    ):
        encoder.encode_frame(speech[:160])
    packets += encoder.write(speech[100:]) + encoder.flush()
    assert packets == untouched.write(speech) + untouched.flush()
    assert encoder.encode_frame(speech[:160]) == packets[0]


def test_a_stream_of_frames_takes_no_chunks(speech):
    encoder, untouched = Encoder(preset="fast"), Encoder(preset="fast")
    first = encoder.encode_frame(speech[:160])
    with pytest.raises(ArgumentError, match=r"encode_frame\(\) has begun a stream; call reset"):
        encoder.write(speech[160:])
    untouched.encode_frame(speech[:160])
    assert encoder.encode_frame(speech[160:320]) == untouched.encode_frame(speech[160:320])
    encoder.reset()
    assert encoder.write(speech[:160]) == [first]


def test_flush_completes_a_stream_of_frames(speech):
    frames, chunks = Encoder(preset="fast"), Encoder(preset="fast")
    packets = [frames.encode_frame(frame) for frame in speech.reshape(-1, 160)]
    assert packets + frames.flush() == chunks.write(speech) + chunks.flush()
    assert frames.write(speech) == packets


def test_the_samples_of_a_stream_are_counted(speech):
    encoder = Encoder(preset="fast", samplerate=16000)
    assert encoder.n_samples == 0
    encoder.write(speech[:1000])
    encoder.write(speech[:1])
    assert encoder.n_samples == 1001
    assert len(encoder.flush()) == -(-(round(1001 / 2) + 40) // 160)
    assert encoder.n_samples == 0


@pytest.mark.parametrize("twin", COPIES)
@pytest.mark.parametrize("samplerate", [8000, 44100])
def test_copies_continue_the_stream_on_their_own(speech, twin, samplerate):
    whole = Encoder(5600, "fast", samplerate=samplerate, dtx=True)
    packets = whole.write(speech) + whole.flush()
    for cut in (0, 100, 160, 5001, 11999):
        encoder = Encoder(5600, "fast", samplerate=samplerate, dtx=True)
        first = encoder.write(speech[:cut])
        other = twin(encoder)
        assert other.n_samples == cut
        assert first + other.write(speech[cut:]) + other.flush() == packets
        assert first + encoder.write(speech[cut:]) + encoder.flush() == packets


@settings(max_examples=10)
@given(sizes=st.lists(st.integers(0, 1000), max_size=20), samplerate=st.integers(4000, 48000))
def test_copies_between_all_chunks_change_nothing(speech, sizes, samplerate):
    x = speech[:3000]
    whole = Encoder(4800, "fast", samplerate=samplerate)
    packets = whole.write(x) + whole.flush()
    encoder, parts = Encoder(4800, "fast", samplerate=samplerate), []
    for i, chunk in enumerate(in_chunks(x, sizes)):
        encoder = COPIES[i % len(COPIES)](encoder)
        parts += encoder.write(chunk)
    assert parts + encoder.flush() == packets


@pytest.mark.parametrize(
    ("x", "error"),
    [
        (np.zeros(159), ArgumentError),
        (np.zeros((160, 1)), ArgumentError),
        (np.full(160, np.nan), ArgumentError),
        (np.zeros(160, int), ArgumentTypeError),
        (["a"] * 160, ArgumentTypeError),
        ("speech", ArgumentError),
    ],
)
def test_a_bad_frame_is_refused_and_changes_nothing(speech, x, error):
    encoder, untouched = Encoder(preset="fast"), Encoder(preset="fast")
    for frame in speech[:1600].reshape(-1, 160):
        with pytest.raises(error, match=r"^x: "):
            encoder.encode_frame(x)
        assert encoder.encode_frame(frame) == untouched.encode_frame(frame)


def test_a_refused_first_frame_does_not_begin_a_stream(speech):
    encoder = Encoder(preset="fast")
    with pytest.raises(ArgumentError, match="expected 160 samples"):
        encoder.encode_frame(speech[:100])
    assert len(encoder.write(speech[:160])) == 1


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"mode": 4750}, ArgumentError, "mode: expected one of 4800"),
        ({"mode": None}, ArgumentError, "mode"),
        ({"preset": "slow"}, ArgumentError, "preset"),
        ({"samplerate": 3999}, ArgumentError, "samplerate"),
        ({"samplerate": None}, ArgumentTypeError, "samplerate"),
        ({"tables": {}}, ArgumentTypeError, "tables: expected a TableSet"),
    ],
)
def test_bad_settings_are_refused(options, error, words):
    with pytest.raises(error, match=words):
        Encoder(**options)


def test_settings_may_change_before_any_frame(speech):
    encoder, decoder = Encoder("4800", "fast"), Decoder()
    for mode, preset, dtx in [(4800, "fast", False), ("8000", "best", False), (6400, "fast", True)]:
        encoder.mode, encoder.preset, encoder.dtx = mode, preset, dtx
        [packet] = encoder.write(speech[:160])
        assert (encoder.bitrate, encoder.frame_bytes) == (int(mode), len(packet))
        decoder.write([packet])
        assert decoder.bitrate == int(mode)
    for name, bad in (("mode", 1), ("preset", "slow")):
        with pytest.raises(ArgumentError, match=name):
            setattr(encoder, name, bad)
    assert (encoder.mode.bitrate, encoder.preset) == (6400, "fast")
    with pytest.raises(AttributeError):
        encoder.samplerate = 16000


def test_chunks_of_several_channels_need_an_axis(speech):
    mono = Encoder(preset="fast").write(speech)
    stereo = np.stack([speech, 0 * speech])
    assert Encoder(preset="fast", axis=0, channel=0).write(stereo) == mono
    assert Encoder(preset="fast", axis=1, channel=0).write(stereo.T) == mono
    assert Encoder(preset="fast", axis=0).write(2 * stereo.clip(-0.5, 0.5)) == Encoder(
        preset="fast"
    ).write(speech.clip(-0.5, 0.5))
    with pytest.raises(ArgumentError, match="axis"):
        Encoder().write(stereo)


def test_frames_have_8000_hz(speech):
    encoder = Encoder(preset="fast", samplerate=16000)
    with pytest.raises(ArgumentError, match=r"of 8000 Hz, got one of 16000 Hz; use write\(\)"):
        encoder.encode_frame(speech[:160])
    assert encoder.write(speech) == celpvq.Encoder(preset="fast", samplerate=16000).write(speech)


def test_redundancy_describes_the_last_speech_frame(speech):
    encoder = Encoder(preset="fast", dtx=True)
    assert encoder.redundancy == b""
    for frame in speech.reshape(-1, 160):
        packet = encoder.encode_frame(frame)
        assert len(encoder.redundancy) == (3 if len(packet) > 2 else 0)
    encoder.reset()
    assert encoder.redundancy == b""
