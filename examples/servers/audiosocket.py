"""A server for Asterisk's AudioSocket: it records calls, plays a file, or imitates a bad network.

    python examples/servers/audiosocket.py record calls          every call to calls/UUID.cvq
    python examples/servers/audiosocket.py play greeting.cvq     then hang up
    python examples/servers/audiosocket.py echo --loss 10        callers hear themselves

Asterisk connects to the server for each call. A dialplan that does it:

    exten => 100,1,Answer()
     same => n,AudioSocket(40325ec2-5efd-4bd3-805f-53576e581d13,127.0.0.1:9092)

Each call needs a UUID of its own. `fake_asterisk.py` places calls without Asterisk.

A message of the protocol is a byte for its kind, two bytes for the length of its content, high byte
first, and the content. The first message holds the UUID. Sound is 16-bit, 8000 Hz, low byte first.
"""

import argparse
import asyncio
import contextlib
import logging
import random
import signal
import struct
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import celpvq
from celpvq.rtp import FrameBudget

HANG_UP, UUID, DTMF, SOUND, ERROR = 0x00, 0x01, 0x03, 0x10, 0xFF  # kinds of messages
HEAD = struct.Struct(">BH")
SAMPLERATE = 8000
FRAME_S, FRAME_BYTES = 0.02, 320
MAX_CONTENT = 8000  # bytes of a message, half a second of sound; Asterisk sends 320
LEAST_COST = 0.25  # frames that any message costs its peer, so that there are not too many

Sound = NDArray[np.int16]
Handler = Callable[["Call"], Awaitable[None]]
log = logging.getLogger("audiosocket")


class PeerError(Exception):
    """The peer does not speak the protocol, or not in real time."""


@dataclass(frozen=True)
class Limits:
    """What one peer, and all together, may cost."""

    n_calls: int = 50
    identify_s: float = 5.0  # until the UUID has arrived
    silent_s: float = 30.0  # until the next message has arrived, or ours has left
    call_s: float = 7200.0


