"""Streams of messages: every frame keeps its place."""

import numpy as np
import pytest
from files import in_chunks

import celpvq
from celpvq import ArgumentError
from celpvq.rtp import messages
from celpvq.rtp.budget import FrameBudget
from celpvq.rtp.message_streams import MAX_GAP, MessageReceiver, MessageSender


def new_receiver(**options):
    return MessageReceiver(celpvq.Decoder(dtype="int16"), **options)


def single(packets, start=0):
    return [messages.pack(start + k, [packet]) for k, packet in enumerate(packets)]


def feed_all(receiver, sent):
    return np.concatenate([receiver.feed(message, 0.0) for message in sent])


@pytest.mark.parametrize("sizes", [[160], [320], [7, 500, 161], [4000]])
def test_messages_sound_as_the_packets_do(clips, decoded, sizes):
    x = clips["espeak-f-es"][:8000]
    sender = MessageSender(celpvq.Encoder(6400, "fast"))
    sent = [m for chunk in in_chunks(x, sizes) if (m := sender.write(chunk)) is not None]
    sent.append(sender.flush(x[:0] if sizes == [160] else []))
    numbers = [messages.unpack(message)[0] for message in sent]
    counts = [len(messages.unpack(message)[1]) for message in sent]
    assert numbers == np.cumsum([0, *counts[:-1]]).tolist()
    packets = list(celpvq.encode_stream([x], 8000, preset="fast"))
    np.testing.assert_array_equal(feed_all(new_receiver(), sent), decoded(packets))


def test_a_sender_has_no_message_before_a_frame_is_complete():
    sender = MessageSender(celpvq.Encoder(6400, "fast"))
    assert sender.write(np.zeros(159)) is None
    assert messages.unpack(sender.write(np.zeros(1)))[0] == 0
    assert messages.unpack(sender.flush())[0] == 1


@pytest.mark.parametrize("end", ["flush", "reset"])
def test_a_receiver_follows_from_one_stream_to_the_next(clips, decoded, end):
    first, second = clips["espeak-f-es"][:4100], clips["flite-slt-en"][:4000]
    sender = MessageSender(celpvq.Encoder(6400, "fast"))
    sent = [sender.write(first), getattr(sender, end)(), sender.write(second)]
    receiver = new_receiver()
    heard = feed_all(receiver, [message for message in sent if message])
    encoder = celpvq.Encoder(6400, "fast")
    packets = encoder.write(first) + (encoder.flush() if end == "flush" else [])
    encoder.reset()
    expected = [decoded(packets), decoded(encoder.write(second))]
    np.testing.assert_array_equal(heard, np.concatenate(expected))
    assert receiver.stats.restarts == 1


@pytest.mark.parametrize("samplerate", [8000, 16000])
def test_the_longest_chunk_fits_into_a_message(samplerate):
    sender = MessageSender(celpvq.Encoder(6400, "fast", samplerate=samplerate))
    n = 4 * samplerate
    for _ in range(3):
        sender.write(np.zeros(n))
    for refuse in (sender.write, sender.flush):
        with pytest.raises(ArgumentError, match=r"samples: expected at most 4 s, got 4\.0"):
            refuse(np.zeros(n + 1))
    sender.flush(np.zeros(n))


def test_the_last_samples_go_with_the_rest(clips):
    x = clips["espeak-f-es"][4000:5000]
    one, two = (MessageSender(celpvq.Encoder(6400, "fast")) for _ in range(2))
    first, last = one.write(x), one.flush()
    packets = messages.unpack(first)[1] + messages.unpack(last)[1]
    assert messages.unpack(two.flush(x))[1] == packets


@pytest.mark.parametrize("start", [0, 65500])
def test_missing_messages_are_concealed_towards_the_next_packet(packets, start):
    lost = {3, 10, 11, 12, 40}
    sent = single(packets[:60], start)
    receiver = new_receiver()
    heard = feed_all(receiver, [m for k, m in enumerate(sent) if k not in lost])
    decoder = celpvq.Decoder(dtype="int16")
    expected = [
        decoder.decode_frame(None, next_packet=None if k + 1 in lost else packets[k + 1])
        if k in lost
        else decoder.decode_frame(packets[k])
        for k in range(60)
    ]
    np.testing.assert_array_equal(heard, np.concatenate(expected))
    assert (receiver.stats.received, receiver.stats.concealed) == (55, 5)


