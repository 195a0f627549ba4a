"""`Decoder`: streams by `write` or by `decode_frame`, losses, copies, refusals."""

import copy
import itertools
import pickle

import numpy as np
import pytest
from files import in_chunks
from hypothesis import given, settings
from hypothesis import strategies as st

from celpvq import ArgumentError, ArgumentTypeError, Decoder, Encoder, FormatError
from celpvq.audio import Resampler
from celpvq.stream.file_decoder import FileDecoder

COPIES = [Decoder.copy, copy.copy, copy.deepcopy, lambda coder: pickle.loads(pickle.dumps(coder))]


@pytest.fixture(scope="module")
def packets(clips):
    """Packets of all types and of three modes, with losses and malformed ones."""
    clip = clips["flite-rms-en"][4000:16000]
    encoder = Encoder(6400, "fast", dtx=True)
    sent = encoder.write(clip)
    encoder.mode = 4800
    sent += encoder.write(np.zeros(8000)) + encoder.write(clip[:3000])
    encoder.mode = 8000
    sent += encoder.write(clip[3000:])
    assert {0, 2, 12, 16, 20} == set(map(len, sent))
    for lost in (3, 4, 20, 90, 95):
        sent[lost] = None
    sent[30:30] = [b"bad", b"\xff\xff"]
    return sent


def chunked(decoder, packets, sizes=()):
    """The sound of packets, written in pieces."""
    parts = [decoder.write(piece) for piece in in_chunks(packets, sizes)]
    return np.concatenate([*parts, decoder.flush()])


def test_a_decoder_has_no_calls_that_bypass_its_checks():
    public = {name for name in dir(Decoder) if not name.startswith("_")}
    assert public == {
        "bitrate", "copy", "decode_frame", "delay_samples", "dtype", "flush", "frame_bytes",
        "frame_samples", "last_frame", "look_ahead", "mode", "reset", "samplerate", "stats",
        "write",
    }  # fmt: skip


def test_runs_of_packets_decode_as_single_frames(packets):
    chunks, frames = Decoder(), Decoder()
    good = [p if p is None or p not in (b"bad", b"\xff\xff") else None for p in packets]
    expected = np.concatenate([frames.decode_frame(p) for p in good])[frames.delay_samples :]
    np.testing.assert_array_equal(chunked(chunks, packets, [len(packets)]), expected)
    assert chunks.stats.malformed == 2
    assert frames.stats == chunks.stats.__class__(
        frames=len(packets),
        speech=sum(p is not None and len(p) > 3 for p in good),
        sid=sum(p is not None and len(p) == 2 for p in good),
        no_data=good.count(b""),
        bad=good.count(None),
    )


@settings(max_examples=15)
@given(
    sizes=st.lists(st.integers(0, 40), max_size=20), samplerate=st.integers(4000, 48000),
    dtype=st.sampled_from(["float32", "float64", "int16"]),
)  # fmt: skip
def test_pieces_of_any_size_make_the_same_sound(packets, sizes, samplerate, dtype):
    whole = chunked(Decoder(samplerate, dtype), packets, [len(packets)])
    assert whole.dtype == dtype
    assert len(whole) == round((len(packets) * 160 - 40) * samplerate / 8000)
    np.testing.assert_array_equal(chunked(Decoder(samplerate, dtype), packets, sizes), whole)


def test_outputs_of_all_types_are_the_same_samples(packets):
    pcm = chunked(Decoder(dtype="int16"), packets)
    for dtype in ("float32", np.float64):
        np.testing.assert_array_equal(chunked(Decoder(dtype=dtype), packets) * 32768, pcm)
        decoder, other = Decoder(dtype=dtype), Decoder(dtype="int16")
        assert decoder.dtype == np.dtype(dtype).name
        for packet in packets[:30]:
            y = decoder.decode_frame(packet)
            assert (y.dtype, y.shape) == (dtype, (160,))
            np.testing.assert_array_equal(y * 32768, other.decode_frame(packet))


def test_a_stream_of_packets_takes_no_frames(packets):
    decoder = Decoder()
    assert len(decoder.write([])) == 0
    decoder.decode_frame(packets[0])  # no packets have not begun a stream
    decoder.reset()
    first = decoder.write(packets[:7])
    with pytest.raises(
        ArgumentError, match=r"write\(\) has begun a stream; call flush\(\) or reset"
    ):
        decoder.decode_frame(packets[7])
    sound = np.concatenate([first, decoder.write(packets[7:]), decoder.flush()])
    np.testing.assert_array_equal(sound, chunked(Decoder(), packets))
    assert len(decoder.decode_frame(packets[0])) == 160


