"""Who may talk to the server: pages of its own address, and programs without a page."""

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

from ...errors import ArgumentError

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
_REFUSED = b"This address or this page is not allowed to use the server.\n"
_HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self' blob: 'wasm-unsafe-eval';"
    " style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'",  # blob: holds the AudioWorklet of the player
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "microphone=(self)",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cache-control": "no-cache",
}


def own_origins(host: str, port: int) -> frozenset[str]:
    """Return the origins of the pages of a server that listens at an address."""
    names = {*_LOOPBACK, f"[{host}]" if ":" in host else host}
    return frozenset(f"http://{name}" if port == 80 else f"http://{name}:{port}" for name in names)


def parse_origin(url: str) -> str:
    """Return a URL if it is an origin: a scheme, a host and perhaps a port, in small letters.

    Raises
    ------
    ArgumentError
        If it is anything else.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or url != f"{parts.scheme}://{parts.netloc.lower()}":
        raise ArgumentError(f"origin: expected one such as https://bob.example, got {url!r}")
    return url


class Access:
    """Refuse requests from other pages, and requests for other hosts; add headers of security.

    A page on the internet can let its own name point to 127.0.0.1 (DNS rebinding). Such a request
    has the foreign name in its header Host.

    Parameters
    ----------
    app : callable
        An ASGI application.
    origins : iterable of str
        Those that are allowed, such as ``http://localhost:8000``.
    """

    def __init__(self, app: Application, origins: Iterable[str]) -> None:
        self._app = app
        self._origins = frozenset(origins)
        self._hosts = {urlsplit(origin).netloc for origin in self._origins}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
        elif self._allows(scope["headers"]):
            await self._app(scope, receive, _secured(send))
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})  # HTTP status 403
        else:
            headers = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(_REFUSED))]
            await send({"type": "http.response.start", "status": 403, "headers": headers})
            await send({"type": "http.response.body", "body": _REFUSED})

    def _allows(self, headers: list[tuple[bytes, bytes]]) -> bool:
        hosts = [value.decode("latin-1").lower() for name, value in headers if name == b"host"]
        origins = [value.decode("latin-1") for name, value in headers if name == b"origin"]
        return (
            len(hosts) == 1
            and hosts[0] in self._hosts
            and all(origin in self._origins for origin in origins)
        )


def _secured(send: Send) -> Send:
    """Return a `send` that adds the headers of security to an answer."""

    async def secured(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            added = [(name.encode(), value.encode()) for name, value in _HEADERS.items()]
            message = {**message, "headers": [*message.get("headers", ()), *added]}
        await send(message)

    return secured
