"""Addresses and sockets for UDP."""

import contextlib
import select
import socket
from collections.abc import Callable, Iterator
from typing import Any

from ..errors import ArgumentError, NetworkError
from .packet import MAX_DATAGRAM

PORT = 5004  # the usual port of RTP
_MAX_TOGETHER = 50  # datagrams between two looks at the clock


def parse_address(text: str, default_port: int = PORT) -> tuple[str, int]:
    """Return host and port of ``host``, ``host:port`` or ``[address]:port``.

    Raises
    ------
    ArgumentError
        If the text has another form.
    """
    host, colon, port = text.rpartition(":")
    if not colon or (":" in host and not host.endswith("]")):
        host, port = text, str(default_port)
    host = host.removeprefix("[").removesuffix("]")
    if not host or not (port.isascii() and port.isdigit()) or not 0 <= int(port) < 1 << 16:
        raise ArgumentError(f"address: expected HOST:PORT, got {text!r}")
    return host, int(port)


@contextlib.contextmanager
def typed(place: str) -> Iterator[None]:
    """Turn an error of the system about an address into a `NetworkError`."""
    try:
        yield
    except OSError as error:
        raise NetworkError(f"{place}: {error.strerror or error}") from error


def connect(host: str, port: int) -> socket.socket:
    """Return a socket that sends to an address.

    Raises
    ------
    NetworkError
        If the host is unknown or cannot be reached.
    """
    return _open(host, port, socket.socket.connect, f"{host} port {port}")


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that receives at an address; port 0 stands for any free port.

    Raises
    ------
    NetworkError
        If the address is in use, or does not belong to this machine.
    """
    return _open(host, port, socket.socket.bind, f"UDP {host} port {port}")


def _open(
    host: str, port: int, attach: Callable[[socket.socket, Any], None], place: str
) -> socket.socket:
    """Return a UDP socket, attached to an address."""
    with typed(host):
        found = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
        family, kind, protocol, _, address = found[0]
        sock = socket.socket(family, kind, protocol)
    try:
        with typed(place):
            attach(sock, address)
    except BaseException:
        sock.close()
        raise
    return sock


def arrives(sock: socket.socket, data: bytes) -> bool:
    """Send a datagram; return False if nobody listened to an earlier one.

    The system reports that when the next datagram is sent, and does not send it.
    """
    try:
        sock.send(data)
    except ConnectionRefusedError:
        with contextlib.suppress(ConnectionRefusedError):
            sock.send(data)
        return False
    return True


def datagrams(sock: socket.socket, wait_s: float) -> Iterator[bytes]:
    """Yield the datagrams that are there; if there are none, wait for the first."""
    for _ in range(_MAX_TOGETHER):
        if not select.select([sock], [], [], wait_s)[0]:
            return
        with contextlib.suppress(ConnectionError):  # an answer to one of our datagrams
            yield sock.recv(2 * MAX_DATAGRAM)
        wait_s = 0
