"""A websocket server for speech: a session for each connection, bounded in every way.

    python examples/servers/websocket_server.py --port 8000
    python examples/servers/websocket_client.py speech.wav reply.wav --loss 10

A client sends binary messages as in `celpvq.rtp.messages`, and gets the answer in such messages.
This server answers with the speech that it has heard; give `make_app` another `respond`.

It needs `pip install starlette uvicorn websockets`. In FastAPI, mount the application that
`make_app` returns, or add its route: FastAPI is a Starlette application.
"""

import argparse
import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

import celpvq
from celpvq.rtp import FrameBudget, messages
from celpvq.rtp.message_streams import MessageReceiver, MessageSender

Sound = NDArray[np.int16]
Respond = Callable[[Sound], Sound]
Ending = tuple[int, str] | None  # code and reason of the closure; None if the client has left
GOING_AWAY, NOT_BINARY, MALFORMED, REFUSED, TOO_LARGE, BUSY = 1001, 1003, 1007, 1008, 1009, 1013
log = logging.getLogger("websocket_server")


@dataclass(frozen=True)
class Settings:
    """The clients that the server accepts, and their limits."""

    origins: frozenset[str] = frozenset()  # of web pages that may connect
    mode: int = 6400  # of the answers [bit/s]
    n_sessions: int = 32  # at the same time
    n_waiting: int = 50  # messages that wait until the client takes them; others are left out
    burst_s: float = 10.0  # speech that may come at once
    silent_s: float = 15.0  # until the next message has arrived, or ours has left
    session_s: float = 3600.0


def echo(heard: Sound) -> Sound:
    """Return the same sound."""
    return heard


class Session:
    """One connection, with its own decoder and encoder."""

    def __init__(self, websocket: WebSocket, settings: Settings, respond: Respond) -> None:
        self.n_left_out = 0  # messages that the client was too slow for
        self._websocket, self._settings, self._respond = websocket, settings, respond
        self._receiver = MessageReceiver(
            celpvq.Decoder(dtype="int16"), FrameBudget(settings.burst_s)
        )
        self._sender = MessageSender(celpvq.Encoder(settings.mode, "fast"))
        self._answers = asyncio.Queue[bytes](settings.n_waiting)

    async def run(self) -> Ending:
        """Talk until either side ends the session; return how to close the connection."""
        tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._speak())]
        try:
            async with asyncio.timeout(self._settings.session_s):
                done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        except TimeoutError:
            return GOING_AWAY, f"the session takes more than {self._settings.session_s:g} s"
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
        return next(task for task in tasks if task in done).result()

    async def _listen(self) -> Ending:
        while True:
            try:
                async with asyncio.timeout(self._settings.silent_s):
                    message = await self._websocket.receive()
            except TimeoutError:
                return REFUSED, f"nothing has arrived for {self._settings.silent_s:g} s"
            if message["type"] == "websocket.disconnect":
                return None
            data = message.get("bytes")
            if data is None:
                return NOT_BINARY, "expected binary messages"
            if len(data) > messages.MAX_BYTES:
                return TOO_LARGE, f"expected at most {messages.MAX_BYTES} bytes"
            now = asyncio.get_running_loop().time()
            answer = await asyncio.to_thread(self._answer, data, now)
            if self._receiver.stats.malformed:
                return MALFORMED, "expected a message of celpvq"
            if self._receiver.stats.too_fast:
                return REFUSED, "messages arrive faster than in real time"
            if answer is not None:
                try:
                    self._answers.put_nowait(answer)
                except asyncio.QueueFull:  # the client finds the gap by the numbers
                    self.n_left_out += 1

    def _answer(self, data: bytes, now: float) -> bytes | None:
        """Return the answer to a message; runs in a thread."""
        heard = self._receiver.feed(data, now)
        if not len(heard):
            return None
        spoken = self._respond(heard)
        return self._sender.write(spoken) if len(spoken) else None

    async def _speak(self) -> Ending:
        while True:
            answer = await self._answers.get()
            try:
                async with asyncio.timeout(self._settings.silent_s):
                    await self._websocket.send_bytes(answer)
            except TimeoutError:
                return REFUSED, "the answers do not leave"
            except (WebSocketDisconnect, RuntimeError):  # RuntimeError: it is closed already
                return None


def make_app(settings: Settings | None = None, respond: Respond = echo) -> Starlette:
    """Return the application, with the route ``/speech``.

    Parameters
    ----------
    settings : Settings, optional
        Limits and origins.
    respond : callable
        Takes the sound that has arrived (n,), and returns the sound to send, at most 4 s; both are
        int16 at 8000 Hz. It is called in a thread.
    """
    limits = Settings() if settings is None else settings
    sessions: set[Session] = set()

    async def speech(websocket: WebSocket) -> None:
        if any(origin not in limits.origins for origin in websocket.headers.getlist("origin")):
            await websocket.close(REFUSED)  # before `accept`: HTTP status 403
            return
        await websocket.accept()
        if len(sessions) >= limits.n_sessions:
            await websocket.close(BUSY, "too many sessions")
            return
        session = Session(websocket, limits, respond)
        sessions.add(session)
        try:
            ending = await session.run()
            log.info("session ended: %s", ending[1] if ending else "the client has left")
            if ending is not None:
                with contextlib.suppress(WebSocketDisconnect, RuntimeError, TimeoutError):
                    async with asyncio.timeout(limits.silent_s):
                        await websocket.close(*ending)
        finally:
            sessions.discard(session)

    return Starlette(routes=[WebSocketRoute("/speech", speech)])


def main() -> None:
    """Run from the command line."""
    import uvicorn

    parser = argparse.ArgumentParser(description="Websocket server for speech.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--mode", type=int, default=Settings.mode, help="bit rate of the answers")
    parser.add_argument(
        "--origin", action="append", default=[], metavar="URL",
        help="web pages that may connect, such as https://bob.example; may be repeated",
    )  # fmt: skip
    parser.add_argument("--sessions", type=int, default=Settings.n_sessions)
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    celpvq.warmup()  # compiles before the first session, not within it
    settings = Settings(frozenset(args.origin), args.mode, args.sessions)
    begin = time.process_time()
    uvicorn.run(
        make_app(settings), host=args.host, port=args.port,
        ws_max_size=messages.MAX_BYTES, ws_max_queue=16, ws_per_message_deflate=False,
        limit_concurrency=2 * args.sessions,
    )  # fmt: skip
    log.info("processor time: %.2f s", time.process_time() - begin)


if __name__ == "__main__":
    main()
