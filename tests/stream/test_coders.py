"""Encoder and decoder as users hold them: frame by frame or in chunks, copied, reset, misused."""

import copy
import io
import pickle
import warnings

import inputs
import numpy as np
import pytest
from files import Pipe
from inputs import frames

import celpvq
from celpvq import ArgumentError, ArgumentTypeError, Decoder, Encoder, FormatError
from celpvq.codec.decoder.decoder import FrameDecoder
from celpvq.codec.encoder.encoder import FrameEncoder
from celpvq.codec.encoder.presets import PRESETS
from celpvq.codec.format.modes import DELAY, FRAME_LEN, PACKET_LENGTHS

MODES = celpvq.modes()
every_mode = pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name)
every_preset = pytest.mark.parametrize("preset", PRESETS)


@pytest.fixture(scope="module")
def speech(clips):
    return inputs.two_voices(clips)


# frame by frame -----------------------------------------------------------------------------------


@every_mode
@every_preset
def test_frames_one_by_one_make_the_packets_of_one_run(mode, preset, speech):
    whole = FrameEncoder(mode, preset).encode(speech)
    encoder, decoder = Encoder(mode, preset), Decoder()
    assert [encoder.encode_frame(x) for x in frames(speech)] == whole
    one_by_one = [decoder.decode_frame(packet) for packet in whole]
    assert {(y.dtype.name, y.shape) for y in one_by_one} == {("float32", (FRAME_LEN,))}
    run = FrameDecoder().decode_run(b"".join(whole), mode)
    np.testing.assert_array_equal(np.concatenate(one_by_one) * 32768, run)
    integers = Decoder(dtype="int16")
    np.testing.assert_array_equal([integers.decode_frame(p) for p in whole], frames(run))


@pytest.mark.parametrize("other", ["data", 16, [0] * 16, np.zeros(16, np.uint8)])
def test_anything_but_bytes_is_no_packet(other):
    with pytest.raises(ArgumentTypeError, match="expected bytes"):
        Decoder().decode_frame(other)
    with pytest.raises(ArgumentTypeError, match="expected bytes"):
        Decoder().write([other])


@pytest.mark.parametrize("n", sorted({*range(22), 24, 32, 160} - set(PACKET_LENGTHS)))
def test_a_packet_of_another_length_leaves_the_decoder_as_it_was(n, speech):
    packets = FrameEncoder(preset="fast").encode(speech)[:12]
    decoder, untouched = Decoder(), Decoder()
    for i, packet in enumerate(packets):
        if i == 10:
            with pytest.raises(FormatError, match=rf"expected 0, 2, 12, 14, 16, 18, 20 .* got {n}"):
                decoder.decode_frame(bytes(n))
        np.testing.assert_array_equal(decoder.decode_frame(packet), untouched.decode_frame(packet))
    assert decoder.stats == untouched.stats


@pytest.mark.parametrize("kind", [bytearray, memoryview, lambda x: memoryview(bytes(7) + x)[7:]])
def test_packets_may_be_any_object_that_holds_bytes(kind, speech):
    packets = FrameEncoder(preset="fast").encode(speech)[:3]
    decoder, other = Decoder(), Decoder()
    for packet in packets:
        np.testing.assert_array_equal(
            decoder.decode_frame(packet), other.decode_frame(kind(packet))
        )


def test_the_decoder_counts_and_reports_frames_by_type(speech):
    packets = FrameEncoder(preset="fast").encode(speech)
    decoder = Decoder()
    assert decoder.last_frame is None
    assert not decoder.write([None, b"", None]).any()  # losses before anything are silence
    assert decoder.mode is None
    assert (decoder.stats.frames, decoder.stats.bad, decoder.stats.no_data) == (3, 2, 1)
    decoder.reset()
    for packet, frame_type in [
        (packets[0], "speech"), (None, "bad"), (bytes(2), "sid"), (b"", "no_data"),
    ]:  # fmt: skip
        decoder.write([packet])
        assert decoder.last_frame.type == frame_type
    y = decoder.write([packets[1], bytes(7), b"\0\1", None])  # the last bit of a SID is 0
    assert y.shape == (4 * FRAME_LEN,)
    stats = decoder.stats
    assert (stats.frames, stats.speech, stats.sid, stats.no_data) == (8, 2, 1, 1)
    assert (stats.bad, stats.malformed, stats.redundant) == (4, 2, 0)
    with pytest.raises(ArgumentTypeError):
        decoder.write([packets[0], "text"])
    decoder.reset()
    assert decoder.stats.frames == 0
    assert decoder.last_frame is None


