"""Packets: rows of indices to bytes and back."""

import dataclasses

import naive
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from celpvq.codec.format import bitstream
from celpvq.codec.format.modes import N_INDICES
from celpvq.errors import ArgumentError, FormatError


def index_bits(mode):
    return [n for field in mode.fields for n in field.bits]


@given(data=st.data())
def test_unpack_inverts_pack(mode, data):
    frame = st.tuples(*(st.integers(0, (1 << n) - 1) for n in index_bits(mode)))
    indices = np.array(data.draw(st.lists(frame, max_size=5)), np.int64).reshape(-1, N_INDICES)
    packets = bitstream.pack(mode, indices)
    assert len(packets) == len(indices) * mode.frame_bytes
    np.testing.assert_array_equal(bitstream.unpack(mode, packets), indices)


@given(data=st.data())
def test_pack_inverts_unpack_of_any_bytes(mode, data):
    n_frames = data.draw(st.integers(0, 5))
    size = n_frames * mode.frame_bytes
    packets = data.draw(st.binary(min_size=size, max_size=size))
    indices = bitstream.unpack(mode, packets)
    assert (indices < 1 << np.array(index_bits(mode))).all()
    assert bitstream.pack(mode, indices) == packets


def reordered(mode):
    """The mode with its bits in an order from lowest to highest places, last entries first."""
    bits = sorted(mode.allocation, key=lambda bit: (bit.place, -bit.entry, bit.field))
    order = tuple((bit.field, bit.entry, bit.place, bit.place) for bit in bits)
    return dataclasses.replace(mode, order=order)


@pytest.mark.parametrize("order", [lambda mode: mode, reordered], ids=["own", "reordered"])
def test_packets_hold_each_bit_of_each_index_once_in_the_modes_order(mode, order):
    ordered = order(mode)
    entries = [(field.name, i) for field in mode.fields for i in range(len(field.bits))]
    indices = np.random.default_rng(1).integers(0, bitstream.limits(ordered), (3, N_INDICES))
    assert len(set(ordered.transmission)) == ordered.bits_per_frame == 8 * ordered.frame_bytes
    text = "".join(
        str(row[entries.index((field, entry))] >> place & 1)
        for row in indices.tolist()
        for field, entry, place in ordered.transmission
    )
    packets = bitstream.pack(ordered, indices)
    assert packets == naive.octets(text)
    np.testing.assert_array_equal(bitstream.unpack(ordered, packets), indices)


def test_an_index_that_does_not_fit_is_named(mode):
    for column, n in enumerate(index_bits(mode)):
        for bad in (-1, 1 << n):
            indices = np.zeros((2, N_INDICES), np.int64)
            indices[1, column] = bad
            with pytest.raises(ArgumentError, match=rf"{mode.name}\.\w+: {bad} does not fit"):
                bitstream.pack(mode, indices)
    with pytest.raises(ArgumentError, match="indices: expected shape"):
        bitstream.pack(mode, np.zeros(N_INDICES, np.int64))
    with pytest.raises(FormatError, match=f"multiple of {mode.frame_bytes} bytes, got 1"):
        bitstream.unpack(mode, b"x")


def test_every_sid_is_its_indices():
    for value in range(0, 1 << 16, 2):
        data = value.to_bytes(2, "big")
        assert bitstream.pack_sid(bitstream.unpack_sid(data)) == data


@pytest.mark.parametrize("data", [b"", b"\0", b"\0\1", b"\0\0\0"])
def test_other_bytes_are_no_sid(data):
    with pytest.raises(FormatError, match="SID: expected 2 bytes, the last bit 0"):
        bitstream.unpack_sid(data)
