"""The jitter buffer, under a clock of its own."""

import numpy as np
import pytest

from celpvq.errors import ArgumentError
from celpvq.rtp import JitterBuffer
from celpvq.rtp.delay import FRAME_S
from celpvq.rtp.source import Arrival

SPEECH, SID = bytes(12), b"\0\0"


def play(buffer, arrivals, n):
    """Let packets arrive, (time, sequence, slot, payload), and play n frames; return them."""
    left, now, out = sorted(arrivals, key=lambda a: a[0]), 0.0, []
    while not (left and buffer.due(now)) and not out:
        now += 0.001
        while left and left[0][0] <= now:
            time, sequence, slot, payload = left.pop(0)
            buffer.put(Arrival(sequence, slot, payload, False), time)
        if buffer.due(now):
            break
    start = now
    for _ in range(n):
        while left and left[0][0] <= now:
            time, sequence, slot, payload = left.pop(0)
            buffer.put(Arrival(sequence, slot, payload, False), time)
        out.append(buffer.pop(now))
        now += FRAME_S
    return out, start


def payloads(n):
    """Different packets of speech."""
    return [i.to_bytes(12, "big") for i in range(n)]


def test_frames_are_played_in_order_after_the_depth():
    sent = payloads(50)
    arrivals = [(0.5 + i * FRAME_S, i, i, p) for i, p in enumerate(sent)]
    buffer = JitterBuffer(60)
    out, start = play(buffer, arrivals, 50)
    assert out == sent
    assert start == pytest.approx(0.56, abs=0.002)
    assert buffer.stats.played == buffer.stats.received == 50
    assert buffer.delay.mean_s == pytest.approx(0.06, abs=0.002)


@pytest.mark.parametrize("seed", range(5))
def test_jitter_within_the_depth_does_no_harm(seed):
    sent = payloads(500)
    delay = np.random.default_rng(seed).uniform(0, 0.055, 500)
    delay[0] = 0
    arrivals = [
        (i * FRAME_S + d, i, i, p) for (i, p), d in zip(enumerate(sent), delay, strict=True)
    ]
    buffer = JitterBuffer(60)
    out, _ = play(buffer, arrivals, 500)
    assert out == sent
    assert buffer.stats.reordered > 50
    assert (buffer.stats.late, buffer.stats.concealed, buffer.stats.skipped) == (0, 0, 0)


def test_a_gap_in_the_sequence_is_a_loss_and_one_in_time_alone_is_no_data():
    #            slot: 0       1       2     (3: lost) 4       5       (6, 7: silence) 8
    sent = [(0, SPEECH), (1, SPEECH), (2, SPEECH), (4, SPEECH), (5, SID), (8, SPEECH)]
    sequences = [0, 1, 2, 4, 5, 6]
    arrivals = [(s * FRAME_S, q, s, p) for q, (s, p) in zip(sequences, sent, strict=True)]
    buffer = JitterBuffer(60)
    out, _ = play(buffer, arrivals, 9)
    assert out == [SPEECH, SPEECH, SPEECH, None, SPEECH, SID, b"", b"", SPEECH]
    assert (buffer.stats.concealed, buffer.stats.no_data) == (1, 2)


