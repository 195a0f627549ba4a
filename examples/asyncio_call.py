"""A call in asyncio: one task speaks, another listens, and the line between them loses packets.

    python examples/asyncio_call.py

Coding a frame takes about a millisecond and releases Python's global lock. `asyncio.to_thread`
therefore keeps the event loop free for other tasks.
"""

import asyncio
import random

import numpy as np
from numpy.typing import NDArray

from celpvq import Decoder, Encoder

SAMPLERATE = 16000
CHUNK_LEN = 480  # samples that the sound device delivers at a time; any number works

Signal = NDArray[np.float64]
Line = asyncio.Queue[list[bytes | None] | None]


async def speak(speech: Signal, line: Line, loss: float, seed: int) -> int:
    """Send sound chunk by chunk; return the number of packets that the line lost."""
    encoder = Encoder(8000, "fast", samplerate=SAMPLERATE)
    rng, n_lost = random.Random(seed), 0  # noqa: S311  # not a secret
    for start in range(0, len(speech), CHUNK_LEN):
        packets = await asyncio.to_thread(encoder.write, speech[start : start + CHUNK_LEN])
        arrived = [None if rng.random() < loss else packet for packet in packets]
        n_lost += arrived.count(None)
        await line.put(arrived)
    await line.put(list(encoder.flush()))
    await line.put(None)
    return n_lost


async def listen(line: Line) -> Signal:
    """Return the received sound; an application would play each part."""
    decoder = Decoder(SAMPLERATE, "float64")
    parts = []
    while (packets := await line.get()) is not None:
        parts.append(await asyncio.to_thread(decoder.write, packets))
    parts.append(decoder.flush())
    return np.concatenate(parts)


async def call(seconds: float, loss: float, seed: int) -> tuple[int, Signal, Signal]:
    """Return the number of lost packets, the received sound, and the sound that was sent."""
    time = np.arange(int(seconds * SAMPLERATE)) / SAMPLERATE
    speech = 0.2 * np.sin(2 * np.pi * 150 * time) * np.sin(2 * np.pi * 2 * time) ** 2
    line: Line = asyncio.Queue(maxsize=10)
    n_lost, received = await asyncio.gather(speak(speech, line, loss, seed), listen(line))
    return n_lost, received[: len(speech)], speech


if __name__ == "__main__":
    n_lost, received, _ = asyncio.run(call(seconds=5.0, loss=0.05, seed=1))
    print(f"received {len(received) / SAMPLERATE:.1f} s; {n_lost} packets were lost and concealed")
