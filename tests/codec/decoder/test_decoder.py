"""The decoder as a whole: its samples, its state, its reports."""

import numpy as np
import pytest
from inputs import frames

from celpvq import ArgumentError, ArgumentTypeError, FormatError
from celpvq.codec.decoder.decoder import FrameDecoder
from celpvq.codec.encoder.encoder import FrameEncoder
from celpvq.codec.format.frame_types import DecoderStats
from celpvq.codec.format.modes import FRAME_LEN, LPC_ORDER, PACKET_LENGTHS, SUBFRAME_LEN, modes

MODES = modes()


def packets(data, mode):
    return [data[i : i + mode.frame_bytes] for i in range(0, len(data), mode.frame_bytes)]


@pytest.fixture(scope="module")
def data(speech):
    """Packets of mode 6400, concatenated."""
    return b"".join(FrameEncoder(preset="fast").encode(speech))


# frames and runs ----------------------------------------------------------------------------------


def test_frames_one_by_one_make_the_samples_of_the_whole_run(mode, speech):
    data = b"".join(FrameEncoder(mode, "fast").encode(speech))
    whole = FrameDecoder().decode_run(data, mode)
    assert (whole.dtype, whole.shape) == (np.int16, speech.shape)
    decoder = FrameDecoder()
    one_by_one = [decoder.decode(packet) for packet in packets(data, mode)]
    assert {(y.dtype.name, y.shape) for y in one_by_one} == {("int16", (FRAME_LEN,))}
    np.testing.assert_array_equal(np.concatenate(one_by_one), whole)


def test_no_packets_are_no_samples():
    decoder = FrameDecoder()
    y = decoder.decode_run(b"", 6400)
    assert (y.dtype, y.shape) == (np.int16, (0,))
    assert decoder.last_frame is None
    assert decoder.stats.frames == 0


@pytest.mark.parametrize("n", sorted({*range(22), 24, 32, 160} - set(PACKET_LENGTHS)))
def test_a_packet_of_another_length_leaves_the_decoder_as_it_was(n, data):
    decoder = FrameDecoder()
    first = decoder.decode_run(data[:160], 6400)
    with pytest.raises(FormatError, match=rf"expected 0, 2, 12, 14, 16, 18, 20 bytes, got {n}"):
        decoder.decode(bytes(n))
    if n % 16:
        with pytest.raises(FormatError, match=rf"expected a multiple of 16 bytes, got {n}"):
            decoder.decode_run(bytes(n), 6400)
    y = np.r_[first, decoder.decode_run(data[160:], 6400)]
    np.testing.assert_array_equal(y, FrameDecoder().decode_run(data, 6400))


@pytest.mark.parametrize("other", ["data", None, 16, [0] * 16, np.zeros(16, np.uint8)])
def test_anything_but_bytes_leaves_the_decoder_as_it_was(other, data):
    decoder = FrameDecoder()
    first = decoder.decode_run(data[:160], 6400)
    if other is not None:  # None stands for a lost packet
        with pytest.raises(ArgumentTypeError, match="expected bytes"):
            decoder.decode(other)
    with pytest.raises(ArgumentTypeError, match="expected bytes"):
        decoder.decode_run(other, 6400)
    y = np.r_[first, decoder.decode_run(data[160:], 6400)]
    np.testing.assert_array_equal(y, FrameDecoder().decode_run(data, 6400))


def test_a_run_of_an_unknown_mode_is_refused():
    with pytest.raises(ArgumentError, match="mode"):
        FrameDecoder().decode_run(b"", 12200)


def test_packets_may_be_any_object_that_holds_bytes(data):
    expected = FrameDecoder().decode_run(data, 6400)
    for kind in (bytearray, memoryview, lambda x: memoryview(bytes(7) + x)[7:]):
        np.testing.assert_array_equal(FrameDecoder().decode_run(kind(data), 6400), expected)
        y = FrameDecoder().decode(kind(data[:16]))
        np.testing.assert_array_equal(y, expected[:FRAME_LEN])


def test_reset_starts_a_new_stream(mode, speech):
    data = b"".join(FrameEncoder(mode, "fast").encode(speech))
    decoder = FrameDecoder()
    first = decoder.decode_run(data, mode)
    decoder.decode(None)
    decoder.reset()
    assert decoder.mode is None
    np.testing.assert_array_equal(decoder.decode_run(data, mode), first)


# post-processing ----------------------------------------------------------------------------------


def test_without_enhancement_the_output_is_the_rounded_synthesis(mode, speech):
    encoder, decoder = FrameEncoder(mode, "fast"), FrameDecoder(enhancement=False)
    for x in frames(np.clip(speech * 3, -1, 1)):
        [packet] = encoder.encode(x)
        y = decoder.decode(packet)
        synthesis = encoder.state.committed.synthesis.speech[LPC_ORDER:]
        expected = np.clip(np.floor(synthesis * 32768 + 0.5), -32768, 32767)
        np.testing.assert_array_equal(y[-SUBFRAME_LEN:], expected)


def test_the_enhancement_changes_the_sound_but_not_the_memory(mode, speech):
    data = b"".join(FrameEncoder(mode, "fast").encode(speech))
    plain, filtered = FrameDecoder(enhancement=False), FrameDecoder()
    y, z = plain.decode_run(data, mode), filtered.decode_run(data, mode)
    assert plain.state.synthesis == filtered.state.synthesis
    a, b = y.astype(float), z.astype(float)
    assert 0.8 < a @ b / np.sqrt((a @ a) * (b @ b)) < 0.9999
    assert -1 < 10 * np.log10((b @ b) / (a @ a)) < 2  # its gain control


# reports ------------------------------------------------------------------------------------------


def test_losses_before_anything_are_silence():
    decoder = FrameDecoder()
    for packet in (None, b"", None):
        assert not decoder.decode(packet).any()
    assert decoder.mode is None
    stats = decoder.stats
    assert (stats.frames, stats.bad, stats.no_data) == (3, 2, 1)


def test_the_report_tells_type_mode_and_parameters(data):
    decoder = FrameDecoder()
    assert decoder.last_frame is None
    for packet, frame_type in [
        (data[:16], "speech"),
        (None, "bad"),
        (bytes(2), "sid"),
        (b"", "no_data"),
    ]:
        decoder.decode(packet)
        assert decoder.last_frame.type == frame_type
    assert decoder.last_frame.mode is MODES[2]
    assert (decoder.last_frame.lsf.shape, decoder.last_frame.lag.shape) == ((10,), (4,))
    with pytest.raises(FormatError):
        decoder.decode(b"\0\1")  # the last bit of a SID is 0
    stats = decoder.stats
    assert (stats.frames, stats.speech, stats.sid, stats.no_data, stats.bad) == (4, 1, 1, 1, 1)
    decoder.reset()
    assert decoder.stats == DecoderStats()
    assert decoder.last_frame is None
