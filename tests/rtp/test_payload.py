"""The payload format."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from celpvq import ArgumentError, ChecksumError, FormatError
from celpvq.codec.format.modes import PACKET_LENGTHS
from celpvq.rtp import payload
from celpvq.rtp.payload import Payload

lengths = st.sampled_from(PACKET_LENGTHS)
packets = lengths.flatmap(lambda n: st.binary(min_size=n, max_size=n))
redundancies = st.sampled_from([b"", b"abc", bytes(3)])


@given(packets, redundancies, st.booleans())
def test_unpacking_inverts_packing(packet, redundancy, crc):
    data = payload.pack(packet, redundancy=redundancy, crc=crc)
    assert len(data) == 1 + len(packet) + len(redundancy) + 2 * crc
    assert payload.unpack(memoryview(data)) == Payload(packet, redundancy)


@given(packets, redundancies, st.data())
def test_the_crc_finds_an_error_in_the_sensitive_bits(packet, redundancy, data):
    packed = bytearray(payload.pack(packet, redundancy=redundancy, crc=True))
    covered = [
        *range(1, 1 + min(len(packet), payload.CRC_COVERS)),
        *range(1 + len(packet), len(packed)),
    ]
    at = data.draw(st.sampled_from(covered))
    packed[at] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(ChecksumError, match="CRC"):
        payload.unpack(packed)


def test_an_error_in_the_other_bits_passes():
    packed = bytearray(payload.pack(bytes(16), crc=True))
    packed[1 + payload.CRC_COVERS] ^= 1
    assert payload.unpack(packed).packet == bytes(8) + b"\1" + bytes(7)


@given(st.binary(max_size=40))
def test_any_data_are_a_payload_or_refused(data):
    try:
        found = payload.unpack(data)
    except FormatError:
        return
    assert (
        payload.pack(found.packet, redundancy=found.redundancy, crc=bool(data[0] & 2))[:-1]
        == data[:-1]
    )


@pytest.mark.parametrize("data", [b"", b"\4", b"\0a", b"\1ab", b"\2a", b"\3abcd", bytes(9)])
def test_other_data_are_refused(data):
    with pytest.raises(FormatError, match="payload"):
        payload.unpack(data)


def test_other_lengths_are_not_packed():
    with pytest.raises(ArgumentError, match="got 7"):
        payload.pack(bytes(7))
    with pytest.raises(ArgumentError, match="got 2"):
        payload.pack(bytes(16), redundancy=b"ab")
