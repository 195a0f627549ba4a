"""Listen at an address, and serve the application there until Ctrl-C."""

import contextlib
import socket
from typing import Any

from ..._packages import needed_by
from ...rtp.udp import typed
from .call import FRAME_BYTES
from .choices import MAX_BYTES

with needed_by("celpvq live --web", "celpvq[web]"):
    import uvicorn
    import websockets  # noqa: F401  uvicorn would serve the page without it, but no calls


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens for connections; port 0 stands for any free port.

    Raises
    ------
    NetworkError
        If the address is in use, or does not belong to this machine.
    """
    with typed(f"TCP {host} port {port}"):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family)


def address(host: str, port: int) -> str:
    """Return the address of the page, for people."""
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def serve(app: Any, sock: socket.socket, n_calls: int) -> None:
    """Serve until an interrupt; then close the calls and return."""
    config = uvicorn.Config(
        app, log_level="warning", lifespan="off", timeout_graceful_shutdown=3,
        ws="websockets-sansio",
        ws_max_size=max(FRAME_BYTES, MAX_BYTES), ws_max_queue=16, ws_per_message_deflate=False,
        limit_concurrency=32 + 8 * n_calls,  # a page loads its files by six connections
    )  # fmt: skip
    with contextlib.suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[sock])