def test_the_packet_after_a_lost_frame_is_offered_if_it_is_there():
    #        lost: 1, 3, 4, 6; too late to help: 7; NO_DATA: 9, 10
    sent = {0: SPEECH, 2: b"two" * 4, 5: b"five" * 3, 7: b"late" * 3, 8: SID, 11: SPEECH}
    sequence = {0: 0, 2: 2, 5: 5, 7: 7, 8: 8, 11: 9}
    buffer, after = JitterBuffer(40), []
    for slot in range(14):
        now = slot * FRAME_S
        for k, payload in sent.items():
            if k + 2 * (k == 7) == slot:
                buffer.put(Arrival(sequence[k], k, payload, False), now)
        if slot >= 2:
            frame = buffer.pop(now)
            after.append((frame, buffer.next_arrival and buffer.next_arrival.packet))
    assert after == [
        (SPEECH, None), (None, sent[2]), (sent[2], None), (None, None), (None, sent[5]),
        (sent[5], None), (None, None), (sent[7], None), (SID, None), (b"", None), (b"", None),
        (SPEECH, None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("before", "expected"),
    [(SPEECH, [None, b"", b""]), (SID, [b"", b"", None])],
    ids=["after speech", "after a SID"],
)
def test_in_a_longer_gap_the_frames_nearest_to_speech_are_lost(before, expected):
    buffer = JitterBuffer(100)
    arrivals = [(0, 0, 0, before), (0.08, 2, 4, SPEECH)]
    out, _ = play(buffer, arrivals, 5)
    assert out == [before, *expected, SPEECH]


def test_a_late_packet_is_not_missing_any_more():
    arrivals = [(0, 0, 0, SPEECH), (0.02, 1, 1, SPEECH), (0.11, 2, 2, SPEECH), (0.08, 3, 4, SPEECH)]
    buffer = JitterBuffer(40)
    out, _ = play(buffer, [a for a in arrivals if a[1] != 3], 3)
    assert out == [SPEECH, SPEECH, None]
    buffer.put(Arrival(2, 2, SPEECH, False), 0.11)
    buffer.put(Arrival(3, 4, SPEECH, False), 0.11)
    assert [buffer.pop(0.12), buffer.pop(0.14)] == [b"", SPEECH]


def test_a_shorter_delay_is_made_up_for_in_pauses():
    sent = [SID if i % 20 == 19 else p for i, p in enumerate(payloads(400))]
    arrivals = [(i * FRAME_S + 0.05 * (i < 50), i, i, p) for i, p in enumerate(sent)]
    buffer = JitterBuffer(60)
    out, start = play(buffer, arrivals, 380)
    heard = [p for p in out if p and p != SID]
    assert heard == [p for p in sent if p != SID][: len(heard)]
    assert buffer.stats.skipped >= 2
    assert buffer.depth_s(start + 380 * FRAME_S) <= 0.06 + FRAME_S + 0.002


def test_duplicates_are_played_once_and_late_ones_not_at_all():
    sent = payloads(10)
    arrivals = [(i * FRAME_S, i, i, p) for i, p in enumerate(sent)]
    arrivals += [(i * FRAME_S + 0.001, i, i, p) for i, p in enumerate(sent)]
    arrivals[4] = (0.3, 4, 4, sent[4])
    arrivals[14] = (0.31, 4, 4, sent[4])
    buffer = JitterBuffer(60)
    out, _ = play(buffer, arrivals, 16)
    assert out[:10] == [*sent[:4], None, *sent[5:]]
    assert (buffer.stats.duplicate, buffer.stats.late, buffer.stats.received) == (10, 1, 10)


def test_the_depth_follows_the_jitter_and_stays_within_its_limits():
    rng = np.random.default_rng(1)
    sent = payloads(3000)
    jitter = np.r_[
        rng.uniform(0, 0.005, 1000), rng.uniform(0, 0.12, 1000), rng.uniform(0, 0.005, 1000)
    ]
    arrivals = [
        (i * FRAME_S + d, i, i, p) for (i, p), d in zip(enumerate(sent), jitter, strict=True)
    ]
    buffer = JitterBuffer(20, 300)
    targets, depths, late = [], [], []
    left, now = sorted(arrivals), 0.0
    for _ in range(3000):
        while left and left[0][0] <= now:
            time, *rest = left.pop(0)
            buffer.put(Arrival(*rest, False), time)
        buffer.pop(now)
        targets.append(buffer.delay.target_s)
        depths.append(buffer.depth_s(now))
        late.append(buffer.stats.late)
        now += FRAME_S
    assert np.mean(targets[500:1000]) == pytest.approx(0.02, abs=0.002)
    assert np.mean(targets[1500:2000]) == pytest.approx(0.125, abs=0.012)
    assert late[2000] - late[1400] < 0.05 * 600
    assert abs(np.mean(depths[1500:2000]) - 0.125) < 0.03
    narrow = JitterBuffer(20, 50)
    for time, *rest in sorted(arrivals)[1000:1200]:
        narrow.put(Arrival(*rest, False), time)
    assert narrow.delay.target_s == 0.05


def test_clocks_that_drift_are_followed():
    for drift in (1 + 1e-3, 1 - 1e-3):
        arrivals = [(i * FRAME_S * drift, i, i, SPEECH) for i in range(6000)]
        arrivals = [(t, q, s, SID if q % 10 == 9 else p) for t, q, s, p in arrivals]
        buffer = JitterBuffer(60)
        out, _ = play(buffer, arrivals, 5900)
        assert buffer.stats.late == 0
        assert abs(buffer.stats.received - 5900 - buffer.stats.skipped) < 20
        assert abs(len(buffer)) < 12
        assert out.count(None) < 10


def test_after_a_stall_the_delay_comes_back():
    arrivals = [(i * FRAME_S, i, i, SPEECH) for i in range(100)]
    buffer = JitterBuffer(60)
    for time, *rest in arrivals[:50]:
        buffer.put(Arrival(*rest, False), time)
    assert buffer.pop(0.06) == SPEECH
    assert buffer.pop(1.0) == SPEECH  # a second late
    assert buffer.depth_s(1.0) <= 0.06 + FRAME_S
    assert buffer.stats.skipped > 40


def test_a_sender_that_stalls_is_followed():
    sent = payloads(200)
    arrivals = [(i * FRAME_S + 3.0 * (i >= 50), i, i, p) for i, p in enumerate(sent)]
    buffer = JitterBuffer(60)
    out, _ = play(buffer, arrivals, 350)
    assert out[:50] == sent[:50]
    assert [p for p in out if p][50:] == sent[59:], "all but the late ones, in order"
    assert buffer.stats.restarts == 1
    assert (buffer.stats.late, buffer.stats.received) == (9, 200)
    counted = buffer.stats.played + buffer.stats.concealed + buffer.stats.no_data
    assert counted == len(out), "also while it waits to start again"
    buffer.put(Arrival(199, 199, sent[199], False), 9.0)
    assert (buffer.stats.duplicate, buffer.stats.received) == (1, 200)


def test_memory_is_bounded_and_a_restart_empties_it():
    buffer = JitterBuffer(2000)
    for i in range(1000):
        buffer.put(Arrival(i, i, SPEECH, False), 0.0)
    assert len(buffer) == 250
    assert buffer.stats.overflow == 750
    buffer.put(Arrival(999, 0, SID, True), 5.0)  # a number that the old stream had
    assert (len(buffer), buffer.stats.restarts) == (1, 1)
    assert not buffer.due(6.9)
    assert buffer.pop(7.001) == SID


def test_an_impossible_depth_is_refused():
    for depth in ((-1,), (100, 50), (10, 2001), (float("nan"),)):
        with pytest.raises(ArgumentError, match="depth: expected 0 to 2000 ms"):
            JitterBuffer(*depth)
