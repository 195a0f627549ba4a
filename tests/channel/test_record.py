"""The record of a channel."""

import json

import pytest

from celpvq import channel
from celpvq.errors import ArgumentError


def test_a_record_counts_what_happened():
    sent = [b"\0\0", b"\0\0", b"", b"\0\0", b"\0\0", b"\0\0"]
    record = channel.Record.of(sent, [None, b"\0\3", b"", None, None, b"\0\0"])
    assert (record.n_frames, record.n_sent, record.n_bits) == (6, 5, 80)
    assert (record.n_lost, record.n_bursts, record.longest_burst, record.n_bit_errors) == (
        3,
        2,
        2,
        2,
    )
    assert str(record) == (
        "3 of 5 packets lost (60.00 %) in 2 bursts, the longest of 2; 2 of 80 bits wrong (2.50e-02)"
    )
    assert record.table(".csv", {}).decode().splitlines() == [
        "frame,n_bytes,lost,bit_errors", "0,2,1,0", "1,2,0,2", "3,2,1,0", "4,2,1,0",
    ]  # fmt: skip
    log = json.loads(record.table(".json", {"seed": 3}))
    assert (log["seed"], log["n_lost"], log["errors"][1]["bit_errors"]) == (3, 3, 2)
    assert channel.Record.of([b""], [b""]).longest_burst == 0
    with pytest.raises(ArgumentError, match="expected 1 packets, got 0"):
        channel.Record.of([b"a"], [])
    with pytest.raises(ArgumentError, match="expected 1 bytes in frame 0, got 2"):
        channel.Record.of([b"a"], [b"ab"])
