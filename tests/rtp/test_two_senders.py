"""Two senders to one port: one of them is followed, the other counted."""

import numpy as np
import pytest

import celpvq
from celpvq.rtp.jitter import JitterBuffer
from celpvq.rtp.receiver import Receiver
from celpvq.rtp.sender import Sender


@pytest.fixture(scope="module")
def packets():
    x = np.sin(np.arange(24000) / 9) / 3
    return list(celpvq.encode_stream([x], 8000, preset="fast"))


def arrivals(packets, start, ssrc, sequence):
    sender = Sender(ssrc=ssrc, sequence=sequence, timestamp=sequence * 1000)
    return [(start + 0.02 * k, sender.datagram(p)) for k, p in enumerate(packets)]


def play(events):
    receiver = Receiver(celpvq.Decoder(), JitterBuffer(60, 300))
    events, tick, now = sorted(events), None, 0.0
    end = events[-1][0] + 0.5
    while now < end:
        while events and events[0][0] <= now:
            receiver.feed(events[0][1], events.pop(0)[0])
        if tick is None and receiver.buffer.due(now):
            tick = now
        while tick is not None and tick <= now:
            receiver.frame(tick)
            tick += 0.02
        now += 0.005
    return receiver.stats


@pytest.mark.parametrize("late", [0.003, 0.5, 1.0])
@pytest.mark.parametrize("ssrc", [7, 8], ids=["the same SSRC", "another SSRC"])
def test_the_first_of_two_senders_is_heard(packets, late, ssrc):
    other = [event for event in arrivals(packets, late, ssrc, 30000) if event[0] < 3.4]
    stats = play(arrivals(packets, 0, 7, 100) + other)
    assert stats["restarts"] == 0
    assert stats["played"] > 0.9 * len(packets)
    assert stats["foreign"] == len(other)
    assert stats["other_senders"] == 1


def test_jitter_does_not_hand_over(packets):
    rng = np.random.default_rng(1)
    events = arrivals(packets, 0, 7, 100) + arrivals(packets, 0.001, 8, 900)
    stats = play([(t + rng.uniform(0, 0.05), d) for t, d in events])
    assert stats["restarts"] == 0
    assert stats["played"] > 0.9 * len(packets)


def test_a_sender_is_followed_after_half_a_second_of_silence(packets):
    stats = play(arrivals(packets, 0, 7, 100) + arrivals(packets, 4, 8, 900))
    assert stats["restarts"] == 1
    assert stats["played"] > 1.9 * len(packets) - 5
    assert stats["other_senders"] == 0


def test_without_a_clock_another_sender_needs_a_run_of_packets(packets):
    receiver = Receiver(celpvq.Decoder(), JitterBuffer(0))
    mixed = zip(arrivals(packets, 0, 7, 100), arrivals(packets, 0, 8, 900), strict=True)
    for (_, first), (_, second) in mixed:
        receiver.feed(first, None)
        receiver.feed(second, None)
    assert receiver.stats["restarts"] == 0
    taken = [receiver.feed(d, None) for _, d in arrivals(packets, 0, 9, 5)]
    assert taken.index(True) == 24
