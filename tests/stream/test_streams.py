"""Chunks to packets and back: any chunking gives the same result as one piece."""

import asyncio
import copy
import itertools
import pickle
import sys
import threading

import numpy as np
import pytest
from files import in_chunks
from hypothesis import given, settings
from hypothesis import strategies as st

import celpvq
from celpvq import (
    ConcurrentUseError,
    Decoder,
    Encoder,
)
from celpvq.audio import Resampler
from celpvq.codec.common.exclusive import ExclusiveAccess
from celpvq.codec.format.modes import DELAY, FRAME_LEN

SIZES = st.lists(st.sampled_from([0, 1, 2, 159, 160, 161, 441, 8193]), max_size=30)


@pytest.fixture(scope="module")
def speech(clips):
    """A second of speech, a second of nearly nothing, and a second of speech."""
    noise = 1e-4 * np.random.default_rng(1).normal(size=8000)
    return np.concatenate([clips["flite-rms-en"][4000:12000], noise, clips["espeak-f-fr"][:8011]])


@settings(max_examples=20)
@given(
    sizes=SIZES, n=st.sampled_from([0, 1, 119, 120, 121, 160, 5000]), dtx=st.booleans(),
    samplerate=st.sampled_from([8000, 16000, 44100]),
)  # fmt: skip
def test_chunks_of_any_size_make_the_packets_of_the_whole(speech, sizes, n, dtx, samplerate):
    x = speech[-n:] if n else speech[:0]
    options = {"preset": "fast", "dtx": dtx}
    packets = list(celpvq.encode_stream(in_chunks(x, sizes), samplerate, **options))
    assert packets == list(celpvq.encode_stream([x], samplerate, **options))
    n_8k = round(n * 8000 / samplerate)
    assert len(packets) == -(-(n_8k + DELAY) // FRAME_LEN)


@settings(max_examples=20)
@given(sizes=SIZES)
def test_an_encoder_takes_chunks_of_any_size(speech, sizes):
    whole = Encoder(4800, "fast", dtx=True)
    packets = whole.write(speech) + whole.flush()
    encoder = Encoder(4800, "fast", dtx=True)
    parts = []
    for chunk in in_chunks(speech, sizes):
        encoder = pickle.loads(pickle.dumps(encoder)).copy()
        parts += encoder.write(chunk)
    assert parts + encoder.flush() == packets
    assert encoder.write(speech) + encoder.flush() == packets  # flush starts a new stream
    frames = np.resize(np.r_[speech, np.zeros(200)], (len(packets), FRAME_LEN))
    encoder.reset()
    assert [encoder.encode_frame(x) for x in frames] == packets
    assert {0, 2, 12} == {len(packet) for packet in packets}


@settings(max_examples=20)
@given(sizes=SIZES, samplerate=st.sampled_from([8000, 48000, 11025]))
def test_packets_one_by_one_or_many_at_once_make_the_same_sound(speech, sizes, samplerate):
    encoder = Encoder(6400, "fast", dtx=True)
    packets = [*encoder.write(speech)[:100], None, b"bad", *encoder.flush()]
    whole = Decoder(samplerate)
    y = np.concatenate([whole.write(packets), whole.flush()])
    n_8k = len(packets) * FRAME_LEN - DELAY
    assert len(y) == round(n_8k * samplerate / 8000)
    parts = Decoder(samplerate)
    pieces = [parts.write(chunk) for chunk in in_chunks(packets, [size // 100 for size in sizes])]
    np.testing.assert_array_equal(np.concatenate([*pieces, parts.flush()]), y)
    one_by_one = list(celpvq.decode_stream(packets, samplerate))
    np.testing.assert_array_equal(np.concatenate(one_by_one), y)


@settings(max_examples=20)
@given(
    losses=st.lists(st.sampled_from(["", "lost", "bad"]), min_size=60, max_size=60),
    samplerate=st.sampled_from([8000, 16000]),
)
def test_look_ahead_leads_the_concealment_to_the_next_packet(speech, losses, samplerate):
    packets = Encoder(6400, "fast").write(speech)[: len(losses)]
    change = {"": lambda p: p, "lost": lambda _: None, "bad": lambda _: b"bad"}
    received = [change[loss](p) for loss, p in zip(losses, packets, strict=True)]
    decoder, resampler = Decoder(), Resampler(8000, samplerate)
    concealed = [None if p == b"bad" else p for p in received]
    frames = [
        decoder.decode_frame(p, next_packet=after)
        for p, after in itertools.pairwise([*concealed, None])
    ]
    expected = resampler.write(np.concatenate(frames)[DELAY:])
    coder = Decoder(samplerate, dtype="float64")
    sounds = list(coder.look_ahead(iter(received)))
    assert len(sounds) == len(received)
    np.testing.assert_array_equal(
        np.concatenate([*sounds, coder.flush()]), np.concatenate([expected, resampler.flush()])
    )
    assert coder.stats.malformed == losses.count("bad")
    assert coder.stats.bad == losses.count("bad") + losses.count("lost")


@pytest.mark.parametrize("samplerate", [8000, 16000])
def test_a_stream_is_aligned_with_its_input(clips, samplerate):
    x = np.repeat(clips["flite-slt-en"][:24000], samplerate // 8000)  # held, for 16 kHz
    packets = celpvq.encode_stream([x], samplerate, 8000, highpass=False)
    y = np.concatenate(list(celpvq.decode_stream(packets, samplerate)))
    n = len(x) - 100
    match = [np.dot(x[50:n], y[50 + lag : n + lag]) for lag in range(-20, 21)]
    assert abs(int(np.argmax(match)) - 20) <= samplerate // 8000 - 1


def test_an_hour_needs_no_hour_in_memory():
    encoder, decoder = Encoder(4800, "fast", samplerate=48000), Decoder(48000)
    sizes = []
    for i in range(400):
        decoder.write(encoder.write(np.zeros(4801)))
        if i % 100 == 99:
            sizes.append([len(pickle.dumps(part)) for part in (encoder, decoder)])
    assert np.max(sizes) < 300_000  # all samples would be 15 MB


def test_a_bad_chunk_is_refused_and_changes_nothing(speech):
    encoder = Encoder(4800, "fast")
    packets = encoder.write(speech[:1000])
    for bad in ([np.nan], np.zeros((2, 2)), [2], "text"):
        with pytest.raises(celpvq.CelpvqError):
            encoder.write(bad)
    packets += encoder.write(speech[1000:]) + encoder.flush()
    whole = Encoder(4800, "fast")
    assert packets == whole.write(speech) + whole.flush()


def test_a_coder_that_another_thread_uses_is_refused():
    encoder, decoder = Encoder(), Decoder()
    for codec, call in (
        (encoder, lambda: encoder.write(np.zeros(160))),
        (encoder, lambda: encoder.encode_frame(np.zeros(160))),
        (encoder, encoder.reset),
        (encoder, encoder.flush),
        (decoder, lambda: decoder.decode_frame(None)),
        (decoder, decoder.reset),
        (decoder, lambda: decoder.write([b""])),
        (decoder, lambda: next(decoder.look_ahead([b""]))),
        (decoder, decoder.flush),
    ):
        with codec._access:
            with pytest.raises(ConcurrentUseError, match="another thread"):
                call()
            codec.copy().reset()
            copy.copy(codec).reset()
            copy.deepcopy(codec).reset()
            assert isinstance(pickle.loads(pickle.dumps(codec))._access, ExclusiveAccess)
        codec.reset()
        call()


def test_threads_that_share_a_decoder_get_errors_or_frames_and_no_garbage():
    decoder, caught = Decoder(), []

    def feed():
        for _ in range(300):
            try:
                decoder.decode_frame(bytes(16))
            except ConcurrentUseError as error:
                caught.append(error)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=feed) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert decoder.stats.frames + len(caught) == 1200
    alone = Decoder()
    for _ in range(decoder.stats.frames):
        alone.decode_frame(bytes(16))
    np.testing.assert_array_equal(decoder.decode_frame(bytes(16)), alone.decode_frame(bytes(16)))


def test_the_example_for_asyncio_runs(root, monkeypatch):
    monkeypatch.syspath_prepend(str(root / "examples"))
    import asyncio_call

    n_lost, received, sent = asyncio.run(asyncio_call.call(seconds=1.0, loss=0.2, seed=1))
    assert 0 < n_lost < 25
    assert len(received) == len(sent)
    # the enhancement changes the phase of a steady sound
    shifted = [np.corrcoef(np.roll(received, shift), sent)[0, 1] for shift in range(-20, 21)]
    assert max(shifted) > 0.8
