"""The call over a data channel: with a fake channel, and with aiortc where it is installed."""

import asyncio
import contextlib
import importlib.util
import socket

import numpy as np
import pytest
from webrtc_call import LABEL, MAX_BUFFERED, Listener, Speaker, answer, call, open_channel

import celpvq
from celpvq.rtp import messages
from celpvq.rtp.message_streams import MessageReceiver, MessageSender

needs_aiortc = pytest.mark.skipif(
    importlib.util.find_spec("aiortc") is None, reason="needs the package aiortc"
)


class FakeChannel:
    """A data channel to itself, with the names of aiortc's."""

    def __init__(self):
        self.readyState, self.bufferedAmount = "open", 0
        self.handlers, self.sent = [], []

    def on(self, event, handler):
        assert event == "message"
        self.handlers.append(handler)

    def send(self, data):
        self.sent.append(data)
        for handler in self.handlers:
            handler(data)


def talk(speech, **options):
    """The sound that arrives, the listener, and the channel."""
    channel, heard = FakeChannel(), []
    listener = Listener(channel, heard.append, lambda: 0.0)
    speaker = Speaker(channel, 4800, **options)
    for i in range(0, len(speech), 160):
        speaker.write(speech[i : i + 160])
    speaker.close()
    return np.concatenate(heard), listener, speaker, channel


def test_speech_arrives_at_its_length_with_one_message_in_ten_left_out(speech):
    sound, listener, speaker, channel = talk(speech, loss=0.1, seed=3)
    assert len(sound) == 160 * -(-(len(speech) + 40) // 160) == 160 * 101
    assert speaker.n_left_out == listener.stats.concealed > 3
    assert len(channel.sent) == 101 - speaker.n_left_out
    receiver = MessageReceiver(celpvq.Decoder(dtype="int16"))
    expected = [receiver.feed(message, 0.0) for message in channel.sent]
    np.testing.assert_array_equal(sound, np.concatenate(expected))


def test_without_losses_the_sound_is_that_of_the_codec(speech):
    sound, _, _, _ = talk(speech)
    expected, _ = celpvq.decode(celpvq.encode(speech, 8000, 4800, "fast"), dtype="int16")
    np.testing.assert_array_equal(sound[40 : 40 + len(speech)], expected)


def test_what_does_not_leave_is_left_out(speech):
    channel = FakeChannel()
    speaker = Speaker(channel)
    speaker.write(speech[:160])
    channel.bufferedAmount = MAX_BUFFERED + 1
    speaker.write(speech[160:320])
    channel.bufferedAmount = 0
    speaker.write(speech[320:480])
    assert [messages.unpack(message)[0] for message in channel.sent] == [0, 2]
    assert speaker.n_left_out == 1


def test_nothing_is_sent_into_a_closed_channel(speech):
    channel = FakeChannel()
    channel.readyState = "closed"
    Speaker(channel).write(speech[:160])
    assert channel.sent == []


@pytest.mark.parametrize("data", ["text", b"", b"garbage", bytes(10_000)])
def test_other_messages_are_ignored(speech, data):
    channel, heard = FakeChannel(), []
    Listener(channel, heard.append, lambda: 0.0)
    channel.send(data)
    channel.send(MessageSender(celpvq.Encoder(6400, "fast")).write(speech[:320]))
    assert [len(samples) for samples in heard] == [320]


def test_a_peer_faster_than_real_time_is_ignored():
    channel, heard = FakeChannel(), []
    listener = Listener(channel, heard.append, lambda: 0.0)
    for k in range(600):
        channel.send(messages.pack(k, [b""]))
    assert sum(map(len, heard)) == 500 * 160
    assert listener.stats.too_fast == 100


@needs_aiortc
@pytest.mark.network
def test_the_fake_channel_follows_aiortc():
    from aiortc import RTCPeerConnection

    async def run():
        peer = RTCPeerConnection()
        channel = open_channel(peer)
        assert (channel.ordered, channel.maxRetransmits, channel.label) == (True, 0, LABEL)
        assert channel.readyState == "connecting"
        assert channel.bufferedAmount == 0
        assert callable(channel.send)
        assert callable(channel.on)
        await peer.close()

    asyncio.run(run())


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


@needs_aiortc
@pytest.mark.network
def test_two_peers_of_aiortc_with_one_message_in_ten_left_out(speech):
    async def run():
        port = free_port()
        listening = asyncio.create_task(answer(port, host="127.0.0.1", silent_s=2.0))
        while True:
            try:
                n_left_out = await call(speech, "127.0.0.1", port, mode=4800, loss=0.1)
                return n_left_out, *await listening
            except ConnectionRefusedError:  # it does not listen yet
                await asyncio.sleep(0.05)

    n_left_out, sound, stats = asyncio.run(run())
    assert len(sound) == 160 * 101
    assert stats.concealed == n_left_out > 3
    assert stats.refused == 0


async def answer_to(line):
    """The sound of a call by a peer that sends a line and nothing more."""
    port = free_port()
    listening = asyncio.create_task(answer(port, host="127.0.0.1", silent_s=0.2))
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            break
        except ConnectionRefusedError:
            await asyncio.sleep(0.05)
    writer.write(line)
    writer.write_eof()
    try:
        return (await listening)[0]
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


@needs_aiortc
@pytest.mark.network
@pytest.mark.parametrize("line", [b"", b"garbage\n", b"[]\n", b"[" * 60_000 + b"\n"])
def test_a_peer_without_a_description_is_refused(line):
    with pytest.raises(ConnectionError, match="no description of a peer"):
        asyncio.run(answer_to(line))


@needs_aiortc
@pytest.mark.network
def test_a_peer_without_a_channel_has_no_sound():
    assert len(asyncio.run(answer_to(b'{"sdp": "x", "type": "offer"}\n'))) == 0
