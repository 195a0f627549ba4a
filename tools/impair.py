"""A relay between sender and receiver that loses, delays, reorders and duplicates datagrams."""

import contextlib
import heapq
import select
import socket
import threading
import time
from types import TracebackType
from typing import Self

import numpy as np

from celpvq.rtp.packet import is_rtcp

HELD_S = 0.03  # longer than a frame


class Relay:
    """Forward datagrams to a port of this machine, as a bad network would.

    Parameters
    ----------
    port : int
        Destination on this machine.
    loss, duplicate, reorder : float
        Shares of the datagrams that are lost, sent twice, and held until others have overtaken.
    jitter_s : float
        Largest delay; delays are evenly distributed from 0.
    seed : int
        The same seed gives the same losses.

    Attributes
    ----------
    port : int
        The relay's own port, for the sender.
    n_in, n_lost, n_double : int
        Numbers of datagrams received, lost and duplicated.
    """

    def __init__(
        self, port: int, *, loss: float = 0.0, duplicate: float = 0.0, reorder: float = 0.0,
        jitter_s: float = 0.0, seed: int = 1,
    ) -> None:  # fmt: skip
        self._to = ("127.0.0.1", port)
        self._loss, self._duplicate, self._reorder = loss, duplicate, reorder
        self._jitter_s = jitter_s
        self._rng = np.random.default_rng(seed)
        self._sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sock.bind(("127.0.0.1", 0))
        self.port: int = self._sock.getsockname()[1]
        self.n_in = self.n_lost = self.n_double = 0
        self._waiting: list[tuple[float, int, bytes]] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        while not self._stop.is_set():
            wait = self._waiting[0][0] - time.monotonic() if self._waiting else 0.05
            if select.select([self._sock], [], [], min(max(wait, 0), 0.05))[0]:
                with contextlib.suppress(ConnectionError):
                    self._take(self._sock.recv(4096))
            while self._waiting and self._waiting[0][0] <= time.monotonic():
                self._sock.sendto(heapq.heappop(self._waiting)[2], self._to)

    def _take(self, data: bytes) -> None:
        """Draw the fate of a datagram; RTCP, which ends the stream, always arrives."""
        self.n_in += 1
        lost, double, held = self._rng.random(3) < (self._loss, self._duplicate, self._reorder)
        delays = self._jitter_s * self._rng.random(2) + HELD_S * held
        if is_rtcp(data):
            lost, double, delays = False, False, [self._jitter_s + HELD_S] * 2
        self.n_lost += lost
        self.n_double += double and not lost
        for delay in delays[: 0 if lost else 1 + double]:
            heapq.heappush(self._waiting, (time.monotonic() + delay, self.n_in, data))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:  # fmt: skip
        self._stop.set()
        self._thread.join()
        self._sock.close()
