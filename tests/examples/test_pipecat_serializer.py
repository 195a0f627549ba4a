"""The serializer for pipecat: always with a stub, and with pipecat itself where it is installed."""

import asyncio
import dataclasses
import importlib
import importlib.util
import inspect
import json
import random
import sys
import warnings
from types import SimpleNamespace

import numpy as np
import pipecat_stub
import pytest

import celpvq
from celpvq.rtp import messages
from celpvq.rtp.message_streams import MessageReceiver, MessageSender

HAS_PIPECAT = importlib.util.find_spec("pipecat") is not None
REAL = pytest.param(
    "pipecat", marks=pytest.mark.skipif(not HAS_PIPECAT, reason="needs the package pipecat-ai")
)


def load(path):
    """A module of pipecat, whose imports warn of what is deprecated."""
    with warnings.catch_warnings(action="ignore"):
        return importlib.import_module(path)


@pytest.fixture(params=["stub", REAL])
def pipecat(request, monkeypatch):
    """The names of pipecat, and the serializer, loaded with it."""
    if request.param == "stub":
        pipecat_stub.install(monkeypatch)
    monkeypatch.delitem(sys.modules, "pipecat_serializer", raising=False)
    names = {
        thing.__name__: getattr(load(path), thing.__name__)
        for path, things in pipecat_stub.CONTENT.items()
        for thing in things
    }
    names["Serializer"] = importlib.import_module("pipecat_serializer").CelpvqFrameSerializer
    monkeypatch.delitem(sys.modules, "pipecat_serializer")
    return SimpleNamespace(**names)


class Bot:
    """A serializer within a pipeline of a rate [Hz]."""

    def __init__(self, pipecat, samplerate=8000, **options):
        self.pipecat, self.samplerate, self.now = pipecat, samplerate, 0.0
        self.serializer = pipecat.Serializer(clock=lambda: self.now, **options)
        setup = pipecat.FrameProcessorSetup(
            clock=None, task_manager=None, pipeline_worker=None,
            audio_in_sample_rate=samplerate, audio_out_sample_rate=samplerate,
        )  # fmt: skip
        for _ in range(2):  # pipecat does it for the input and for the output
            asyncio.run(self.serializer.setup(setup))

    def say(self, samples, channels=1):
        audio = np.asarray(samples).astype("<i2").tobytes()
        return self.send(self.pipecat.OutputAudioRawFrame(audio, self.samplerate, channels))

    def send(self, frame):
        return asyncio.run(self.serializer.serialize(frame))

    def hear(self, data):
        frame = asyncio.run(self.serializer.deserialize(data))
        if frame is None:
            return np.zeros(0, np.int16)
        assert type(frame) is self.pipecat.InputAudioRawFrame
        assert (frame.sample_rate, frame.num_channels) == (self.samplerate, 1)
        assert frame.num_frames == len(frame.audio) // 2
        return np.frombuffer(frame.audio, "<i2")


def with_losses(sent, seed):
    """Messages without one in ten; the first and the last remain."""
    rng = random.Random(seed)
    kept = [m for k, m in enumerate(sent) if k in (0, len(sent) - 1) or rng.random() >= 0.1]
    assert len(kept) < len(sent)
    return kept


def test_it_subclasses_pipecats_serializer(pipecat):
    assert issubclass(pipecat.Serializer, pipecat.FrameSerializer)


def test_speech_arrives_at_its_length_with_one_message_in_ten_lost(pipecat, speech):
    client = MessageSender(celpvq.Encoder(6400, "fast"))
    sent = [client.write(speech[i : i + 160]) for i in range(0, len(speech), 160)]
    kept = with_losses(sent, 1)
    bot = Bot(pipecat)
    heard = np.concatenate([bot.hear(message) for message in kept])
    receiver = MessageReceiver(celpvq.Decoder(dtype="int16"))
    expected = np.concatenate([receiver.feed(message, 0.0) for message in kept])
    assert len(heard) == len(speech) == 16000
    np.testing.assert_array_equal(heard, expected)
    assert bot.serializer.stats.concealed == len(sent) - len(kept)


