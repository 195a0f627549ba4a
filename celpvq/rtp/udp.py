"""Sockets and clocks: streams over UDP, a frame every 20 ms."""

import contextlib
import select
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from .._types import F32
from ..errors import ArgumentError, NetworkError
from .jitter import FRAME_S
from .packet import MAX_DATAGRAM
from .receiver import Receiver
from .sender import Sender

PORT = 5004  # the usual one of RTP
REFUSED_S = 5.0  # nobody listens: give up after so long
_N_BYES = 3  # one may be lost
_BEHIND_S = 0.04  # what the sender makes up for
_POLL_S = 0.1  # how often a time-out is looked for
_MOST = 50  # datagrams between two looks at the clock


def parse_address(text: str, default_port: int = PORT) -> tuple[str, int]:
    """Return host and port of ``host``, ``host:port`` or ``[address]:port``.

    Raises
    ------
    ArgumentError
        If it is none of these.
    """
    host, colon, port = text.rpartition(":")
    if not colon or (":" in host and not host.endswith("]")):
        host, port = text, str(default_port)
    host = host.removeprefix("[").removesuffix("]")
    if not host or not (port.isascii() and port.isdigit()) or not 0 <= int(port) < 1 << 16:
        raise ArgumentError(f"address: expected HOST:PORT, got {text!r}")
    return host, int(port)


@contextlib.contextmanager
def _typed(place: str) -> Iterator[None]:
    """Turn what the system says against an address into a `NetworkError`."""
    try:
        yield
    except OSError as error:
        raise NetworkError(f"{place}: {error.strerror or error}") from error


def _socket(host: str, port: int) -> tuple[socket.socket, tuple[object, ...]]:
    """Return a UDP socket for an address, and the address as it takes it."""
    with _typed(host):
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[
            0
        ]
        return socket.socket(family, kind, protocol), address


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that receives at an address; port 0 stands for any that is free.

    Raises
    ------
    NetworkError
        If it is in use, or not one of this machine's.
    """
    sock, address = _socket(host, port)
    try:
        with _typed(f"UDP {host} port {port}"):
            sock.bind(address)
    except BaseException:
        sock.close()
        raise
    return sock


@dataclass
class SendStats:
    """Counts of one stream."""

    frames: int = 0
    sent: int = 0  # datagrams with sound: silence sends few
    n_bytes: int = 0  # of these
    refused: int = 0  # nobody listened


def send(
    packets: Iterable[bytes], sender: Sender, host: str, port: int, *, paced: bool = True,
    clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep,
) -> SendStats:  # fmt: skip
    """Send a stream, one packet every 20 ms, and say good-bye.

    Parameters
    ----------
    packets : iterable of bytes
        One for each frame; of an empty one, nothing is sent.
    sender : Sender
        Numbers them.
    host, port : str, int
        To whom.
    paced : bool
        If not, packets are sent as fast as they are made.
    clock, sleep : callable, optional
        The time [s], and how to let it pass.

    Raises
    ------
    NetworkError
        If the host is unknown or cannot be reached; nobody has listened for `REFUSED_S` seconds.
    """
    stats = SendStats()
    place = f"{host} port {port}"
    sock, address = _socket(host, port)
    with sock:
        with _typed(place):
            sock.connect(address)
        start = clock()
        heard = start  # since then, nobody listens
        try:
            for packet in packets:
                if paced:
                    ahead = start + stats.frames * FRAME_S - clock()
                    sleep(max(ahead, 0))
                    start += max(-ahead - _BEHIND_S, 0)  # later ones are not sent in a burst
                stats.frames += 1
                data = sender.datagram(packet)
                if data is None:
                    continue
                with _typed(place):
                    if _arrives(sock, data):
                        heard = clock()
                    else:
                        stats.refused += 1
                if clock() - heard > REFUSED_S:
                    raise NetworkError(f"{place}: nobody listens there")
                stats.sent += 1
                stats.n_bytes += len(data)
        finally:
            with contextlib.suppress(OSError):
                for _ in range(_N_BYES):
                    _arrives(sock, sender.bye())
    return stats


def _arrives(sock: socket.socket, data: bytes) -> bool:
    """Send a datagram; return False if the host said of an earlier one that nobody listens."""
    try:
        sock.send(data)
    except ConnectionRefusedError:  # and this one has not left
        with contextlib.suppress(ConnectionRefusedError):
            sock.send(data)
        return False
    return True


def receive(
    sock: socket.socket, receiver: Receiver, play: Callable[[F32], None], *,
    timeout_s: float = 5.0, seconds: float | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> str:  # fmt: skip
    """Play what arrives, 160 samples every 20 ms, until the stream ends; return why it ended.

    Parameters
    ----------
    sock : socket
        From `listen`.
    receiver : Receiver
        Decodes.
    play : callable
        Takes the samples of a frame.
    timeout_s : float
        How long nothing may arrive, after the first packet [s].
    seconds : float, optional
        How much to play at most [s].
    clock : callable, optional
        The time [s].
    """
    limit = None if seconds is None else round(seconds / FRAME_S)
    n_played = 0
    heard: float | None = None  # when something arrived
    tick: float | None = None  # when the next frame is played
    while n_played != limit:
        wait = _POLL_S if tick is None else min(max(tick - clock(), 0), _POLL_S)
        for data in _datagrams(sock, wait):
            if receiver.feed(data, clock()):
                heard = clock()
        if receiver.drained:
            return "the sender has left"
        now = clock()
        if heard is not None and now - heard > timeout_s:
            return "nothing arrives any more"
        if tick is None and receiver.buffer.due(now):
            tick = now - (receiver.buffer.depth_s(now) - receiver.buffer.target_s)
        while tick is not None and tick <= now and n_played != limit:
            play(receiver.frame(tick))
            n_played += 1
            tick += FRAME_S
    return "all that was asked for"


def collect(
    sock: socket.socket, receiver: Receiver, play: Callable[[F32], None], *,
    timeout_s: float = 5.0, clock: Callable[[], float] = time.monotonic,
) -> str:  # fmt: skip
    """Play what arrives as fast as it comes: time is that of the stream; see `receive`."""
    slot = 0  # what time it is
    heard: float | None = None

    def pass_to(end: int) -> None:
        nonlocal slot
        slot = min(slot, end)  # the stream may have started again
        while slot < end:
            slot += 1
            if receiver.buffer.due(slot * FRAME_S):
                play(receiver.frame(slot * FRAME_S))

    while not receiver.ended:
        for data in _datagrams(sock, _POLL_S):
            if receiver.feed(data, None):
                heard = clock()
            pass_to(receiver.latest)
        if heard is not None and clock() - heard > timeout_s:
            break
    while len(receiver.buffer):
        pass_to(slot + 1)
    return "the sender has left" if receiver.ended else "nothing arrives any more"


def _datagrams(sock: socket.socket, wait: float) -> Iterator[bytes]:
    """Yield what has arrived, or arrives first within `wait` seconds; at most a second of it."""
    for _ in range(_MOST):
        if not select.select([sock], [], [], wait)[0]:
            return
        with contextlib.suppress(ConnectionError):  # what a datagram of ours met
            yield sock.recv(2 * MAX_DATAGRAM)
        wait = 0
