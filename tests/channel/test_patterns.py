"""Error patterns in files of ITU-T G.191."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from celpvq import channel
from celpvq.errors import FormatError


@given(
    st.lists(st.booleans(), min_size=1), st.sampled_from(["frames", "bits"]),
    st.sampled_from(["g192", "byte", "compact"]),
)  # fmt: skip
def test_patterns_are_read_as_written(mask, kind, form):
    file = io.BytesIO()
    channel.write_pattern(file, channel.Pattern(kind, np.array(mask)), form)
    data = file.getvalue()
    assert (
        len(data) == {"g192": 2 * len(mask), "byte": len(mask), "compact": -(-len(mask) // 8)}[form]
    )
    found = channel.read_pattern(data, kind if form == "compact" else None)
    assert found.kind == kind
    assert found.mask[: len(mask)].tolist() == mask
    assert not found.mask[len(mask) :].any()
    if form == "g192":
        swapped = channel.read_pattern(np.frombuffer(data, "<u2").astype(">u2").tobytes())
        assert (swapped.kind, swapped.mask.tolist()) == (kind, mask)


def test_patterns_are_what_the_standard_says():
    assert channel.read_pattern(b"\x21\x6b\x20\x6b").mask.tolist() == [False, True]
    assert channel.read_pattern(b"\x21\x20").kind == "frames"
    assert channel.read_pattern(b"\x7f\x81")[1].tolist() == [False, True]
    assert np.flatnonzero(channel.read_pattern(b"\x01\x80", "frames").mask).tolist() == [0, 15]
    for data in (b"", b"abc", b"\x21\x81"):
        with pytest.raises(FormatError, match="error pattern: expected"):
            channel.read_pattern(data)