@pytest.mark.parametrize("size", [320, 160, 441])
def test_a_bot_is_heard_at_its_length_with_one_message_in_ten_lost(pipecat, speech, size):
    bot = Bot(pipecat, mode=4800)
    sent = [bot.say(speech[i : i + size]) for i in range(0, len(speech), size)]
    sent.append(bot.send(pipecat.EndFrame()))
    assert bot.send(pipecat.CancelFrame()) is None
    sent = [message for message in sent if message is not None]
    packets = [packet for message in sent for packet in messages.unpack(message)[1]]
    assert packets == list(celpvq.encode_stream([speech], 8000, 4800, "fast"))
    receiver = MessageReceiver(celpvq.Decoder(dtype="int16"))
    heard = [receiver.feed(message, 0.0) for message in with_losses(sent, 2)]
    assert len(np.concatenate(heard)) == 160 * -(-(len(speech) + 40) // 160)


@pytest.mark.parametrize("samplerate", [16000, 24000])
def test_other_rates_keep_the_length(pipecat, speech, samplerate):
    bot = Bot(pipecat, samplerate)
    up = np.repeat(speech, samplerate // 8000)
    chunk = samplerate // 25
    sent = [bot.say(up[i : i + chunk]) for i in range(0, len(up), chunk)]
    sent = [m for m in [*sent, bot.send(pipecat.EndFrame())] if m is not None]
    n_frames = sum(len(messages.unpack(message)[1]) for message in sent)
    assert n_frames == -(-(len(speech) + 40) // 160)
    heard = np.concatenate([bot.hear(message) for message in sent])
    held_s = 0.12  # by the resampler, until more sound arrives
    assert 0 <= n_frames * 0.02 - len(heard) / samplerate < held_s


def test_channels_are_averaged(pipecat, speech):
    left, right = speech[:1600], speech[1600:3200]
    both = np.stack([left, right], axis=1).ravel()
    mean = np.round((left.astype(float) + right) / 2)
    assert Bot(pipecat).say(both, channels=2) == Bot(pipecat).say(mean)


def test_pauses_take_two_bytes_with_dtx(pipecat, speech):
    bot = Bot(pipecat, dtx=True)
    x = np.concatenate([speech[:4000], np.zeros(8000, np.int16)])
    lengths = {
        len(p) for i in range(0, 12000, 320) for p in messages.unpack(bot.say(x[i : i + 320]))[1]
    }
    assert lengths == {0, 2, 16}


@pytest.mark.parametrize(
    "data", ["text", "", b"", b"garbage", bytes(6000), b"\0\0\20" + bytes(15), b"\0\0\3abc"]
)
def test_other_data_are_ignored_and_the_stream_goes_on(pipecat, speech, data):
    client = MessageSender(celpvq.Encoder(6400, "fast"))
    bot, other = Bot(pipecat), Bot(pipecat)
    for i in range(0, 1600, 160):
        message = client.write(speech[i : i + 160])
        assert len(bot.hear(data)) == 0
        np.testing.assert_array_equal(bot.hear(message), other.hear(message))
    assert bot.serializer.stats.malformed == (10 if isinstance(data, bytes) else 0)


def test_a_client_faster_than_real_time_is_ignored(pipecat):
    bot = Bot(pipecat)
    sent = [messages.pack(k, [b""]) for k in range(600)]
    assert sum(len(bot.hear(message)) for message in sent) == 500 * 160
    assert bot.serializer.stats.too_fast == 100
    bot.now = 10.0
    assert len(bot.hear(messages.pack(600, [b""]))) == 101 * 160


def test_an_interruption_clears_what_waits(pipecat, speech):
    bot = Bot(pipecat)
    receiver = MessageReceiver(celpvq.Decoder(dtype="int16"))
    before = receiver.feed(bot.say(speech[:399]), 0.0)
    assert len(before) == 320
    assert json.loads(bot.send(pipecat.InterruptionFrame())) == {"event": "clear"}
    after = receiver.feed(bot.say(speech[800:1600]), 0.0)
    alone = MessageReceiver(celpvq.Decoder(dtype="int16"))
    np.testing.assert_array_equal(after, alone.feed(Bot(pipecat).say(speech[800:1600]), 0.0))
    assert receiver.stats.restarts == 1


def test_other_frames_are_not_sent(pipecat):
    bot = Bot(pipecat)
    assert bot.send(pipecat.TextFrame("hello")) is None
    for kind in (pipecat.OutputTransportMessageFrame, pipecat.OutputTransportMessageUrgentFrame):
        assert json.loads(bot.send(kind(message={"a": 1}))) == {"a": 1}
        assert bot.send(kind(message={"label": "rtvi-ai"})) is None


@pytest.mark.skipif(not HAS_PIPECAT, reason="needs the package pipecat-ai")
def test_the_stub_follows_pipecat():
    for path, things in pipecat_stub.CONTENT.items():
        module = load(path)
        for own in things:
            real = getattr(module, own.__name__)
            if dataclasses.is_dataclass(own):
                names = [[f.name for f in dataclasses.fields(c) if f.init] for c in (own, real)]
                assert set(names[0]) <= set(names[1])
                required = {
                    f.name
                    for f in dataclasses.fields(real)
                    if f.init and f.default is f.default_factory is dataclasses.MISSING
                }
                assert required <= set(names[0])
    real = load("pipecat.serializers.base_serializer").FrameSerializer
    own = pipecat_stub.FrameSerializer
    assert own.__abstractmethods__ == real.__abstractmethods__
    for name in ("setup", "serialize", "deserialize", "should_ignore_frame"):
        functions = [getattr(c, name) for c in (own, real)]
        assert len({tuple(inspect.signature(f).parameters) for f in functions}) == 1
        assert len({inspect.iscoroutinefunction(f) for f in functions}) == 1
    resampler = load("pipecat.audio.utils").create_stream_resampler()
    for name in ("resample", "flush", "reset"):
        functions = [getattr(r, name) for r in (pipecat_stub.create_stream_resampler(), resampler)]
        assert len({tuple(inspect.signature(f).parameters) for f in functions}) == 1
