"""From datagrams to speech, under a clock of the test's own."""

import heapq
import itertools

import numpy as np
import pytest

import celpvq
from celpvq.codec.format.modes import MODES
from celpvq.rtp import JitterBuffer, payload
from celpvq.rtp.receiver import Receiver
from celpvq.rtp.sender import Sender


def test_a_sender_that_restarts_is_heard_from_its_start(packets, decoded):
    receiver = Receiver(celpvq.Decoder(), JitterBuffer(0))
    first, second = Sender(), Sender()
    for i in range(20):
        receiver.feed(first.datagram(packets[i]), 0.02 * i)
        receiver.frame(0.02 * i)
    receiver.feed(first.bye(), 0.4)
    assert receiver.drained
    for i in range(5):
        receiver.feed(second.datagram(packets[i]), 1.0 + 0.02 * i)
    assert not receiver.ended
    assert receiver.latest == 3  # the first packet is rejected until the second one follows it
    heard = [receiver.frame(1.02 + 0.02 * i) for i in range(4)]
    np.testing.assert_array_equal(np.concatenate(heard) * 32768, decoded(packets[1:5]))


def test_a_lost_frame_is_decoded_from_the_redundancy_in_the_next_packet(clips):
    encoder, sender = celpvq.Encoder(6400, "fast"), Sender(98)
    sent, redundant, datagrams = [], [b""], []
    for x in clips["espeak-f-es"][:9600].reshape(-1, 160):
        sent.append(encoder.encode_frame(x))
        data = payload.pack(sent[-1], redundancy=redundant[-1], crc=True)
        datagrams.append(sender.datagram(data))
        redundant.append(encoder.redundancy)
    broken = bytearray(datagrams[40])
    broken[14] ^= 1
    datagrams[40] = bytes(broken)
    receiver, decoder = Receiver(celpvq.Decoder(), JitterBuffer(40)), celpvq.Decoder()
    for i in range(62):
        if i < 60 and i not in (10, 20, 21):
            receiver.feed(datagrams[i], 0.02 * i)
        k = i - 2
        if k < 0:
            continue
        samples = receiver.frame(0.02 * i)
        lost = k in (10, 20, 21, 40)
        following = {}
        if lost and k != 20:
            following = {"next_packet": sent[k + 1], "redundancy": redundant[k + 1]}
        expected = decoder.decode_frame(None if lost else sent[k], **following)
        np.testing.assert_array_equal(samples, expected, err_msg=f"frame {k}")
    stats = receiver.stats
    assert (stats["concealed"], stats["redundant"], stats["damaged"]) == (4, 3, 1)


@pytest.mark.parametrize("seed", range(3))
def test_concealment_leads_to_the_next_packet_whatever_the_jitter(packets, seed):
    sent = [None if i % 7 in (3, 5, 6) else p for i, p in enumerate(packets[:60])]
    sent[21] = b"\0\1"  # as long as a SID, but not a SID
    expected, decoder = [], celpvq.Decoder()
    for i, (packet, after) in enumerate(itertools.pairwise([*sent, None])):
        if packet is None:
            expected.append(decoder.decode_frame(None, next_packet=after))
        else:
            expected.append(decoder.decode_frame(None if i == 21 else packet))
    sender = Sender()
    delays = np.random.default_rng(seed).uniform(0, 0.02, len(sent))
    delays[0] = 0
    datagrams = [sender.datagram(b"lost" if p is None else p) for p in sent]
    arrivals = sorted(
        (0.02 * i + delays[i], datagrams[i]) for i, p in enumerate(sent) if p is not None
    )
    receiver, heard = Receiver(celpvq.Decoder(), JitterBuffer(40)), []
    for i in range(len(sent)):
        now = 0.04 + 0.02 * i
        while arrivals and arrivals[0][0] <= now:
            receiver.feed(arrivals[0][1], arrivals.pop(0)[0])
        heard.append(receiver.frame(now))
    np.testing.assert_array_equal(np.concatenate(heard), np.concatenate(expected))
    assert receiver.stats["concealed"] == sent.count(None)
    assert receiver.stats["late"] == 0


