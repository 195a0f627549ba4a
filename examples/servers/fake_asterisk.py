"""A call without Asterisk: what Asterisk sends to an AudioSocket server, from a sound file.

    python examples/servers/fake_asterisk.py speech.wav heard.wav --loss 10
    python examples/servers/fake_asterisk.py speech.wav heard.wav --calls 20     at the same time

`--loss` leaves out that share of the frames, as Asterisk does if they do not arrive from the phone.
"""

import argparse
import asyncio
import random
import uuid
from dataclasses import dataclass

import numpy as np
import soundfile
from audiosocket import HANG_UP, HEAD, SAMPLERATE, SOUND, UUID, Sound
from scipy.signal import resample_poly

FRAME_LEN = 160


@dataclass(frozen=True)
class Talk:
    """What a call has brought."""

    n_sent: int  # samples
    heard: Sound
    hung_up: bool  # whether the server has said so


async def place_call(
    port: int, speech: Sound, *, host: str = "127.0.0.1", call_id: uuid.UUID | None = None,
    loss: float = 0.0, seed: int = 1, pace_s: float = 0.02, wait_s: float = 0.0,
) -> Talk:  # fmt: skip
    """Send speech in frames of 20 ms, hang up, and return the sound that came back.

    Parameters
    ----------
    port, host : int, str
        The server.
    speech : ndarray of int16, shape (n,)
        At 8000 Hz; the rest of the last frame is cut.
    call_id : UUID, optional
        By default a random one.
    loss : float
        Share of the frames that are left out.
    seed : int
        Of the random numbers that choose them.
    pace_s : float
        Time from frame to frame [s].
    wait_s : float
        Time to listen after the speech, before hanging up [s].
    """
    reader, writer = await asyncio.open_connection(host, port)
    rng = random.Random(seed)  # noqa: S311  # not a secret
    heard: list[Sound] = []
    hung_up = asyncio.Event()

    async def listen() -> None:
        while True:
            try:
                kind, size = HEAD.unpack(await reader.readexactly(HEAD.size))
                content = await reader.readexactly(size)
            except (asyncio.IncompleteReadError, ConnectionError):
                return
            if kind == HANG_UP:
                hung_up.set()
                return
            assert kind == SOUND, f"the server sent kind {kind}"
            heard.append(np.frombuffer(content, "<i2").astype(np.int16))

    listener = asyncio.create_task(listen())
    identity = uuid.uuid4() if call_id is None else call_id
    writer.write(HEAD.pack(UUID, 16) + identity.bytes)
    n_sent = 0
    try:
        for start in range(0, len(speech) - FRAME_LEN + 1, FRAME_LEN):
            if listener.done():
                break
            if rng.random() >= loss:
                content = speech[start : start + FRAME_LEN].astype("<i2").tobytes()
                writer.write(HEAD.pack(SOUND, len(content)) + content)
                await writer.drain()
                n_sent += FRAME_LEN
            await asyncio.sleep(pace_s)
        if wait_s:
            await asyncio.wait([listener], timeout=wait_s)
        if not listener.done():
            writer.write(HEAD.pack(HANG_UP, 0))
            await writer.drain()
        await listener
    except ConnectionError:
        await listener
    finally:
        writer.close()
    return Talk(n_sent, np.concatenate([np.zeros(0, np.int16), *heard]), hung_up.is_set())


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="Place a call to an AudioSocket server.")
    parser.add_argument("speech", help="a sound file")
    parser.add_argument("heard", help="WAV file for the sound that comes back")
    parser.add_argument("--port", type=int, default=9092)
    parser.add_argument("--loss", type=float, default=0.0, help="percentage of frames left out")
    parser.add_argument("--calls", type=int, default=1, help="how many, at the same time")
    parser.add_argument("--wait", type=float, default=1.0, help="seconds to listen at the end")
    args = parser.parse_args()
    x, samplerate = soundfile.read(args.speech, always_2d=True)
    at_8k = resample_poly(x.mean(axis=1), SAMPLERATE, samplerate)
    speech = np.round(np.clip(at_8k, -1, 1) * 32767).astype(np.int16)

    async def place_calls() -> list[Talk]:
        calls = [
            place_call(args.port, speech, loss=args.loss / 100, wait_s=args.wait)
            for _ in range(args.calls)
        ]
        return await asyncio.gather(*calls)

    talks = asyncio.run(place_calls())
    soundfile.write(args.heard, talks[0].heard, SAMPLERATE)
    for talk in talks:
        print(
            f"sent {talk.n_sent / SAMPLERATE:.2f} s, heard {len(talk.heard) / SAMPLERATE:.2f} s"
            f"{', then the server hung up' if talk.hung_up else ''}"
        )


if __name__ == "__main__":
    main()
