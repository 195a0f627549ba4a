"""Messages of numbered frames."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from celpvq import ArgumentError, ArgumentTypeError, FormatError
from celpvq.codec.format.modes import PACKET_LENGTHS
from celpvq.rtp import messages

lengths = st.sampled_from(PACKET_LENGTHS)
packets = lengths.flatmap(lambda n: st.binary(min_size=n, max_size=n))


@given(st.integers(0, 10**6), st.lists(packets, min_size=1, max_size=250))
def test_unpacking_inverts_packing(number, listed):
    message = messages.pack(number, listed)
    assert len(message) == 2 + sum(1 + len(packet) for packet in listed)
    assert len(message) <= messages.MAX_BYTES
    assert messages.unpack(memoryview(message)) == (number % 65536, listed)


@given(st.binary(max_size=80))
def test_any_data_are_a_message_or_refused(data):
    try:
        number, listed = messages.unpack(data)
    except FormatError:
        return
    assert messages.pack(number, listed) == data


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "expected 3 to 5252 bytes, got 0"),
        (b"\0\0", "expected 3 to 5252 bytes, got 2"),
        (bytes(5253), "expected 3 to 5252 bytes, got 5253"),
        (bytes(2 + 251), "expected at most 250 packets, got 251"),
        (b"\0\0\3abc", "expected packets of 0, 2, 12, 14, 16, 18, 20 bytes, got 3"),
        (b"\0\0\20" + bytes(15), "ends within a packet of 16 bytes"),
        (b"\0\0\0\2a", "ends within a packet of 2 bytes"),
    ],
)
def test_other_data_are_refused(data, words):
    with pytest.raises(FormatError, match=words):
        messages.unpack(data)


def test_text_is_refused_by_its_type():
    with pytest.raises(ArgumentTypeError, match="expected bytes, got str"):
        messages.unpack("text")


@pytest.mark.parametrize(
    ("number", "listed", "words"),
    [
        (-1, [b""], "number: expected 0 or more, got -1"),
        (0, [], "packets: expected 1 to 250, got 0"),
        (0, [b""] * 251, "packets: expected 1 to 250, got 251"),
        (0, [bytes(16), bytes(15)], "got 15"),
    ],
)
def test_other_packets_are_not_packed(number, listed, words):
    with pytest.raises(ArgumentError, match=words):
        messages.pack(number, listed)
