"""The counters of a sender, and the source that follows them."""

import numpy as np
import pytest

from celpvq.rtp import RtpPacket
from celpvq.rtp.sender import Sender
from celpvq.rtp.source import MAX_DROPOUT, MAX_PAUSE, Source


def stream(packets, **start):
    """What a sender makes of packets."""
    sender = Sender(**{"ssrc": 5, "sequence": 65534, "timestamp": 2**32 - 320} | start)
    return [RtpPacket.from_bytes(d) for d in map(sender.datagram, packets) if d is not None]


def test_sequence_counts_packets_and_time_counts_frames():
    found = stream([b"a", b"", b"", b"b", b"c"])
    assert [p.sequence for p in found] == [65534, 65535, 0]
    assert [p.timestamp for p in found] == [2**32 - 320, 160, 320]
    assert [p.marker for p in found] == [True, True, False]
    assert {p.ssrc for p in found} == {5}
    assert Sender().ssrc != Sender().ssrc


def test_a_source_unwraps_its_counters():
    source = Source()
    arrivals = [source.accept(p) for p in stream([b"a"] * 400 + [b""] * 9 + [b"b"])]
    assert [a.slot for a in arrivals] == [*range(400), 409]
    assert np.diff([a.sequence for a in arrivals]).tolist() == [1] * 400
    assert [a.restarted for a in arrivals] == [True] + [False] * 400


def test_packets_out_of_order_keep_their_places():
    source = Source()
    packets = stream([b"a", b"b", b"c", b"d"])
    assert [source.accept(packets[i]).slot for i in (1, 3, 2, 0, 3)] == [0, 2, 1, -1, 2]


def test_a_stray_packet_is_rejected_and_a_sender_that_restarts_is_followed():
    source = Source()
    first = stream([b"a"] * 10)
    other = stream([b"x"] * 10, ssrc=6, sequence=7, timestamp=0)
    assert [source.accept(p).slot for p in first[:3]] == [0, 1, 2]
    assert source.accept(other[0]) is None
    assert source.accept(first[3]).slot == 3
    assert source.accept(other[4]) is None, "not the next of the other stream"
    assert source.n_foreign == 2
    again = source.accept(other[5])
    assert (again.slot, again.restarted, source.ssrc) == (0, True, 6)
    assert source.accept(other[6]).slot == 1


@pytest.mark.parametrize(
    ("sequence", "frames", "accepted"),
    [
        (MAX_DROPOUT, MAX_DROPOUT, True),
        (MAX_DROPOUT + 1, MAX_DROPOUT + 1, False),
        (1, 1 + MAX_PAUSE, True),
        (1, 2 + MAX_PAUSE, False),
        (2, 1, False),
        (1, 0, False),
        (1, 1.5, False),
        (-100, -100, True),
        (-200, -200, False),
        (-2, -1, False),
    ],
)
def test_jumps_are_bounded(sequence, frames, accepted):
    source = Source()
    source.accept(RtpPacket(1000, 100_000, 5, b"a"))
    later = RtpPacket(1000 + sequence, int(100_000 + 160 * frames), 5, b"b")
    assert (source.accept(later) is not None) == accepted
    if not accepted:
        assert source.accept(later._replace(sequence=later.sequence + 1,
                                            timestamp=later.timestamp + 160)).restarted  # fmt: skip
