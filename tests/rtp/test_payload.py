"""What travels around a packet comes back, or is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from celpvq import ArgumentError, ChecksumError, FormatError, envelope
from celpvq.codec.format.modes import BY_LENGTH

lengths = st.sampled_from([0, 2, *BY_LENGTH])
packets = lengths.flatmap(lambda n: st.binary(min_size=n, max_size=n))
copies = st.sampled_from([b"", b"abc", bytes(3)])


@given(packets, copies, st.booleans())
def test_unpacking_inverts_packing(packet, copy, crc):
    data = envelope.pack(packet, copy=copy, crc=crc)
    assert len(data) == 1 + len(packet) + len(copy) + 2 * crc
    assert envelope.unpack(memoryview(data)) == envelope.Envelope(packet, copy)


@given(packets, copies, st.data())
def test_a_wrong_bit_where_it_hurts_is_found(packet, copy, data):
    packed = bytearray(envelope.pack(packet, copy=copy, crc=True))
    covered = [
        *range(1, 1 + min(len(packet), envelope.COVERED)),
        *range(1 + len(packet), len(packed)),
    ]
    at = data.draw(st.sampled_from(covered))
    packed[at] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(ChecksumError, match="CRC"):
        envelope.unpack(packed)


def test_a_wrong_bit_elsewhere_passes():
    packed = bytearray(envelope.pack(bytes(16), crc=True))
    packed[1 + envelope.COVERED] ^= 1
    assert envelope.unpack(packed).packet == bytes(8) + b"\1" + bytes(7)


@given(st.binary(max_size=40))
def test_anything_is_an_envelope_or_refused(data):
    try:
        found = envelope.unpack(data)
    except FormatError:
        return
    assert envelope.pack(found.packet, copy=found.copy, crc=bool(data[0] & 2))[:-1] == data[:-1]


@pytest.mark.parametrize("data", [b"", b"\4", b"\0a", b"\1ab", b"\2a", b"\3abcd", bytes(9)])
def test_what_is_no_envelope_is_refused(data):
    with pytest.raises(FormatError, match="envelope"):
        envelope.unpack(data)


def test_what_is_no_packet_is_not_packed():
    with pytest.raises(ArgumentError, match="got 7"):
        envelope.pack(bytes(7))
    with pytest.raises(ArgumentError, match="got 2"):
        envelope.pack(bytes(16), copy=b"ab")