def test_speech_survives_a_bad_network(clips):
    x = clips["espeak-f-es"][:20000]
    encoder, sender = celpvq.Encoder(6400, "fast"), Sender()
    rng = np.random.default_rng(3)
    n_lost = n_double = 0
    arrivals: list[tuple[float, int, bytes]] = []
    for i, packet in enumerate(encoder.write(x) + encoder.flush()):
        data = sender.datagram(packet)
        lost, double, held = rng.random(3) < 0.1
        n_lost += lost
        n_double += double and not lost
        for _ in range(0 if lost else 1 + double):
            delay = 0.02 * rng.random() + 0.03 * held  # others overtake a packet that is held
            heapq.heappush(arrivals, (0.02 * i + delay, len(arrivals), data))
    heapq.heappush(arrivals, (0.02 * i + 0.05, len(arrivals), sender.bye()))
    buffer = JitterBuffer(80)
    receiver, heard, tick = Receiver(celpvq.Decoder(), buffer), [], None
    for now in itertools.count(0, 0.001):
        while arrivals and arrivals[0][0] <= now:
            receiver.feed(heapq.heappop(arrivals)[2], now)
        if receiver.drained:
            break
        if tick is None and buffer.due(now):
            tick = now
        if tick is not None and now >= tick:
            heard.append(receiver.frame(tick))
            tick += 0.02
    stats = receiver.stats
    assert n_lost > 3
    assert n_double > 3
    assert (stats["received"], stats["duplicate"]) == (126 - n_lost, n_double)
    assert stats["reordered"] > 3
    assert stats["malformed"] == stats["foreign"] == 0
    assert abs(len(heard) - 126) <= 20
    assert 0.0799 <= buffer.delay.mean_s <= 0.18
    level = [np.sqrt(np.mean(y**2)) for y in (x, np.concatenate(heard))]
    assert 0.5 < level[1] / level[0] < 1.5


def test_frames_go_out_whatever_arrives(packets):
    rng = np.random.default_rng(1)
    sender, receiver = Sender(), Receiver(celpvq.Decoder(), JitterBuffer(40, 200))
    now = 0.0
    for i in range(3000):
        data = bytearray(sender.datagram(packets[i % len(packets)]))
        for _ in range(rng.poisson(0.5)):
            data[rng.integers(len(data))] ^= 1 << rng.integers(8)
        now += rng.exponential(0.02)
        receiver.feed(bytes(data[: rng.integers(len(data)) if i % 7 == 0 else None]), now)
        samples = receiver.frame(now)
        assert samples.shape == (160,)
        assert np.isfinite(samples).all()
        assert len(receiver.buffer) <= 250
    stats = receiver.stats
    assert stats["malformed"] > 300
    assert stats["foreign"] > 100
    assert stats["played"] > 300


def test_a_pause_is_not_a_loss(packets, decoded):
    sender, receiver = Sender(), Receiver(celpvq.Decoder(), JitterBuffer(40))
    sent = [*packets[:5], b"\0\0", *[b""] * 6, *packets[5:10]]
    heard = []
    for i, data in enumerate([*map(sender.datagram, sent), None, None]):
        if data is not None:
            receiver.feed(data, 0.02 * i)
        if i >= 2:
            heard.append(receiver.frame(0.02 * i))
    np.testing.assert_array_equal(np.concatenate(heard) * 32768, decoded(sent))
    stats = receiver.stats
    assert (stats["concealed"], stats["no_data"], stats["played"]) == (0, 6, 11)


def test_a_receiver_takes_the_packet_lengths_of_the_modes():
    for n in range(30):
        sender = Sender(ssrc=n)
        receiver = Receiver(celpvq.Decoder(), JitterBuffer())
        legal = n == 2 or n in {mode.frame_bytes for mode in MODES.values()}
        assert receiver.feed(sender.datagram(bytes(n) or b"\0"), 0.0) == legal
