"""Speech between two WebRTC peers, over a data channel of aiortc.

    python examples/servers/webrtc_call.py answer heard.wav --port 9000          one machine
    python examples/servers/webrtc_call.py call speech.wav 192.0.2.7 --port 9000  the other one

It needs `pip install aiortc`. The codecs of aiortc's audio tracks are a fixed list, so the speech
goes over a data channel, in messages as in `celpvq.rtp.messages`. The channel does not repeat what
the network loses, and the receiver conceals it. A browser can do the same.

The peers exchange their session descriptions over TCP. Use a channel that you trust instead: who
can change the descriptions can listen.
"""

import argparse
import asyncio
import contextlib
import json
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy.signal import resample_poly

import celpvq
from celpvq.rtp.message_streams import MessageReceiver, MessageSender, MessageStats

SAMPLERATE, FRAME_LEN, FRAME_S = 8000, 160, 0.02
LABEL = "celpvq"
MAX_BUFFERED = 500  # bytes that wait in the channel, half a second; what comes then is left out
SIGNAL_S = 10.0  # for the exchange of the descriptions
DRAIN_S = 3.0  # for the last messages to leave
Sound = NDArray[np.int16]


def open_channel(peer: Any) -> Any:
    """Return a channel of a peer connection: in order, and without repetitions."""
    return peer.createDataChannel(LABEL, ordered=True, maxRetransmits=0, protocol=LABEL)


class Speaker:
    """Sends speech over a channel.

    Parameters
    ----------
    channel : RTCDataChannel
        An open channel.
    mode : int
        Bit rate [bit/s].
    loss : float
        Share of the messages that are left out, to hear the effect.
    seed : int
        Of the random numbers that choose them.
    """

    def __init__(self, channel: Any, mode: int = 6400, *, loss: float = 0.0, seed: int = 1) -> None:
        self.n_left_out = 0
        self._channel, self._loss = channel, loss
        self._rng = random.Random(seed)  # noqa: S311  # not a secret
        self._sender = MessageSender(celpvq.Encoder(mode, "fast"))

    def write(self, samples: Sound) -> None:
        """Send samples at 8000 Hz, at most 4 s."""
        self._send(self._sender.write(samples), lossy=True)

    def close(self) -> None:
        """Send the rest."""
        self._send(self._sender.flush(), lossy=False)

    def _send(self, message: bytes | None, *, lossy: bool) -> None:
        if message is None:
            return
        full = self._channel.bufferedAmount > MAX_BUFFERED
        if full or (lossy and self._rng.random() < self._loss):
            self.n_left_out += 1
        elif self._channel.readyState == "open":
            self._channel.send(message)


class Listener:
    """Decodes the speech that arrives over a channel.

    Parameters
    ----------
    channel : RTCDataChannel
        The channel.
    play : callable
        Takes the samples (n,) int16 at 8000 Hz.
    clock : callable
        Returns the time [s].
    """

    def __init__(
        self, channel: Any, play: Callable[[Sound], None], clock: Callable[[], float]
    ) -> None:
        self._play, self._clock = play, clock
        self._receiver = MessageReceiver(celpvq.Decoder(dtype="int16"))
        channel.on("message", self._take)

    @property
    def stats(self) -> MessageStats:
        """Counts of the packets that arrived, and of those refused."""
        return self._receiver.stats

    def _take(self, message: str | bytes) -> None:
        if isinstance(message, bytes):
            samples = self._receiver.feed(message, self._clock())
            if len(samples):
                self._play(samples)


