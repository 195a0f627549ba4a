"""Packets in files of ITU-T G.192."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from celpvq import channel
from celpvq.channel.g192 import ERASED, GOOD
from celpvq.codec.format.modes import PACKET_LENGTHS
from celpvq.errors import FormatError, TruncatedStream

lengths = st.sampled_from(PACKET_LENGTHS)
sound = lengths.flatmap(lambda n: st.binary(min_size=n, max_size=n))
packets = st.lists(st.none() | sound, max_size=8)


def g192(packets):
    file = io.BytesIO()
    assert channel.write_g192(file, packets) == len(packets)
    return file.getvalue()


@given(packets)
def test_g192_gives_back_the_packets(sent):
    data = g192(sent)
    assert list(channel.read_g192(io.BytesIO(data))) == sent
    swapped = np.frombuffer(data, "<u2").astype(">u2").tobytes()
    assert list(channel.read_g192(io.BytesIO(swapped))) == sent


def test_g192_is_what_the_standard_says():
    words = np.frombuffer(g192([b"\x81", None, b""]), "<u2").tolist()
    soft = [0x0081, 0x007F, 0x007F, 0x007F, 0x007F, 0x007F, 0x007F, 0x0081]
    assert words == [0x6B21, 8, *soft, 0x6B20, 0, 0x6B21, 0]


def test_bits_of_an_erased_frame_do_not_count():
    words = np.array([ERASED, 8, *[0] * 8, GOOD, 8, *[0x81] * 8], "<u2")
    assert list(channel.read_g192(io.BytesIO(words.tobytes()))) == [None, b"\xff"]


@given(st.integers(1, 59))
def test_a_cut_g192_file_is_truncated(n):
    data = g192([b"ab", b"c"])
    assert len(data) == 56
    if n < 56 and n != 36:
        with pytest.raises(TruncatedStream):
            list(channel.read_g192(io.BytesIO(data[:n])))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([0x6B22, 0], "frame 0: expected a sync word 0x6B21 or 0x6B20, got 0x6b22"),
        ([GOOD, 8, *[0x7F] * 7, 0], "frame 0: expected softbits .* got 0x0000"),
        ([GOOD, 0, GOOD, 9], "frame 1: expected whole bytes, .* got 9"),
        ([GOOD, 0xFFF8], "frame 0: expected .* at most 2040 bits, got 65528"),
    ],
)
def test_what_is_not_g192_is_refused(words, message):
    with pytest.raises(FormatError, match=message):
        list(channel.read_g192(io.BytesIO(np.array(words, "<u2").tobytes())))
