"""A call in asyncio: one task speaks, another listens, a queue between them loses packets.

    python examples/asyncio_call.py

Coding a frame takes a millisecond or so, and releases Python's lock: `asyncio.to_thread` keeps the
loop free for everything else.
"""

import asyncio
import random

import numpy as np
from numpy.typing import NDArray

from celpvq import ChunkDecoder, ChunkEncoder, Encoder

SAMPLERATE = 16000
CHUNK_LEN = 480  # what the sound device hands over: any length does

Signal = NDArray[np.float64]
Line = asyncio.Queue[list[bytes | None] | None]


async def speak(said: Signal, line: Line, loss: float, seed: int) -> int:
    """Send sound chunk by chunk; return how many packets the line lost."""
    encoder = ChunkEncoder(SAMPLERATE, Encoder(8000, "fast"))
    rng, lost = random.Random(seed), 0  # noqa: S311  # not a secret
    for start in range(0, len(said), CHUNK_LEN):
        packets = await asyncio.to_thread(encoder.write, said[start : start + CHUNK_LEN])
        arrived = [None if rng.random() < loss else packet for packet in packets]
        lost += arrived.count(None)
        await line.put(arrived)
    await line.put(list(encoder.flush()))
    await line.put(None)
    return lost


async def listen(line: Line) -> Signal:
    """Return what is heard; a sound device would play each part."""
    decoder = ChunkDecoder(SAMPLERATE, dtype="float64")
    parts = []
    while (packets := await line.get()) is not None:
        parts.append(await asyncio.to_thread(decoder.write, packets))
    parts.append(decoder.flush())
    return np.concatenate(parts)


async def call(seconds: float, loss: float, seed: int) -> tuple[int, Signal, Signal]:
    """Return how many packets were lost, what was heard, and what was said."""
    time = np.arange(int(seconds * SAMPLERATE)) / SAMPLERATE
    said = 0.2 * np.sin(2 * np.pi * 150 * time) * np.sin(2 * np.pi * 2 * time) ** 2
    line: Line = asyncio.Queue(maxsize=10)
    lost, heard = await asyncio.gather(speak(said, line, loss, seed), listen(line))
    return lost, heard[: len(said)], said


if __name__ == "__main__":
    lost, heard, _ = asyncio.run(call(seconds=5.0, loss=0.05, seed=1))
    print(f"heard {len(heard) / SAMPLERATE:.1f} s, {lost} packets were lost and concealed")