def test_a_stream_of_frames_takes_no_packets(packets):
    decoder, untouched = Decoder(), Decoder()
    decoder.decode_frame(packets[0])
    for call in (decoder.write, lambda p: next(decoder.look_ahead(p))):
        with pytest.raises(ArgumentError, match=r"decode_frame\(\) has begun a stream; call reset"):
            call(packets[1:])
    with pytest.raises(ArgumentError, match="n_samples"):
        decoder.flush(100)
    untouched.decode_frame(packets[0])
    np.testing.assert_array_equal(
        decoder.decode_frame(packets[1]), untouched.decode_frame(packets[1])
    )
    assert len(decoder.flush()) == 0
    assert len(decoder.write(packets[:1])) == 120


@pytest.mark.parametrize("twin", COPIES)
@pytest.mark.parametrize("samplerate", [8000, 44100])
def test_copies_continue_the_stream_on_their_own(packets, twin, samplerate):
    whole = chunked(Decoder(samplerate), packets)
    for cut in (0, 1, 4, 85, len(packets)):
        decoder = Decoder(samplerate)
        first = decoder.write(packets[:cut])
        other = twin(decoder)
        assert other.stats == decoder.stats
        for coder in (other, decoder):
            sound = np.concatenate([first, coder.write(packets[cut:]), coder.flush()])
            np.testing.assert_array_equal(sound, whole)


def test_look_ahead_treats_malformed_packets_as_lost(packets):
    malformed = (b"bad", b"\xff\xff")
    lost = [None if packet in malformed else packet for packet in packets]
    decoder, other = Decoder(16000), Decoder(16000)
    for a, b in zip(decoder.look_ahead(packets), other.look_ahead(lost), strict=True):
        np.testing.assert_array_equal(a, b)
    assert decoder.stats.malformed == 2
    assert decoder.stats.bad == other.stats.bad == lost.count(None)


def test_look_ahead_needs_no_more_than_the_next_packet(packets):
    n_taken = 0

    def taken():
        nonlocal n_taken
        for packet in packets:
            n_taken += 1
            yield packet

    for i, sound in enumerate(Decoder().look_ahead(taken())):
        assert n_taken == min(i + 2, len(packets))
        assert len(sound) == (160 if i else 120)


def test_a_lost_packet_is_concealed_with_what_the_next_packet_brings(clips):
    clip = clips["flite-rms-en"][4000:20000]
    encoder = Encoder(8000, "fast")
    sent, redundant = [], []
    for frame in clip.reshape(-1, 160):
        sent.append(encoder.encode_frame(frame))
        redundant.append(encoder.redundancy)
    decoder = Decoder()
    for packet in sent[:30]:
        decoder.decode_frame(packet)
    sounds = {}
    for name, options in {
        "bad": {},
        "next": {"next_packet": sent[31]},
        "redundant": {"redundancy": redundant[30]},
    }.items():
        twin = decoder.copy()
        sounds[name] = twin.decode_frame(None, **options)
        assert twin.last_frame.type == ("redundant" if name == "redundant" else "bad")
        assert (twin.stats.bad, twin.stats.redundant) == (name != "redundant", name == "redundant")
        assert np.abs(sounds[name]).max() > 0.01
    for a, b in itertools.combinations(sounds.values(), 2):
        assert (a != b).any()
    with_malformed = decoder.copy().decode_frame(None, next_packet=b"bad")
    np.testing.assert_array_equal(with_malformed, sounds["bad"])


@pytest.mark.parametrize(
    ("arguments", "options", "error"),
    [
        ((b"bad",), {}, FormatError),
        ((b"\xff\xff",), {}, FormatError),
        (("text",), {}, ArgumentTypeError),
        ((None,), {"next_packet": "text"}, ArgumentTypeError),
        ((None,), {"redundancy": b"12"}, FormatError),
        ((None,), {"redundancy": "abc"}, ArgumentTypeError),
        ((None,), {"redundancy": b"12", "next_packet": bytes(12)}, FormatError),
    ],
)
def test_a_bad_packet_is_refused_and_changes_nothing(packets, arguments, options, error):
    decoder, untouched = Decoder(), Decoder()
    for packet in packets[:8]:
        with pytest.raises(error):
            decoder.decode_frame(*arguments, **options)
        np.testing.assert_array_equal(decoder.decode_frame(packet), untouched.decode_frame(packet))
    assert decoder.stats == untouched.stats