class Call:
    """One call: the sound that arrives, and the sound that leaves."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, limits: Limits
    ) -> None:
        self.id: uuid.UUID | None = None
        self.end = ""  # why no more sound arrives
        self._reader, self._writer, self._limits = reader, writer, limits
        self._budget = FrameBudget()
        self._latest = _now() + limits.call_s

    async def _message(self, within_s: float) -> tuple[int, bytes]:
        async with asyncio.timeout(within_s):
            kind, size = HEAD.unpack(await self._reader.readexactly(HEAD.size))
            if size > MAX_CONTENT:
                raise PeerError(f"expected at most {MAX_CONTENT} bytes, got {size}")
            return kind, await self._reader.readexactly(size)

    async def identify(self) -> None:
        """Read the first message."""
        kind, content = await self._message(self._limits.identify_s)
        if kind != UUID or len(content) != 16:
            raise PeerError(f"expected a UUID, got kind {kind} with {len(content)} bytes")
        self.id = uuid.UUID(bytes=content)

    async def sound(self) -> AsyncIterator[Sound]:
        """Yield the sound until the call ends; no fault of the peer raises an exception."""
        try:
            while True:
                kind, content = await self._message(self._limits.silent_s)
                if kind == HANG_UP:
                    self.end = "the caller has hung up"
                    return
                if kind == ERROR:
                    raise PeerError(f"Asterisk reports the error {content[:8].hex() or 'unknown'}")
                if kind not in (DTMF, SOUND) or (kind == SOUND and len(content) % 2):
                    raise PeerError(
                        f"expected sound at {SAMPLERATE} Hz, got kind {kind:#04x} with"
                        f" {len(content)} bytes"
                    )
                self._check_rate(len(content) / FRAME_BYTES)
                if kind == SOUND:
                    yield np.frombuffer(content, "<i2").astype(np.int16)
        except asyncio.IncompleteReadError as error:
            self.end = "disconnected" + " within a message" * bool(error.partial)
        except TimeoutError:
            self.end = f"nothing has arrived for {self._limits.silent_s:g} s"
        except (PeerError, OSError) as error:
            self.end = str(error)

    def _check_rate(self, n_frames: float) -> None:
        now = _now()
        if not self._budget.take(max(n_frames, LEAST_COST), now):
            raise PeerError("messages arrive faster than in real time")
        if now > self._latest:
            raise PeerError(f"the call takes more than {self._limits.call_s:g} s")

    async def send(self, samples: Sound) -> None:
        """Send sound; wait if the peer does not take it in time."""
        await self._send(SOUND, samples.astype("<i2").tobytes())

    async def hang_up(self) -> None:
        """End the call from here."""
        await self._send(HANG_UP, b"")

    async def _send(self, kind: int, content: bytes) -> None:
        self._writer.write(HEAD.pack(kind, len(content)) + content)
        async with asyncio.timeout(self._limits.silent_s):
            await self._writer.drain()


def _now() -> float:
    return asyncio.get_running_loop().time()


def recorder(folder: Path, mode: int = 6400, *, dtx: bool = False) -> Handler:
    """Return the handler that writes each call to ``folder/UUID.cvq``.

    However a call ends, its file is complete. An existing file is never replaced.
    """

    async def record(call: Call) -> None:
        path = folder / f"{call.id}.cvq"
        if path.exists():
            raise PeerError(f"{path.name} exists already: each call needs a UUID of its own")
        writer = celpvq.open(path, "w", samplerate=SAMPLERATE, mode=mode, dtx=dtx)
        try:
            async for samples in call.sound():
                await asyncio.to_thread(writer.write, samples)
        finally:
            await asyncio.to_thread(writer.close if writer.n_samples else writer.abort)
        log.info("%s: %.2f s, %s", call.id, writer.n_samples / SAMPLERATE, call.end)

    return record


def player(path: Path) -> Handler:
    """Return the handler that plays a ``.cvq`` file to each caller, and hangs up."""

    async def play(call: Call) -> None:
        async def ignore() -> None:
            async for _ in call.sound():
                pass

        caller = asyncio.create_task(ignore())
        try:
            with celpvq.open(path, samplerate=SAMPLERATE, dtype="int16") as reader:
                tick = _now()
                for samples in reader:
                    await asyncio.sleep(max(tick - _now(), 0))
                    if caller.done():
                        break
                    await call.send(samples)
                    tick = max(tick, _now() - FRAME_S) + FRAME_S
            if not caller.done():
                await call.hang_up()
        finally:
            caller.cancel()
            await asyncio.wait([caller])
        log.info("%s: played, %s", call.id, call.end or "hung up")

    return play


def echo(mode: int = 6400, *, loss: float = 0.0, seed: int | None = None) -> Handler:
    """Return the handler that sends each call back, through the codec and a bad network."""

    async def answer(call: Call) -> None:
        encoder, decoder = celpvq.Encoder(mode, "fast"), celpvq.Decoder(dtype="int16")
        rng = random.Random(seed)  # noqa: S311  # not a secret

        def transcoded(samples: Sound) -> list[Any]:
            return [
                decoder.decode_frame(None if rng.random() < loss else packet)
                for packet in encoder.write(samples)
            ]

        async for samples in call.sound():
            for frame in await asyncio.to_thread(transcoded, samples):
                await call.send(frame)
        log.info("%s: %d frames, %s", call.id, decoder.stats.frames, call.end)

    return answer


class Server:
    """Answer calls, a handler for each; a context manager."""

    def __init__(
        self, handler: Handler, host: str = "127.0.0.1", port: int = 9092,
        limits: Limits = Limits(),
    ) -> None:  # fmt: skip
        self._handler, self._host, self._limits = handler, host, limits
        self.port = port  # 0 stands for any free port, until the server listens
        self._calls: dict[asyncio.Task[Any], Call] = {}
        self._writers: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> "Server":
        self._server = await asyncio.start_server(
            self._answer, self._host, self.port, limit=4 * MAX_CONTENT
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        """End all calls, as a disconnection does, and wait for their handlers."""
        self._server.close()
        for writer in list(self._writers):
            writer.close()
        if self._calls:
            await asyncio.wait(list(self._calls), timeout=self._limits.silent_s)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None, "asyncio runs this in a task"
        call = Call(reader, writer, self._limits)
        try:
            if len(self._calls) >= self._limits.n_calls:
                raise PeerError(f"there are {self._limits.n_calls} calls already")
            self._calls[task] = call
            self._writers.add(writer)
            await call.identify()
            if any(other.id == call.id for other in self._calls.values() if other is not call):
                raise PeerError("there is a call with this UUID")
            await self._handler(call)
        except asyncio.IncompleteReadError:
            log.warning("disconnected before the UUID")
        except TimeoutError:
            log.warning("%s: the peer was too slow", call.id or "no UUID")
        except (PeerError, OSError, celpvq.CelpvqError) as error:
            log.warning("%s: %s", call.id or "no UUID", error)
        finally:
            self._calls.pop(task, None)
            self._writers.discard(writer)
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


async def serve(server: Server) -> None:
    """Answer calls until the process is interrupted or terminated."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    begin = time.process_time()
    async with server:
        log.info("listening at port %d", server.port)
        await stop.wait()
    log.info("processor time since then: %.2f s", time.process_time() - begin)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="AudioSocket server for Asterisk.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9092)
    parser.add_argument("--calls", type=int, default=Limits.n_calls, help="at the same time")
    verbs = parser.add_subparsers(dest="verb", required=True)
    record = verbs.add_parser("record", help="write each call to FOLDER/UUID.cvq")
    record.add_argument("folder", type=Path)
    record.add_argument("--mode", type=int, default=6400)
    record.add_argument("--dtx", action="store_true", help="fewer bytes in pauses")
    verbs.add_parser("play", help="play FILE.cvq, then hang up").add_argument("file", type=Path)
    back = verbs.add_parser("echo", help="send each call back through the codec")
    back.add_argument("--mode", type=int, default=6400)
    back.add_argument("--loss", type=float, default=0.0, help="percentage of lost packets")
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    if args.verb == "record":
        args.folder.mkdir(parents=True, exist_ok=True)
        handler = recorder(args.folder, args.mode, dtx=args.dtx)
    elif args.verb == "play":
        celpvq.info(args.file)  # an error now is better than one in each call
        handler = player(args.file)
    else:
        handler = echo(args.mode, loss=args.loss / 100)
    celpvq.warmup()  # compiles before the first call, not within it
    asyncio.run(serve(Server(handler, args.host, args.port, Limits(args.calls))))


if __name__ == "__main__":
    main()