async def exchange(
    peer: Any, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, offers: bool
) -> None:
    """Exchange the descriptions of two peers, one line of JSON in each direction."""
    from aiortc import RTCSessionDescription

    async def tell() -> None:
        own = peer.localDescription
        writer.write(json.dumps({"type": own.type, "sdp": own.sdp}).encode() + b"\n")
        await writer.drain()

    async def hear() -> None:
        line = await reader.readline()  # at most 64 KiB
        try:
            found = json.loads(line)
            description = RTCSessionDescription(str(found["sdp"]), str(found["type"]))
            await peer.setRemoteDescription(description)
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            raise ConnectionError(f"no description of a peer: {error}") from error

    try:
        async with asyncio.timeout(SIGNAL_S):
            if offers:
                await peer.setLocalDescription(await peer.createOffer())
                await tell()
                await hear()
            else:
                await hear()
                await peer.setLocalDescription(await peer.createAnswer())
                await tell()
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def call(speech: Sound, host: str, port: int, *, mode: int = 6400, loss: float = 0.0) -> int:
    """Send speech in real time; return the number of messages that were left out."""
    from aiortc import RTCPeerConnection

    peer = RTCPeerConnection()
    channel = open_channel(peer)
    opened, closed = asyncio.Event(), asyncio.Event()
    channel.on("open", opened.set)
    channel.on("close", closed.set)
    try:
        await exchange(peer, *await asyncio.open_connection(host, port), offers=True)
        await asyncio.wait_for(opened.wait(), SIGNAL_S)
        speaker = Speaker(channel, mode, loss=loss)
        loop = asyncio.get_running_loop()
        tick = loop.time()
        for start in range(0, len(speech), FRAME_LEN):
            if closed.is_set():
                break
            speaker.write(speech[start : start + FRAME_LEN])
            tick += FRAME_S
            await asyncio.sleep(max(tick - loop.time(), 0))
        speaker.close()
        end = loop.time() + DRAIN_S
        while channel.bufferedAmount and loop.time() < end:
            await asyncio.sleep(FRAME_S)
        await asyncio.sleep(0.5)  # until the last message has arrived
        return speaker.n_left_out
    finally:
        await peer.close()


async def answer(port: int, *, host: str = "0.0.0.0", silent_s: float = 5.0) -> tuple[Sound, Any]:  # noqa: S104
    """Wait for one call, and return its sound and its counts."""
    from aiortc import RTCPeerConnection

    peer = RTCPeerConnection()
    heard: list[Sound] = []
    listeners: list[Listener] = []
    news, connected = asyncio.Event(), asyncio.get_running_loop().create_future()

    def play(samples: Sound) -> None:
        heard.append(samples)
        news.set()

    @peer.on("datachannel")
    def listen(channel: Any) -> None:
        if channel.label == LABEL and not listeners:  # one stream in a call
            listeners.append(Listener(channel, play, asyncio.get_running_loop().time))

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if connected.done():
            writer.close()
        else:
            connected.set_result((reader, writer))

    try:
        async with await asyncio.start_server(accept, host, port):
            await exchange(peer, *await connected, offers=False)
        with contextlib.suppress(TimeoutError):
            while True:
                await asyncio.wait_for(news.wait(), silent_s)
                news.clear()
    finally:
        await peer.close()
    stats = listeners[0].stats if listeners else MessageStats()
    return np.concatenate([np.zeros(0, np.int16), *heard]), stats


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="Speech over a data channel of WebRTC.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    listen = verbs.add_parser("answer", help="wait for a call, and write it to a WAV file")
    listen.add_argument("file")
    speak = verbs.add_parser("call", help="send a sound file")
    speak.add_argument("file")
    speak.add_argument("host")
    speak.add_argument("--mode", type=int, default=6400, help="bit rate")
    speak.add_argument("--loss", type=float, default=0.0, help="percentage of messages left out")
    for verb in (listen, speak):
        verb.add_argument("--port", type=int, default=9000, help="for the descriptions")
    args = parser.parse_args()
    celpvq.warmup()
    if args.verb == "answer":
        sound, stats = asyncio.run(answer(args.port))
        soundfile.write(args.file, sound, SAMPLERATE)
        print(f"heard {len(sound)} samples ({len(sound) / FRAME_LEN:g} frames), {stats}")
        return
    x, samplerate = soundfile.read(args.file, always_2d=True)
    at_8k = resample_poly(x.mean(axis=1), SAMPLERATE, samplerate)
    speech = np.round(np.clip(at_8k, -1, 1) * 32767).astype(np.int16)
    n = asyncio.run(call(speech, args.host, args.port, mode=args.mode, loss=args.loss / 100))
    print(f"sent {len(speech)} samples; {n} messages were left out")


if __name__ == "__main__":
    main()