# copies and resets --------------------------------------------------------------------------------


def twins(coder):
    """Copies that continue from here, made in every way."""
    return [coder.copy(), copy.deepcopy(coder), pickle.loads(pickle.dumps(coder))]


def test_copies_continue_alike_and_on_their_own(speech):
    encoder, decoder = Encoder(4800, "fast", highpass=False), Decoder(enhancement=False)
    for i, x in enumerate(frames(speech)):
        encoders, decoders = twins(encoder), twins(decoder)
        packet = encoder.encode_frame(x)
        y = decoder.decode_frame(packet)
        for other in encoders:
            assert other.encode_frame(x) == packet
            assert (other.mode, other.preset, other.highpass) == (MODES[0], "fast", False)
        for other in decoders:
            np.testing.assert_array_equal(other.decode_frame(packet), y)
            assert (other.mode, other.enhancement) == (MODES[0], False)
        if i % 7 == 0:  # frames of a copy change nothing here
            encoders[0].encode_frame(-x)
            decoders[0].decode_frame(bytes(20))
    whole = FrameEncoder(4800, "fast", highpass=False).encode(np.r_[speech, x])
    assert encoder.encode_frame(x) == whole[-1]


@every_mode
def test_reset_starts_a_new_stream(mode, speech):
    encoder, decoder = Encoder(mode), Decoder()
    packets = encoder.write(speech)
    y = decoder.write(packets)
    encoder.reset()
    decoder.reset()
    assert encoder.write(speech) == packets
    np.testing.assert_array_equal(decoder.write(packets), y)


@pytest.mark.parametrize("twin", [copy.deepcopy, lambda coder: pickle.loads(pickle.dumps(coder))])
def test_a_pause_ends_in_a_copy_as_in_the_original(twin):
    loud, silent = 0.1 * np.random.default_rng(1).normal(size=8000), np.zeros(16000)
    x = np.r_[loud, silent, loud, silent]
    first, later = x[:20800], x[20800:]
    encoder, decoder = Encoder(6400, "fast", dtx=True), Decoder()
    decoder.write(encoder.write(first))
    assert encoder.last_frame.type == "no_data"
    packets = twin(encoder).write(later)
    assert packets == encoder.write(later)
    np.testing.assert_array_equal(twin(decoder).write(packets), decoder.write(packets))
    assert decoder.stats.bad == 0


# properties ---------------------------------------------------------------------------------------


@every_mode
def test_properties_describe_the_mode(mode):
    encoder, decoder = Encoder(mode.name), Decoder()
    assert (decoder.mode, decoder.bitrate, decoder.frame_bytes) == (None, None, None)
    for coder in (encoder, decoder):
        assert (coder.frame_samples, coder.delay_samples) == (160, 40)
        assert coder.samplerate == 8000
    packet = encoder.encode_frame(np.zeros(160))
    assert len(packet) == mode.bitrate * 0.02 / 8
    decoder.decode_frame(packet)
    for coder in (encoder, decoder):
        assert (coder.mode, coder.bitrate, coder.frame_bytes) == (mode, mode.bitrate, len(packet))


def test_the_default_is_6400_with_all_filters():
    encoder = Encoder()
    assert (encoder.bitrate, encoder.preset, encoder.highpass) == (6400, "default", True)
    assert (encoder.dtx, Decoder().enhancement) == (False, True)


@pytest.mark.parametrize("mode", [0, -6400, 12200, "fast", "", None, float("nan"), 1e300, [6400]])
def test_other_modes_are_refused(mode):
    with pytest.raises(ArgumentError, match="mode: expected one of 4800, 5600, 6400, 7200, 8000"):
        Encoder(mode)
    encoder = Encoder(7200)
    with pytest.raises(ArgumentError, match="mode"):
        encoder.mode = mode
    assert encoder.bitrate == 7200
    with pytest.raises(ArgumentError, match="mode"):
        FrameDecoder().decode_run(b"", mode)


@pytest.mark.parametrize("preset", ["", "Fast", "slow", None, 3, ["fast"]])
def test_other_presets_are_refused(preset):
    with pytest.raises(ArgumentError, match="preset: expected one of fast, default, best"):
        Encoder(preset=preset)


# samples ------------------------------------------------------------------------------------------