def test_one_message_in_ten_lost_keeps_the_length(packets):
    rng = np.random.default_rng(4)
    sent = single(packets)
    kept = [0, *(k for k in range(1, 99) if rng.random() >= 0.1), 99]
    receiver = new_receiver()
    assert len(feed_all(receiver, [sent[k] for k in kept])) == 16000
    assert receiver.stats.concealed == 100 - len(kept) > 3


def test_the_first_message_may_have_any_number(packets):
    assert len(new_receiver().feed(messages.pack(777, packets[:2]), 0.0)) == 320


def test_late_messages_and_duplicates_are_ignored(packets):
    sent = single(packets[:5])
    receiver = new_receiver()
    assert [len(receiver.feed(sent[k], 0.0)) for k in (0, 1, 1, 3, 2, 4)] == [
        160, 160, 0, 320, 0, 160,
    ]  # fmt: skip
    assert receiver.stats.late == 2
    assert receiver.stats.refused == 0


@pytest.mark.parametrize("jump", [MAX_GAP + 1, -MAX_GAP - 1])
def test_a_jump_starts_a_new_stream(packets, decoded, jump):
    receiver = new_receiver()
    receiver.feed(messages.pack(1000, packets[:1]), 0.0)
    samples = receiver.feed(messages.pack(1001 + jump, packets[1:5]), 0.0)
    np.testing.assert_array_equal(samples, decoded(packets[1:5]))
    assert (receiver.stats.restarts, receiver.stats.concealed) == (1, 0)


def test_the_longest_gap_is_filled(packets):
    receiver = new_receiver(budget=FrameBudget(20))
    receiver.feed(messages.pack(0, packets[:1]), 0.0)
    samples = receiver.feed(messages.pack(1 + MAX_GAP, packets[1:2]), 0.0)
    assert len(samples) == (MAX_GAP + 1) * 160
    assert receiver.stats.restarts == 0


def test_a_malformed_sid_is_concealed(packets):
    receiver = new_receiver()
    assert len(receiver.feed(messages.pack(0, [packets[0], b"\0\1", packets[1]]), 0.0)) == 480
    assert (receiver.stats.received, receiver.stats.concealed) == (2, 1)


def test_garbage_is_counted_and_the_stream_goes_on(packets, decoded):
    rng = np.random.default_rng(5)
    receiver = new_receiver()
    heard = []
    for message in single(packets[:20]):
        assert len(receiver.feed(b"\0\0\7" + rng.bytes(50), 0.0)) == 0
        heard.append(receiver.feed(message, 0.0))
    np.testing.assert_array_equal(np.concatenate(heard), decoded(packets[:20]))
    assert receiver.stats.malformed == receiver.stats.refused == 20


def test_a_peer_that_is_faster_than_real_time_is_stopped(packets):
    receiver = new_receiver(budget=FrameBudget(1.0))
    sent = single(packets)
    assert len(feed_all(receiver, sent)) == 50 * 160
    assert receiver.stats.too_fast == receiver.stats.refused == 50
    assert len(receiver.feed(sent[51], 0.1)) == 2 * 160  # with the frame that was refused before


def test_gaps_cost_as_much_as_frames(packets):
    receiver = new_receiver(budget=FrameBudget(1.0))
    receiver.feed(messages.pack(0, packets[:1]), 0.0)
    assert len(receiver.feed(messages.pack(60, packets[:1]), 0.0)) == 0
    assert receiver.stats.too_fast == 1


def test_a_restart_beyond_the_budget_changes_nothing(packets):
    receiver = new_receiver(budget=FrameBudget(1.0))
    receiver.feed(messages.pack(0, packets[:40]), 0.0)
    receiver.feed(messages.pack(30_000, packets[:40]), 0.0)
    assert (receiver.stats.too_fast, receiver.stats.restarts) == (1, 0)
    assert len(receiver.feed(messages.pack(40, packets[40:41]), 0.0)) == 160


def test_a_decoder_of_another_rate_is_refused():
    with pytest.raises(ArgumentError, match="expected an output of 8000 Hz, got 16000 Hz"):
        MessageReceiver(celpvq.Decoder(16000))
