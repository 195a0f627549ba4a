"""Frame types: numbers for the kernels, names for users, counters in the stats."""

import dataclasses

from celpvq.codec.format import frame_types


def test_each_type_has_a_number_a_name_and_a_counter():
    counters = {field.name for field in dataclasses.fields(frame_types.DecoderStats)}
    for number, name in enumerate(frame_types.FRAME_TYPES):
        assert getattr(frame_types, name.upper()) == number
        assert name in counters
    assert counters - set(frame_types.FRAME_TYPES) == {"frames", "malformed"}
