"""The application of ``celpvq live --web``: the page's files, and a websocket for each call."""

import asyncio
import contextlib
import itertools
import json
from dataclasses import asdict, dataclass, field
from typing import Any

from ..._packages import needed_by
from ...codec.common import table_set
from ...codec.common.table_set import TableSet
from ...codec.encoder.presets import PRESETS
from ...codec.format.modes import MODES
from ...errors import ArgumentError, FormatError
from ...rtp import FrameBudget
from .. import page
from . import choices as choices_module
from .access import Access
from .call import Call
from .choices import Choices

with needed_by("celpvq live --web", "celpvq[web]"):
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route, WebSocketRoute
    from starlette.websockets import WebSocket, WebSocketDisconnect

MALFORMED, REFUSED, BUSY = 1007, 1008, 1013  # codes of websockets
_BURST_S = 30.0  # of speech that may arrive at once, after the machine has stalled
_SCRIPTS = ("celpvq.js", "player.js", "sha256.js")
_FILES = (
    "live/capture.js", "live/choices.js", "live/connection.js", "live/decimator.js",
    "live/live.css", "live/live.js", "live/meters.js", "live/mixer.js", "live/receiver.js",
    "live/session.js", "live/spectrogram.js", "base.css",
)  # fmt: skip
Ending = tuple[int, str] | None  # code and reason of the closure; None if the page has left


@dataclass(frozen=True)
class Settings:
    """Whom the server talks to, and how much it does for them.

    Parameters
    ----------
    origins : frozenset of str
        Pages that may talk to the server, such as ``http://127.0.0.1:8000``.
    choices : Choices
        Those that the page begins with.
    tables : TableSet, optional
        Trained tables for encoder and page.
    n_calls : int
        Calls at the same time.
    silent_s : float
        Time after which a call without messages ends [s].
    seed : int
        Seed of the losses of the first call; each further call has the next number.
    """

    origins: frozenset[str]
    choices: Choices = field(default_factory=Choices)
    tables: TableSet | None = None
    n_calls: int = 8
    silent_s: float = 30.0
    seed: int = 1


def make_app(settings: Settings) -> Any:
    """Return the ASGI application: the page at ``/``, its files, and calls at ``/call``."""
    files = _files(settings)
    seeds = itertools.count(settings.seed)
    calls: set[WebSocket] = set()

    async def serve_file(request: Request) -> Response:
        content, media_type = files[request.url.path]
        return Response(content, media_type=media_type)

    async def serve_call(websocket: WebSocket) -> None:
        await websocket.accept()
        if len(calls) >= settings.n_calls:
            await websocket.close(BUSY, f"the server has {settings.n_calls} calls already")
            return
        calls.add(websocket)
        try:
            call = Call(settings.choices, settings.tables, next(seeds))
            ending = await _talk(websocket, call, settings.silent_s)
            if ending is not None:
                with contextlib.suppress(WebSocketDisconnect, RuntimeError, TimeoutError):
                    async with asyncio.timeout(settings.silent_s):
                        await websocket.close(*ending)
        finally:
            calls.discard(websocket)

    routes = [Route(path, serve_file) for path in files]
    return Access(
        Starlette(routes=[*routes, WebSocketRoute("/call", serve_call)]), settings.origins
    )


async def _talk(websocket: WebSocket, call: Call, silent_s: float) -> Ending:
    """Answer the frames of a page, one after the other, until either side ends the call."""
    frames, changes = FrameBudget(_BURST_S), FrameBudget(_BURST_S)
    while True:
        try:
            async with asyncio.timeout(silent_s):
                message = await websocket.receive()
        except TimeoutError:
            return REFUSED, f"nothing has arrived for {silent_s:g} s"
        if message["type"] == "websocket.disconnect":
            return None
        is_frame = message.get("bytes") is not None
        if not (frames if is_frame else changes).take(1, asyncio.get_running_loop().time()):
            return REFUSED, "messages arrive faster than in real time"
        try:
            if not is_frame:
                call.choose(Choices.from_json(message["text"]))
                continue
            answer = await asyncio.to_thread(call.answer, message["bytes"])
        except (ArgumentError, FormatError) as error:
            return MALFORMED, str(error)[:100]  # a reason has at most 123 bytes
        try:
            async with asyncio.timeout(silent_s):
                await websocket.send_bytes(answer)
        except TimeoutError:
            return REFUSED, "the answers do not leave"
        except (WebSocketDisconnect, RuntimeError):  # RuntimeError: it is closed already
            return None


def _files(settings: Settings) -> dict[str, tuple[bytes, str]]:
    """Return content and type of every path that the server has."""
    tables = table_set.or_default(settings.tables)
    setup = {
        "choices": asdict(settings.choices),
        "modes": list(MODES),
        "presets": list(PRESETS),
        "max_loss": choices_module.MAX_LOSS,
    }
    files = {
        "/": (page.asset("live/page.html").encode(), "text/html"),
        "/tables": (tables.to_bytes(), "application/octet-stream"),
        "/setup.json": (json.dumps(setup).encode(), "application/json"),
    }
    for name in _SCRIPTS:
        files[f"/{name}"] = (page.javascript(name).encode(), "text/javascript")
    for name in _FILES:
        media_type = "text/css" if name.endswith(".css") else "text/javascript"
        files[f"/{name.removeprefix('live/')}"] = (page.asset(name).encode(), media_type)
    return files
