"""Receive a stream and play it: in real time, or as fast as packets arrive."""

import socket
import time
from collections.abc import Callable

from .._types import F32
from .delay import FRAME_S
from .receiver import Receiver
from .udp import datagrams

LEFT = "the sender has left"
TIMED_OUT = "nothing arrives any more"
COMPLETE = "all that was asked for"
_POLL_S = 0.1  # how often to check for a timeout


def receive(
    sock: socket.socket, receiver: Receiver, play: Callable[[F32], None], *,
    timeout_s: float = 5.0, seconds: float | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> str:  # fmt: skip
    """Play a stream, 160 samples every 20 ms, until it ends; return the reason.

    Parameters
    ----------
    sock : socket
        From `udp.listen`.
    receiver : Receiver
        Decodes the datagrams.
    play : callable
        Takes the samples (160,) of a frame.
    timeout_s : float
        Time without a packet, after the first one, that ends the stream [s].
    seconds : float, optional
        Greatest length to play [s].
    clock : callable, optional
        Returns the time [s].
    """
    limit = None if seconds is None else round(seconds / FRAME_S)
    n_played = 0
    arrived: float | None = None  # when the last packet did
    tick: float | None = None  # when to play the next frame
    while n_played != limit:
        wait_s = _POLL_S if tick is None else min(max(tick - clock(), 0), _POLL_S)
        for data in datagrams(sock, wait_s):
            if receiver.feed(data, clock()):
                arrived = clock()
        if receiver.drained:
            return LEFT
        now = clock()
        if arrived is not None and now - arrived > timeout_s:
            return TIMED_OUT
        if tick is None and receiver.buffer.due(now):
            tick = now - receiver.buffer.overdue_s(now)
        while tick is not None and tick <= now and n_played != limit:
            play(receiver.frame(tick))
            n_played += 1
            tick += FRAME_S
    return COMPLETE


def collect(
    sock: socket.socket, receiver: Receiver, play: Callable[[F32], None], *,
    timeout_s: float = 5.0, clock: Callable[[], float] = time.monotonic,
) -> str:  # fmt: skip
    """Play a stream as fast as it arrives, by the time in its packets; see `receive`."""
    slot = 0  # the time, in frames
    arrived: float | None = None

    def play_to(end: int) -> None:
        nonlocal slot
        slot = min(slot, end)  # the stream may have restarted
        while slot < end:
            slot += 1
            if receiver.buffer.due(slot * FRAME_S):
                play(receiver.frame(slot * FRAME_S))

    while not receiver.ended:
        for data in datagrams(sock, _POLL_S):
            if receiver.feed(data, None):
                arrived = clock()
            play_to(receiver.latest)
        if arrived is not None and clock() - arrived > timeout_s:
            break
    while len(receiver.buffer):
        play_to(slot + 1)
    return LEFT if receiver.ended else TIMED_OUT
