"""Modes: the allocation of their bits, the order of these in a packet, and lookups."""

import dataclasses

import pytest

from celpvq.codec.format import modes
from celpvq.codec.format.modes import DELAY, FRAME_LEN, Field, Mode
from celpvq.errors import ArgumentError


def test_an_order_is_written_in_runs():
    plain = Mode(400, (Field("lsf", (1, 2)), Field("lag", (5,))))
    assert plain.transmission == plain.allocation
    assert plain.allocation[:4] == (("lsf", 0, 0), ("lsf", 1, 1), ("lsf", 1, 0), ("lag", 0, 4))
    mode = dataclasses.replace(
        plain, order=(("lag", 0, 4, 3), ("lsf", 0, 0, 0), ("lag", 0, 2, 0), ("lsf", 1, 1, 0))
    )
    assert "".join(str(bit.place) for bit in mode.transmission) == "43021010"
    assert [bit.field for bit in mode.transmission[1:4]] == ["lag", "lsf", "lag"]


@pytest.mark.skipif(not __debug__, reason="needs assertions")
@pytest.mark.parametrize(
    "order",
    [
        (("lsf", 0, 0, 0),),
        (("lag", 0, 4, 0), ("lsf", 0, 0, 0), ("lsf", 1, 1, 1), ("lsf", 1, 1, 1)),
        (("lag", 0, 4, 0), ("lsf", 0, 0, 0), ("lsf", 2, 1, 0)),
    ],
    ids=["some missing", "one twice", "no such entry"],
)
def test_an_order_that_does_not_send_each_bit_once_is_refused(order):
    with pytest.raises(AssertionError, match="each bit is sent once"):
        Mode(400, (Field("lsf", (1, 2)), Field("lag", (5,))), order)


def test_the_bits_of_a_mode_fill_its_bytes_and_make_its_rate(mode):
    assert mode.bits_per_frame == 8 * mode.frame_bytes == mode.bitrate * FRAME_LEN // 8000
    assert len(set(mode.transmission)) == mode.bits_per_frame
    assert modes.BY_LENGTH[mode.frame_bytes] is mode


def test_the_length_of_a_packet_tells_its_type():
    assert modes.PACKET_LENGTHS == (0, 2, 12, 14, 16, 18, 20)


@pytest.mark.parametrize("n_samples", [0, 1, 119, 120, 121, 160, 279, 280, 281, 8000])
def test_frames_hold_all_samples_and_the_delay(n_samples):
    n = modes.n_frames(n_samples)
    assert (n - 1) * FRAME_LEN < n_samples + DELAY <= n * FRAME_LEN


def test_a_mode_is_found_by_rate_name_or_itself(mode):
    for name in (mode.bitrate, mode.name, mode):
        assert modes.get(name) is mode
    with pytest.raises(ArgumentError, match="mode: expected one of"):
        modes.get(dataclasses.replace(mode, bitrate=400))
