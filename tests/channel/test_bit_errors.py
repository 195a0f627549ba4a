"""Bit errors: their statistics, and the fields that they are restricted to."""

import numpy as np
import pytest

import celpvq
from celpvq import channel
from celpvq.codec.format import bitstream

modes = pytest.mark.parametrize("mode", celpvq.modes(), ids=lambda mode: mode.name)


def test_bit_errors_have_their_rate_and_spread_evenly():
    sent = [bytes(16)] * 5000
    for ber in (1e-3, 1e-2):
        got = np.frombuffer(b"".join(channel.flip_bits(sent, ber, seed=1)), np.uint8)
        wrong = np.unpackbits(got)
        assert wrong.mean() == pytest.approx(ber, abs=5 * np.sqrt(ber / wrong.size))
    per_bit = wrong.reshape(5000, 128).sum(axis=0)
    assert per_bit.min() > 15
    assert per_bit.max() < 100


def test_error_bursts_cross_packets():
    got = channel.flip_bits([bytes(16)] * 5000, 1e-2, seed=1, burst=200)
    wrong = np.unpackbits(np.frombuffer(b"".join(got), np.uint8))
    assert wrong.mean() == pytest.approx(1e-2, rel=0.3)
    hit = wrong.reshape(-1, 128).any(axis=1)
    assert hit.mean() < 0.06  # of independent bits: 0.72
    assert (hit[1:] & hit[:-1]).sum() > 0.3 * hit.sum()
    assert wrong[1:][wrong[:-1] == 1].mean() == pytest.approx(0.5, abs=0.05)


@modes
def test_only_the_selected_fields_change(mode):
    rng = np.random.default_rng(1)
    indices = rng.integers(0, bitstream.limits(mode), (20, 16))
    data = bitstream.pack(mode, indices)
    size = mode.frame_bytes
    sent = [data[i : i + size] for i in range(0, len(data), size)]
    names = [(field.name, i) for field in mode.fields for i in range(len(field.bits))]
    for fields in (["lag"], ["lsf0", "gain"], ["fcb3"]):
        got = b"".join(channel.flip_bits(sent, 1.0, seed=1, fields=fields))
        chosen = [name in fields or f"{name}{i}" in fields for name, i in names]
        every = (bitstream.limits(mode) - 1) * chosen
        np.testing.assert_array_equal(bitstream.unpack(mode, got), indices ^ every)


def test_lost_packets_and_no_data_stay_as_they_are():
    sent = [None, b"", b"\0\0", bytes(12)]
    assert channel.flip_bits(sent, 1.0, 1) == [None, b"", b"\xff\xff", b"\xff" * 12]
    assert channel.flip_bits(sent, 1.0, 1, fields=["lsf", "lag", "gain", "fcb"]) == [
        None, b"", b"\0\0", b"\xff" * 12,
    ]  # fmt: skip


def test_a_mask_of_errors_is_repeated():
    pattern = np.array([True, False, False])
    assert channel.flip_by([b"\0", None, b"", b"\0"], pattern) == [
        bytes([0b10010010]), None, b"", bytes([0b01001001]),
    ]  # fmt: skip
