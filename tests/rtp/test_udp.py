"""Sockets on the loopback interface: addresses, pacing and playout within one process."""

import itertools
import socket

import numpy as np
import pytest

import celpvq
from celpvq.errors import ArgumentError, NetworkError
from celpvq.rtp import JitterBuffer, RtpPacket, pacing, playout, udp
from celpvq.rtp.packet import bye
from celpvq.rtp.receiver import Receiver
from celpvq.rtp.sender import Sender

pytestmark = pytest.mark.network
HOST = "127.0.0.1"


class Line:
    """A clock that moves with every look at it, and sends groups of datagrams 20 ms apart."""

    def __init__(self, groups, sock, address):
        self._groups, self._sock, self._address = iter(groups), sock, address
        self._now, self._next = 0.0, 0.0

    def __call__(self):
        self._now += 0.004
        if self._now >= self._next:
            for data in next(self._groups, ()):
                self._sock.sendto(data, self._address)
            self._next += 0.02
        return self._now


def arriving(groups, **options):
    """Send groups of datagrams to `playout.receive`; return its reason, the samples, the counts."""
    receiver = Receiver(celpvq.Decoder(), JitterBuffer(40))
    heard = []
    with udp.listen(HOST, 0) as sock, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        line = Line(groups, out, sock.getsockname())
        end = playout.receive(sock, receiver, heard.append, clock=line, **options)
    return end, np.concatenate(heard), receiver.stats


# playout ------------------------------------------------------------------------------------------


def test_foreign_and_malformed_datagrams_are_counted_and_ignored(packets):
    sender = Sender(ssrc=1)
    own = [sender.datagram(p) for p in packets[:20]]
    strange = [
        b"", b"x", b"\x80a" + bytes(20), bytes(1600), bye(99),
        RtpPacket(1, 2, 1, bytes(16), payload_type=96).to_bytes(),
        RtpPacket(1, 2, 7, bytes(16)).to_bytes(), RtpPacket(1, 2, 1, bytes(13)).to_bytes(),
    ]  # fmt: skip
    mixed = [[a, b] for a, b in zip(own, [*strange, *own[:12]], strict=True)]
    end, heard, stats = arriving([*mixed, [sender.bye()]])
    assert end == playout.LEFT
    assert stats["received"] == 20
    assert stats["malformed"] == 5
    assert stats["foreign"] == 2
    assert stats["duplicate"] == 12
    assert len(heard) >= 10 * 160


def test_it_ends_after_the_seconds_asked_for(packets):
    sender = Sender()
    end, heard, _ = arriving([[sender.datagram(p)] for p in packets[:25]], seconds=0.3)
    assert end == playout.COMPLETE
    assert len(heard) == 15 * 160


def test_it_ends_when_nothing_arrives_any_more(packets):
    sender = Sender()
    groups = [[b"\x80nothing", sender.datagram(p)] for p in packets[:20]]
    end, heard, stats = arriving(groups, timeout_s=0.5)
    assert end == playout.TIMED_OUT
    assert (stats["received"], stats["malformed"]) == (20, 20)
    assert 0.4 < len(heard) / 8000 < 1.2


# pacing -------------------------------------------------------------------------------------------


@pytest.fixture
def deaf():
    """A port to which nobody listens."""
    with udp.listen(HOST, 0) as sock:
        return sock.getsockname()[1]


def test_a_sender_gives_up_when_nobody_listens(packets, deaf):
    now = itertools.count(0, 0.5)
    speech = itertools.cycle(packets)
    with pytest.raises(NetworkError, match=f"{HOST} port {deaf}: nobody listens there"):
        pacing.send(speech, Sender(), HOST, deaf, clock=lambda: next(now), sleep=lambda _: None)


def test_a_sender_goes_on_when_somebody_listens_again(packets, deaf, monkeypatch):
    arrived, listening = [], []
    send = udp.arrives

    def arrives(sock, data):
        arrived.append(send(sock, data))
        return arrived[-1]

    def speech():
        while arrived.count(False) < 5:
            yield packets[0]
        listening.append(udp.listen(HOST, deaf))
        yield from packets[:30]

    monkeypatch.setattr(udp, "arrives", arrives)
    stats = pacing.send(speech(), Sender(), HOST, deaf, clock=lambda: 0.0, sleep=lambda _: None)
    with listening[0] as sock:
        received = [sock.recv(2000) for _ in range(30)]
    assert [RtpPacket.from_bytes(data).payload for data in received] == packets[:30]
    assert 5 <= stats.refused <= 6  # an answer may still be under way when somebody listens
    assert stats.sent == stats.frames == len(arrived) - 3


def test_frames_leave_every_20_ms(packets):
    now, times = [0.0], []

    def sleep(seconds):
        times.append(seconds)
        now[0] += seconds

    with udp.listen(HOST, 0) as sock:
        stats = pacing.send([*packets[:5], b"", b"", packets[5]], Sender(), *sock.getsockname(),
                            clock=lambda: now[0], sleep=sleep)  # fmt: skip
        datagrams = [sock.recv(2000) for _ in range(7)]
    assert times == pytest.approx([0, *[0.02] * 7])
    assert (stats.frames, stats.sent, stats.n_bytes) == (8, 6, 6 * 28)
    assert RtpPacket.from_bytes(datagrams[5]).payload == packets[5]
    assert datagrams[6][1] == 201


# addresses ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("host", ("host", 5004)), ("host:6000", ("host", 6000)), ("[::1]:7", ("::1", 7)),
        ("::1", ("::1", 5004)), ("[::1]", ("::1", 5004)),
    ],
)  # fmt: skip
def test_addresses_are_read(text, address):
    assert udp.parse_address(text) == address


@pytest.mark.parametrize("text", ["", ":5", "host:", "host:x", "host:65536", "host:-1"])
def test_odd_addresses_are_refused(text):
    with pytest.raises(ArgumentError, match="address: expected HOST:PORT"):
        udp.parse_address(text)
