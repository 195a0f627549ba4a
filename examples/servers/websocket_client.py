"""A client of `websocket_server.py`: sends a sound file and writes the answer to a WAV file.

    python examples/servers/websocket_client.py speech.wav reply.wav --loss 10
    python examples/servers/websocket_client.py speech.wav reply.wav --sessions 20     at a time

`--loss` leaves out that share of the messages, as a client does on a slow network. It needs
`pip install websockets`.
"""

import argparse
import asyncio
import contextlib
import random
from dataclasses import dataclass

import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy.signal import resample_poly
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

import celpvq
from celpvq.rtp import messages
from celpvq.rtp.message_streams import MessageReceiver, MessageSender

SAMPLERATE, FRAME_LEN, FRAME_S = 8000, 160, 0.02
WAIT_S = 3.0  # for the end of the answer
Sound = NDArray[np.int16]


@dataclass(frozen=True)
class Talk:
    """What a session has brought."""

    n_frames: int  # from the first to the last frame that was sent
    n_lost: int
    heard: Sound
    n_bytes: int  # of the messages sent
    end: str  # why the server has closed the connection, if it has


async def talk(
    url: str, speech: Sound, *, mode: int = 6400, loss: float = 0.0, seed: int = 1
) -> Talk:
    """Send speech in real time, a frame in each message, and return what the server answers."""
    sender = MessageSender(celpvq.Encoder(mode, "fast"))
    receiver = MessageReceiver(celpvq.Decoder(dtype="int16"))
    frames = speech[: len(speech) // FRAME_LEN * FRAME_LEN].reshape(-1, FRAME_LEN)
    rng = random.Random(seed)  # noqa: S311  # not a secret
    lost = [rng.random() < loss for _ in frames]
    lost[0] = lost[-1] = False  # nothing would show that they are missing
    heard: list[Sound] = []
    n_bytes = 0
    loop = asyncio.get_running_loop()
    async with connect(url, max_size=messages.MAX_BYTES) as websocket:

        async def listen() -> str:
            while sum(map(len, heard)) < len(frames) * FRAME_LEN:
                try:
                    message = await websocket.recv()
                except ConnectionClosed as closed:
                    return str(closed)
                if isinstance(message, bytes):
                    heard.append(receiver.feed(message, loop.time()))
            return ""

        listener = asyncio.create_task(listen())
        tick = loop.time()
        for frame, gone in zip(frames, lost, strict=True):
            if listener.done():  # the server has closed the connection
                break
            message = await asyncio.to_thread(sender.write, frame)
            if message is not None and not gone:
                with contextlib.suppress(ConnectionClosed):  # the listener tells it
                    await websocket.send(message)
                n_bytes += len(message)
            tick += FRAME_S
            await asyncio.sleep(max(tick - loop.time(), 0))
        await asyncio.wait([listener], timeout=WAIT_S)
        end = listener.result() if listener.done() else "the answer is shorter than the speech"
        listener.cancel()
    sound = np.concatenate([frames[0, :0], *heard])
    return Talk(len(frames), sum(lost), sound, n_bytes, end)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="Talk to a websocket server.")
    parser.add_argument("speech", help="a sound file")
    parser.add_argument("reply", help="WAV file for the answer")
    parser.add_argument("--url", default="ws://127.0.0.1:8000/speech")
    parser.add_argument("--mode", type=int, default=6400, help="bit rate")
    parser.add_argument("--loss", type=float, default=0.0, help="percentage of lost messages")
    parser.add_argument("--sessions", type=int, default=1, help="how many, at the same time")
    args = parser.parse_args()
    x, samplerate = soundfile.read(args.speech, always_2d=True)
    at_8k = resample_poly(x.mean(axis=1), SAMPLERATE, samplerate)
    speech = np.round(np.clip(at_8k, -1, 1) * 32767).astype(np.int16)
    celpvq.warmup()

    async def talks() -> list[Talk]:
        options = {"mode": args.mode, "loss": args.loss / 100}
        return await asyncio.gather(
            *[talk(args.url, speech, **options) for _ in range(args.sessions)]
        )

    for found in asyncio.run(talks()):
        print(
            f"sent {found.n_frames} frames in {found.n_bytes} bytes, {found.n_lost} lost;"
            f" heard {len(found.heard)} samples ({len(found.heard) / FRAME_LEN:g} frames)"
            f"{'; ' * bool(found.end)}{found.end}"
        )
    soundfile.write(args.reply, found.heard, SAMPLERATE)


if __name__ == "__main__":
    main()
