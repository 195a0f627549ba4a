"""Send a stream: a frame every 20 ms."""

import contextlib
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ..errors import NetworkError
from . import udp
from .delay import FRAME_S
from .sender import Sender

REFUSED_S = 5.0  # give up when nobody has listened for so long
_N_BYES = 3  # one may be lost
_MAX_BEHIND_S = 0.04  # a greater delay is kept, so that no burst of datagrams follows


@dataclass
class SendStats:
    """Numbers of one stream."""

    frames: int = 0
    sent: int = 0  # datagrams, without BYE
    n_bytes: int = 0  # of these datagrams
    refused: int = 0  # datagrams to which nobody listened


def send(
    payloads: Iterable[bytes], sender: Sender, host: str, port: int, *, paced: bool = True,
    clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep,
) -> SendStats:  # fmt: skip
    """Send a stream, one payload every 20 ms, and end it with BYE.

    Parameters
    ----------
    payloads : iterable of bytes
        One for each frame; an empty one (NO_DATA) is not sent.
    sender : Sender
        Numbers the packets.
    host, port : str, int
        The address of the receiver.
    paced : bool
        Whether to keep the pace of the speech. Otherwise a payload is sent as soon as it is made.
    clock, sleep : callable, optional
        Return the time [s], and wait for a time [s].

    Raises
    ------
    NetworkError
        If the host is unknown or cannot be reached, or if nobody has listened for `REFUSED_S`
        seconds.
    """
    stats = SendStats()
    place = f"{host} port {port}"
    with udp.connect(host, port) as sock:
        start = clock()
        accepted = start  # when somebody listened last
        try:
            for payload in payloads:
                if paced:
                    ahead = start + stats.frames * FRAME_S - clock()
                    sleep(max(ahead, 0))
                    start += max(-ahead - _MAX_BEHIND_S, 0)
                stats.frames += 1
                data = sender.datagram(payload)
                if data is None:
                    continue
                with udp.typed(place):
                    if udp.arrives(sock, data):
                        accepted = clock()
                    else:
                        stats.refused += 1
                if clock() - accepted > REFUSED_S:
                    raise NetworkError(f"{place}: nobody listens there")
                stats.sent += 1
                stats.n_bytes += len(data)
        finally:
            with contextlib.suppress(OSError):
                for _ in range(_N_BYES):
                    udp.arrives(sock, sender.bye())
    return stats