@pytest.mark.parametrize("bad", [5, "text", [b""]])
def test_what_is_not_a_packet_is_refused_and_changes_nothing(packets, bad):
    decoder = Decoder()
    sounds = [decoder.write(packets[:5])]
    with pytest.raises(ArgumentTypeError, match="packet: expected bytes"):
        decoder.write([*packets[5:], bad])
    with pytest.raises(ArgumentTypeError, match="packet: expected bytes"):
        next(decoder.look_ahead([bad]))
    with pytest.raises(ArgumentTypeError, match="packets: expected a list of packets, got bytes"):
        decoder.write(bytes(16))
    sounds += [decoder.write(packets[5:]), decoder.flush()]
    np.testing.assert_array_equal(np.concatenate(sounds), chunked(Decoder(), packets))


@pytest.mark.parametrize("samplerate", [8000, 16000, 11025])
def test_flush_ends_the_sound_at_a_given_length(packets, samplerate):
    natural = round((len(packets) * 160 - 40) * samplerate / 8000)
    whole = chunked(Decoder(samplerate), packets)
    for n_samples in (natural - 1, natural, natural + 1, natural + 5000):
        decoder = Decoder(samplerate)
        written = decoder.write(packets)
        sound = np.concatenate([written, decoder.flush(n_samples)])
        assert len(sound) == max(n_samples, len(written))
        n = min(len(sound), natural)
        np.testing.assert_array_equal(sound[:n], whole[:n])
        np.testing.assert_allclose(sound[natural + 200 :], 0, atol=1e-4)
    for bad, error in ((-1, ArgumentError), (1.5, ArgumentTypeError), ("1", ArgumentTypeError)):
        decoder = Decoder(samplerate)
        written = decoder.write(packets)
        with pytest.raises(error, match="n_samples"):
            decoder.flush(bad)
        np.testing.assert_array_equal(np.concatenate([written, decoder.flush()]), whole)


def test_flush_and_reset_start_a_new_stream(packets):
    decoder = Decoder(44100)
    whole = chunked(decoder, packets)
    n = decoder.stats.frames
    np.testing.assert_array_equal(chunked(decoder, packets), whole)
    assert decoder.stats.frames == 2 * n
    decoder.write(packets[:9])
    decoder.reset()
    assert decoder.stats.frames == 0
    assert (decoder.mode, decoder.last_frame) == (None, None)
    np.testing.assert_array_equal(chunked(decoder, packets), whole)


def test_frames_have_8000_hz():
    with pytest.raises(ArgumentError, match=r"of 8000 Hz, got one of 44100 Hz; use write\(\)"):
        Decoder(44100).decode_frame(bytes(16))


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"samplerate": 200_000}, ArgumentError, "samplerate"),
        ({"samplerate": "int16"}, ArgumentTypeError, "samplerate"),
        ({"dtype": "int32"}, ArgumentError, "dtype"),
        ({"tables": "mine"}, ArgumentTypeError, "tables"),
    ],
)
def test_bad_settings_are_refused(options, error, words):
    with pytest.raises(error, match=words):
        Decoder(**options)


@pytest.mark.parametrize("look_ahead", [False, True])
@pytest.mark.parametrize("samplerate", [8000, 16000])
def test_a_file_decoder_ends_exactly(packets, look_ahead, samplerate):
    n_8k = len(packets) * 160 - 100
    decoder = FileDecoder(samplerate)
    n = n_8k * samplerate // 8000
    first = decoder.write(packets[:50])
    sound = np.concatenate([first, decoder.finish(packets[50:], n_8k, n, look_ahead=look_ahead)])
    assert len(sound) == n
    plain = Decoder()
    pcm = [plain.write(packets[:50])]
    if look_ahead:
        pcm += list(plain.look_ahead(packets[50:]))
    else:
        pcm.append(plain.write(packets[50:]))
    resampler = Resampler(8000, samplerate)
    expected = resampler.write(np.concatenate(pcm)[:n_8k].astype(float))
    expected = np.concatenate([expected, resampler.flush()]).astype(np.float32)
    np.testing.assert_array_equal(sound, expected)


def test_a_strict_file_decoder_refuses_malformed_packets(packets):
    decoder = FileDecoder(8000, strict=True)
    decoder.write(packets[:30])
    for malformed in (b"bad", b"\xff\xff"):
        assert malformed in packets[30:32]
        with pytest.raises(FormatError):
            decoder.write([malformed])
