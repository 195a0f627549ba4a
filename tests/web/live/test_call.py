"""One call: packets as the encoder makes them, lost as the channel says."""

import itertools
import struct

import numpy as np
import pytest

import celpvq
from celpvq.errors import FormatError
from celpvq.live import losses
from celpvq.rtp import payload
from celpvq.web.live.call import FRAME_BYTES, Call
from celpvq.web.live.choices import Choices


@pytest.fixture(scope="module")
def frames(clips):
    """A second of speech and a pause, in frames of int16."""
    x = np.concatenate([clips["espeak-f-es"][4000:12000], np.zeros(8000)])
    return np.round(x * 32767).astype("<i2").reshape(-1, 160)


def message(number, frame):
    return struct.pack("<I", number) + frame.tobytes()


def read(answer):
    """Number, size and payload of an answer; the payload is None if the packet is lost."""
    number, size = struct.unpack_from("<IB", answer)
    return number, size, payload.unpack(answer[5:]) if answer[5:] else None


def answers(call, frames):
    return [read(call.answer(message(k, frame))) for k, frame in enumerate(frames)]


def test_the_packets_are_those_of_the_encoder(frames):
    encoder = celpvq.Encoder(4800, "fast")
    expected = [encoder.encode_frame(frame) for frame in frames]
    got = answers(Call(Choices(4800, preset="fast")), frames)
    assert [number for number, _, _ in got] == list(range(len(frames)))
    assert [content.packet for _, _, content in got] == expected
    assert {size for _, size, _ in got} == {12}


def test_every_choice_may_change_at_every_frame(frames):
    choices = [
        Choices(rate, preset=preset, dtx=dtx)
        for rate, preset, dtx in itertools.product((4800, 8000), ("fast", "best"), (False, True))
    ] + [Choices(vbr=5600, preset="fast"), Choices(vbr=7000, dtx=True)]
    call, encoder = Call(choices[0]), celpvq.Encoder()
    lengths = set()
    for k, frame in enumerate(frames):
        now = choices[k % len(choices)]
        call.choose(now)
        encoder.mode, encoder.preset, encoder.dtx = now.rate, now.preset, now.dtx
        _, size, content = read(call.answer(message(k, frame)))
        assert content.packet == encoder.encode_frame(frame)
        lengths.add(size)
    assert lengths >= {2, 12, 20}


def test_a_variable_rate_that_stays_keeps_its_average(frames):
    call, encoder = Call(Choices(vbr=5600)), celpvq.Encoder("vbr", bitrate=5600)
    for k, frame in enumerate(frames):
        call.choose(Choices(vbr=5600, loss=k % 3))
        call.answer(message(k, frame))
        encoder.encode_frame(frame)
    assert call._encoder.state.rate == encoder.state.rate


def test_lost_packets_tell_their_size_alone(frames):
    lost = list(itertools.islice(losses(0.3, 2.0, 7), len(frames)))
    got = answers(Call(Choices(6400, preset="fast", loss=30, burst=2.0), seed=7), frames)
    assert [content is None for _, _, content in got] == lost
    assert 0 < sum(lost) < len(lost)
    assert {size for _, size, _ in got} == {16}


def test_new_losses_begin_at_the_next_frame(frames):
    call = Call(Choices(preset="fast"))
    assert all(content is not None for _, _, content in answers(call, frames[:20]))
    call.choose(Choices(preset="fast", loss=50))
    assert 0 < sum(content is None for _, _, content in answers(call, frames[:40])) < 40


def test_frames_that_are_not_sent_are_not_lost(frames):
    got = answers(Call(Choices(preset="fast", dtx=True, loss=50)), frames[-20:])
    assert all(content is not None for _, size, content in got if size == 0)


def test_a_packet_carries_the_redundant_frame_of_the_one_before(frames):
    encoder = celpvq.Encoder(4800, "fast", dtx=True)
    got = answers(Call(Choices(4800, preset="fast", dtx=True, redundancy=True)), frames)
    before = b""
    for frame, (_, size, content) in zip(frames, got, strict=True):
        packet = encoder.encode_frame(frame)
        expected = before if packet else b""
        assert (content.packet, content.redundancy) == (packet, expected)
        assert size == len(packet) + len(expected)
        before = encoder.redundancy


@pytest.mark.parametrize("size", [0, FRAME_BYTES - 1, FRAME_BYTES + 1])
def test_a_message_of_another_length_is_refused(size):
    with pytest.raises(FormatError, match=f"expected 324 bytes, got {size}"):
        Call(Choices()).answer(bytes(size))