@every_mode
def test_the_type_of_the_samples_does_not_matter(mode, speech):
    x = np.round(speech * 32768).astype(np.int16)
    packets = Encoder(mode, "fast").write(x)
    read_only = (x / 32768).copy()
    read_only.flags.writeable = False
    strided = np.repeat(x / np.float32(32768), 2)[::2]
    same = [x / 32768, (x / 32768).tolist(), read_only, strided, (x / 32768).astype(">f8")]
    for other in same:
        assert Encoder(mode, "fast").write(other) == packets
        assert Encoder(mode, "fast").encode_frame(other[:FRAME_LEN]) == packets[0]


def test_floats_beyond_full_scale_are_clipped():
    square = np.sign(np.sin(np.arange(1600) / 7) + 1e-9)
    expected = Encoder().write(square)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert Encoder().write(square * 1e300) == expected
        assert Encoder().encode_frame(square[:FRAME_LEN] * 1e300) == expected[0]


BAD_SAMPLES = [
    (np.zeros(159), ArgumentError, "160 samples, got 159"),
    (np.zeros(161), ArgumentError, "160 samples, got 161"),
    ([], ArgumentError, "160 samples, got 0"),
    (np.zeros((2, 80)), ArgumentError, "1-D"),
    (np.zeros((160, 1)), ArgumentError, "1-D"),
    (np.float64(0), ArgumentError, "1-D"),
    (np.r_[np.zeros(159), np.nan], ArgumentError, "finite"),
    (np.r_[np.inf, np.zeros(159)], ArgumentError, "finite"),
    (np.r_[np.zeros(159), -np.inf].astype(np.float32), ArgumentError, "finite"),
    (np.zeros(160, np.int32), ArgumentTypeError, "got int32"),
    (np.zeros(160, np.uint8), ArgumentTypeError, "got uint8"),
    (np.zeros(160, bool), ArgumentTypeError, "got bool"),
    (np.zeros(160, complex), ArgumentTypeError, "got complex128"),
    (np.zeros(160, object), ArgumentTypeError, "got object"),
    (["0.0"] * 160, ArgumentTypeError, "got <U3"),
]


@pytest.mark.parametrize(("x", "kind", "message"), BAD_SAMPLES)
def test_bad_samples_leave_the_encoder_as_it_was(x, kind, message, speech):
    first, *later = frames(speech)
    by_frame, in_chunks, untouched = Encoder(), Encoder(), Encoder()
    assert by_frame.encode_frame(first) == untouched.encode_frame(first)
    in_chunks.write(first)
    with pytest.raises(kind, match=message):
        by_frame.encode_frame(x)
    if message == "finite" or kind is ArgumentTypeError:  # a chunk may have any length
        with pytest.raises(kind, match=message):
            in_chunks.write(x)
    for frame in later[:5]:
        packet = untouched.encode_frame(frame)
        assert by_frame.encode_frame(frame) == packet
        assert in_chunks.write(frame) == [packet]


def test_no_samples_are_no_packets_and_no_packets_are_no_samples():
    assert Encoder().write([]) == []
    assert Encoder().write(np.zeros(0, np.int16)) == []
    y = Decoder().write([])
    assert (y.dtype, y.shape) == (np.float32, (0,))


# files with pauses --------------------------------------------------------------------------------


@pytest.mark.parametrize("seekable", [True, False])
def test_a_file_holds_pauses(clips, seekable):
    word = clips["flite-rms-en"][: 160 * 110]
    x = np.r_[word, np.zeros(len(word)), word[:8000], np.zeros(8000)]
    file = io.BytesIO() if seekable else Pipe()
    with celpvq.open(file, "w", preset="fast", dtx=True) as stream:
        stream.write(x)
    data = file.getvalue()
    if seekable:
        assert data == celpvq.encode(x, 8000, preset="fast", dtx=True)
    info = celpvq.info(data)
    assert (info.whole, info.variable, info.n_samples) == (True, True, len(x))
    assert len(data) < 0.65 * len(celpvq.encode(x, 8000, preset="fast"))
    encoder, decoder = Encoder(preset="fast", dtx=True), Decoder()
    packets = encoder.write(x) + encoder.flush()
    y, _ = celpvq.decode(data)
    np.testing.assert_array_equal(y, np.r_[decoder.write(packets), decoder.flush()][: len(x)])
    late = Decoder().decode_frame(packets[0])
    np.testing.assert_array_equal(late[DELAY:], y[: FRAME_LEN - DELAY])
