"""Presets: their names and the limits that the kernels rely on."""

import pytest

from celpvq.codec.encoder import presets
from celpvq.errors import ArgumentError


@pytest.mark.parametrize("bitrate", [4800, 5600, 6400, 7200, 8000])
def test_no_preset_exceeds_what_the_kernels_have_room_for(preset, bitrate):
    width = presets.get(preset, bitrate)
    limits = {name: getattr(presets, f"MAX_{name.upper()}") for name in width._fields}
    assert all(1 <= value <= limits[name] for name, value in width._asdict().items())
    assert 1 <= presets.LSF_SURVIVORS <= presets.MAX_LSF_SURVIVORS


@pytest.mark.parametrize("name", ["", "Fast", "slow", None, 3, ["fast"]])
def test_other_presets_are_refused(name):
    with pytest.raises(ArgumentError, match="preset: expected one of fast, default, best"):
        presets.get(name)
