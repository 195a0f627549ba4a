"""Datagrams: RTP packets and BYE."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from celpvq.errors import ArgumentError, FormatError
from celpvq.rtp import RtpPacket
from celpvq.rtp.packet import bye, bye_sources, is_rtcp

numbers = st.tuples(
    st.integers(0, 2**16 - 1), st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1),
    st.binary(max_size=20), st.booleans(), st.integers(0, 127),
)  # fmt: skip


@given(numbers)
def test_a_packet_is_read_as_written(fields):
    packet = RtpPacket(*fields)
    assert RtpPacket.from_bytes(packet.to_bytes()) == packet


def test_the_header_is_that_of_rfc_3550():
    data = RtpPacket(0x1234, 0x01020304, 0xAABBCCDD, b"xy", True, 97).to_bytes()
    assert data == bytes.fromhex("80e1 1234 01020304 aabbccdd") + b"xy"
    assert not is_rtcp(data)
    assert RtpPacket.from_bytes(
        bytes.fromhex("b2 61 1234 01020304 aabbccdd 00000001 00000002 beef0001 00000000")
        + b"xy" + b"\0\0\3"
    ) == RtpPacket(0x1234, 0x01020304, 0xAABBCCDD, b"xy")  # fmt: skip


@given(st.binary(max_size=40))
def test_any_datagram_is_a_packet_or_a_format_error(data):
    for read in (RtpPacket.from_bytes, bye_sources):
        try:
            read(data)
        except FormatError:
            continue


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\x80a" + bytes(9), "expected 12 to 1500 bytes, got 11"),
        (b"\x80a" + bytes(1500), "got 1502"),
        (b"\x40a" + bytes(10), "version 2, got 1"),
        (b"\x81a" + bytes(10), "take more than 12"),
        (b"\x90a" + bytes(10), "extension does not fit"),
        (b"\x90a" + bytes(10) + b"\0\0\0\1", "take more than 16"),
        (b"\xa0a" + bytes(10), "padding, got 0"),
        (b"\xa0a" + bytes(10) + b"\2", "take more than 13"),
    ],
)
def test_other_data_are_refused(data, message):
    with pytest.raises(FormatError, match=message):
        RtpPacket.from_bytes(data)


def test_numbers_that_do_not_fit_are_refused():
    for packet in (RtpPacket(1 << 16, 0, 0, b""), RtpPacket(0, 0, 0, b"", payload_type=128)):
        with pytest.raises(ArgumentError):
            packet.to_bytes()


def test_a_bye_names_its_sources():
    data = bye(0xAABBCCDD)
    assert is_rtcp(data)
    assert data == bytes.fromhex("80c90001aabbccdd 81cb0001aabbccdd")
    assert bye_sources(data) == {0xAABBCCDD}
    assert bye_sources(data[:8]) == set()
    for cut in range(9, 16):
        with pytest.raises(FormatError):
            bye_sources(data[:cut])
    with pytest.raises(FormatError):
        bye_sources(bytes.fromhex("82cb0001aabbccdd"))
