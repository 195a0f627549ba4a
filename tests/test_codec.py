"""Encoder and decoder as objects: what they promise at any frame, in any mode."""

import pickle

import numpy as np
import pytest
from scipy.signal import butter, lfilter

import celpvq
from celpvq import ArgumentError, ArgumentTypeError, Decoder, Encoder, FormatError
from celpvq.codec.encoder import presets, survivors
from celpvq.codec.format.modes import DELAY, FRAME_LEN, LPC_ORDER, SUBFRAME_LEN
from celpvq.codec.encoder.presets import PRESETS

MODES = celpvq.modes()
every_mode = pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name)
every_preset = pytest.mark.parametrize("preset", PRESETS)


def frames(x):
    """`x` in whole frames."""
    return x[: len(x) // FRAME_LEN * FRAME_LEN].reshape(-1, FRAME_LEN)


def packets(data, mode):
    return [data[i : i + mode.frame_bytes] for i in range(0, len(data), mode.frame_bytes)]


@pytest.fixture(scope="module")
def speech(clips):
    """Half a second of a man, then of a woman."""
    parts = [clips["flite-rms-en"][4000:8000], clips["flite-slt-en"][4000:8000]]
    return frames(np.concatenate(parts)).ravel()


# the search ---------------------------------------------------------------------------------------


@every_mode
def test_a_search_of_more_spectra_never_leaves_more_error(mode, speech, monkeypatch):
    effort = PRESETS["fast"]
    wins = 0
    for start in range(0, 20 * FRAME_LEN, FRAME_LEN):
        errors, words = [], []
        for spectra in (1, 4, 16):
            own = {"fast": effort._replace(spectra=spectra)}
            monkeypatch.setattr(tuning, "PRESETS", own)
            monkeypatch.setattr(tuning, "LOW_RATE_PRESETS", own)
            encoder = Encoder(mode, "fast")
            words.append(encoder.encode_words(speech[start : start + FRAME_LEN]))
            errors.append(encoder._state.beam[survivors.HEARD].cost)
        assert errors == sorted(errors, reverse=True)
        wins += (words[0][0, :4] != words[-1][0, :4]).any()
    assert wins > 5


# the decoder hears what the encoder heard ---------------------------------------------------------


def assert_same_ears(encoder, decoder):
    """Compare all that the next frame depends on, to the bit."""
    np.testing.assert_array_equal(decoder._state.lsf_q, encoder._state.lsf_q)
    assert decoder._state.synthesis == encoder._state.beam[survivors.HEARD].synthesis


@every_mode
@every_preset
def test_the_decoder_hears_what_the_encoder_heard(mode, preset, speech):
    encoder, decoder = Encoder(mode, preset), Decoder()
    for x in frames(speech):
        decoder.decode_frame(encoder.encode_frame(x))
        assert_same_ears(encoder, decoder)


def test_the_decoder_hears_what_the_encoder_heard_for_a_minute_of_everything(clips):
    rng = np.random.default_rng(1)
    noise = rng.normal(size=28 * 8000) * np.repeat(10 ** rng.uniform(-4, 0.5, 28), 8000)
    sound = np.concatenate([*clips.values(), noise])
    assert len(sound) > 60 * 8000
    encoder, decoder = Encoder(), Decoder()
    n_modes = 0
    for x in frames(sound):
        if rng.random() < 0.3:
            encoder.mode = MODES[rng.integers(len(MODES))]
            n_modes += 1
        if rng.random() < 0.005:
            encoder.reset()
            decoder.reset()
        decoder.postfilter = rng.random() < 0.5
        packet = encoder.encode_frame(x)
        decoder.decode_frame(packet)
        assert (decoder.mode, decoder.bitrate) == (encoder.mode, encoder.bitrate)
        assert_same_ears(encoder, decoder)
    assert n_modes > 500


# frame by frame, whole, interrupted ---------------------------------------------------------------


@every_mode
@every_preset
def test_frames_one_by_one_are_the_whole_run(mode, preset, speech):
    whole = Encoder(mode, preset).encode_frames(speech)
    encoder = Encoder(mode, preset)
    assert b"".join(encoder.encode_frame(x) for x in frames(speech)) == whole
    uneven = Encoder(mode, preset)
    parts = np.split(speech, [0, 160, 160 * 8, 160 * 9])
    assert b"".join(uneven.encode_frames(part) for part in parts) == whole

    heard = Decoder().decode_frames(whole, mode)
    assert (heard.dtype, heard.shape) == (np.int16, speech.shape)
    decoder = Decoder()
    one_by_one = [decoder.decode_frame(packet) for packet in packets(whole, mode)]
    assert {(y.dtype.name, y.shape) for y in one_by_one} == {("float32", (FRAME_LEN,))}
    np.testing.assert_array_equal(np.concatenate(one_by_one) * 32768, heard)


def twins(codec):
    """All ways to have another one that goes on from here."""
    return [codec.copy(), pickle.loads(pickle.dumps(codec))]


def test_copies_go_on_alike_and_on_their_own(speech):
    encoder, decoder = Encoder(4800, "fast", highpass=False), Decoder(postfilter=False)
    for i, x in enumerate(frames(speech)):
        encoders, decoders = twins(encoder), twins(decoder)
        packet = encoder.encode_frame(x)
        y = decoder.decode_frame(packet)
        for other in encoders:
            assert other.encode_frame(x) == packet
            assert (other.mode, other.preset, other.highpass) == (MODES[0], "fast", False)
        for other in decoders:
            np.testing.assert_array_equal(other.decode_frame(packet), y)
            assert (other.mode, other.postfilter) == (MODES[0], False)
        if i % 7 == 0:  # what a copy hears is not heard here
            encoders[0].encode_frame(-x)
            decoders[0].decode_frame(bytes(20))
    whole = Encoder(4800, "fast", highpass=False).encode_frames(speech)
    assert (
        encoder.encode_frame(x)
        == (Encoder(4800, "fast", highpass=False).encode_frames(np.r_[speech, x])[len(whole) :])
    )


@every_mode
def test_reset_forgets_everything(mode, speech):
    encoder, decoder = Encoder(mode), Decoder()
    data = encoder.encode_frames(speech)
    heard = decoder.decode_frames(data, mode)
    encoder.reset()
    decoder.reset()
    assert encoder.encode_frames(speech) == data
    np.testing.assert_array_equal(decoder.decode_frames(data, mode), heard)


# properties ---------------------------------------------------------------------------------------


@every_mode
def test_properties_tell_the_mode(mode):
    encoder, decoder = Encoder(mode.name), Decoder()
    assert (decoder.mode, decoder.bitrate, decoder.frame_bytes) == (None, None, None)
    for codec in (encoder, decoder):
        assert (codec.frame_samples, codec.delay_samples) == (160, 40)
    assert decoder.samplerate == 8000
    packet = encoder.encode_frame(np.zeros(160))
    assert len(packet) == mode.bitrate * 0.02 / 8
    decoder.decode_frame(packet)
    for codec in (encoder, decoder):
        assert (codec.mode, codec.bitrate, codec.frame_bytes) == (mode, mode.bitrate, len(packet))


def test_default_is_6400_with_both_filters():
    encoder = Encoder()
    assert (encoder.bitrate, encoder.preset, encoder.highpass) == (6400, "default", True)
    assert Decoder().postfilter is True


@pytest.mark.parametrize("mode", [0, -6400, 12200, "fast", "", None, float("nan"), 1e300, [6400]])
def test_there_is_no_such_mode(mode):
    with pytest.raises(ArgumentError, match="mode: expected one of 4800, 5600, 6400, 7200, 8000"):
        Encoder(mode)
    encoder = Encoder(7200)
    with pytest.raises(ArgumentError, match="mode"):
        encoder.mode = mode
    assert encoder.bitrate == 7200
    with pytest.raises(ArgumentError, match="mode"):
        Decoder().decode_frames(b"", mode)


@pytest.mark.parametrize("preset", ["", "Fast", "slow", None, 3, ["fast"]])
def test_there_is_no_such_preset(preset):
    with pytest.raises(ArgumentError, match="preset: expected one of fast, default, best"):
        Encoder(preset=preset)


# input --------------------------------------------------------------------------------------------


@every_mode
def test_the_type_of_the_samples_does_not_matter(mode, speech):
    x = np.round(speech * 32768).astype(np.int16)
    data = Encoder(mode, "fast").encode_frames(x)
    read_only = (x / 32768).copy()
    read_only.flags.writeable = False
    strided = np.repeat(x / np.float32(32768), 2)[::2]
    same = [x / 32768, (x / 32768).tolist(), read_only, strided, (x / 32768).astype(">f8")]
    for other in same:
        assert Encoder(mode, "fast").encode_frames(other) == data


def test_floats_beyond_full_scale_are_clipped():
    square = np.sign(np.sin(np.arange(1600) / 7) + 1e-9)
    assert Encoder().encode_frames(square * 1e300) == Encoder().encode_frames(square)


bad_samples = [
    (np.zeros(159), ArgumentError, "160 samples, got 159"),
    (np.zeros(161), ArgumentError, "160 samples, got 161"),
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


@pytest.mark.parametrize(("x", "kind", "message"), bad_samples)
def test_bad_samples_leave_the_encoder_as_it_was(x, kind, message, speech):
    encoder, untouched = Encoder(), Encoder()
    encoder.encode_frames(speech[:320])
    untouched.encode_frames(speech[:320])
    with pytest.raises(kind, match=message):
        encoder.encode_frame(x)
    with pytest.raises(kind, match=message.replace("160 samples", "multiple of 160 samples")):
        encoder.encode_frames(x)
    assert encoder.encode_frames(speech[320:]) == untouched.encode_frames(speech[320:])


def test_no_frames_are_no_bytes_and_no_samples():
    assert Encoder().encode_frames([]) == b""
    assert Encoder().encode_frames(np.zeros(0, np.int16)) == b""
    heard = Decoder().decode_frames(b"", 6400)
    assert (heard.dtype, heard.shape) == (np.int16, (0,))
    with pytest.raises(ArgumentError, match="160"):
        Encoder().encode_frame([])


@pytest.mark.parametrize(
    "n", sorted({*range(22), 24, 32, 160} - {0, 2, *(m.frame_bytes for m in MODES)})
)
def test_a_packet_of_no_mode_leaves_the_decoder_as_it_was(n, speech):
    data = Encoder().encode_frames(speech)
    decoder = Decoder()
    first = decoder.decode_frames(data[:160], 6400)
    with pytest.raises(FormatError, match=rf"expected 0, 2, 12, 14, 16, 18, 20 bytes, got {n}"):
        decoder.decode_frame(bytes(n))
    if n % 16:
        with pytest.raises(FormatError, match=rf"expected a multiple of 16 bytes, got {n}"):
            decoder.decode_frames(bytes(n), 6400)
    for other in ("data", None, 16, [0] * 16, np.zeros(16, np.uint8)):
        if other is not None:
            with pytest.raises(ArgumentTypeError, match="expected bytes"):
                decoder.decode_frame(other)
        with pytest.raises(ArgumentTypeError, match="expected bytes"):
            decoder.decode_frames(other, 6400)
    heard = np.r_[first, decoder.decode_frames(data[160:], 6400)]
    np.testing.assert_array_equal(heard, Decoder().decode_frames(data, 6400))


def test_packets_come_in_anything_that_holds_bytes(speech):
    data = Encoder().encode_frames(speech)
    heard = Decoder().decode_frames(data, 6400)
    for kind in (bytearray, memoryview, lambda x: memoryview(bytes(7) + x)[7:]):
        np.testing.assert_array_equal(Decoder().decode_frames(kind(data), 6400), heard)
        y = Decoder().decode_frame(kind(data[:16]))
        np.testing.assert_array_equal(y * 32768, heard[:FRAME_LEN])


# the switches -------------------------------------------------------------------------------------


def test_highpass_removes_what_is_below_100_hz(speech):
    x = speech[:1600] + 0.2
    b, a = butter(2, 100, "high", fs=8000)
    filtered, raw = Encoder(), Encoder(highpass=False)
    filtered.encode_frames(x)
    raw.encode_frames(x)
    window = len(raw._state.analysis.input)
    np.testing.assert_array_equal(raw._state.analysis.input, x[-window:])
    np.testing.assert_allclose(
        filtered._state.analysis.input, lfilter(b, a, x)[-window:], atol=1e-10
    )


def test_highpass_changes_what_is_heard():
    x = np.full(8000, 0.25)
    levels = {}
    for highpass in (True, False):
        data = Encoder(8000, highpass=highpass).encode_frames(x)
        levels[highpass] = Decoder(postfilter=False).decode_frames(data, 8000)[4000:].mean()
    assert abs(levels[True]) < 30
    assert levels[False] == pytest.approx(0.25 * 32768, rel=0.1)


@every_mode
def test_without_postfilter_the_output_is_the_rounded_synthesis(mode, speech):
    encoder, decoder = Encoder(mode, "fast"), Decoder(postfilter=False)
    for x in frames(speech * 3):
        y = decoder.decode_frames(encoder.encode_frame(x), mode)
        synthesis = encoder._state.beam[survivors.HEARD].synthesis.speech[LPC_ORDER:]
        expected = np.clip(np.floor(synthesis * 32768 + 0.5), -32768, 32767)
        np.testing.assert_array_equal(y[-SUBFRAME_LEN:], expected)


@every_mode
def test_the_postfilter_changes_the_sound_but_not_the_memory(mode, speech):
    data = Encoder(mode, "fast").encode_frames(speech)
    plain, filtered = Decoder(postfilter=False), Decoder()
    y, z = plain.decode_frames(data, mode), filtered.decode_frames(data, mode)
    assert plain._state.synthesis == filtered._state.synthesis
    a, b = y.astype(float), z.astype(float)
    assert 0.8 < a @ b / np.sqrt((a @ a) * (b @ b)) < 0.9999
    assert -1 < 10 * np.log10((b @ b) / (a @ a)) < 2  # its gain control


# signals ------------------------------------------------------------------------------------------


@every_mode
def test_the_output_is_the_input_40_samples_late(mode, clips):
    x = clips["flite-awb-en"][: 160 * 100]
    for postfilter in (False, True):  # the high-pass would lead: by a sample at 150 Hz
        data = Encoder(mode, highpass=False).encode_frames(x)
        y = Decoder(postfilter=postfilter).decode_frames(data, mode)
        match = [np.dot(x[100:-200], y[100 + lag : len(y) - 200 + lag]) for lag in range(100)]
        assert np.argmax(match) == DELAY == 40


SIGNALS = {
    "silence": np.zeros(8000),
    "dc": np.ones(8000),
    "minus dc": -np.ones(8000),
    "square": np.sign(np.sin(2 * np.pi * 125 * np.arange(8000) / 8000) + 1e-9),
    "highest square": np.tile([1.0, -1.0], 4000),
    "clipped": np.clip(9 * np.sin(np.arange(8000) / 9) * np.sin(np.arange(8000) / 777), -1, 1),
    "1 LSB": np.random.default_rng(0).integers(-1, 2, 8000) / 32768,
    "tiny": np.random.default_rng(0).normal(size=8000) * 1e-300,
    "clicks": np.eye(1, 8000, 5000)[0] - np.eye(1, 8000, 555)[0],
    "noise": np.random.default_rng(0).uniform(-1, 1, 8000),
}


@every_mode
@pytest.mark.parametrize("name", SIGNALS)
def test_odd_signals_stay_within_their_level(mode, name):
    x = SIGNALS[name]
    for highpass in (True, False):
        encoder = Encoder(mode, "fast", highpass=highpass)
        data = encoder.encode_frames(x)
        assert np.isfinite(encoder._state.beam[survivors.HEARD].synthesis.exc).all()
        for postfilter in (False, True):
            y = Decoder(postfilter=postfilter).decode_frames(data, mode) / 32768
            level = np.sqrt(np.mean(y[1600:] ** 2))
            assert level <= 1.6 * np.sqrt(np.mean(x**2)) + 1e-4
            if name in ("silence", "tiny"):
                assert np.abs(y[1600:]).max() <= 2 / 32768


@every_mode
def test_silence_after_speech_is_silent_soon(mode, speech):
    x = np.r_[speech, np.zeros(8000)]
    y = Decoder().decode_frames(Encoder(mode).encode_frames(x), mode)
    assert np.abs(y[len(speech) + 4000 :]).max() <= 2


@pytest.mark.parametrize("coder", [Encoder, Decoder])
def test_what_is_no_set_of_tables_is_refused(coder):
    with pytest.raises(ArgumentTypeError, match="expected a TableSet, got str"):
        coder(tables="mine.npz")
