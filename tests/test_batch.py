"""Batches give the results of single calls, in order, and work on items at the same time."""

import threading

import numpy as np
import pytest

import celpvq
from celpvq import api

SIGNALS = [0.3 * np.sin(0.1 * k * np.arange(300 + 400 * k)) for k in range(1, 6)]


@pytest.mark.parametrize("n_threads", [None, 1, 2, 9])
def test_batches_are_the_single_calls_in_order(n_threads):
    coded = celpvq.encode_batch(iter(SIGNALS), 16000, 4800, "fast", dtx=True, n_threads=n_threads)
    assert coded == [celpvq.encode(x, 16000, 4800, "fast", dtx=True) for x in SIGNALS]
    decoded = celpvq.decode_batch(
        iter(coded), None, "int16", n_threads=n_threads, enhancement=False
    )
    assert len(decoded) == len(SIGNALS)
    for data, (y, rate) in zip(coded, decoded, strict=True):
        expected, expected_rate = celpvq.decode(data, None, "int16", enhancement=False)
        np.testing.assert_array_equal(y, expected)
        assert rate == expected_rate == 16000


def test_items_are_worked_on_at_the_same_time(monkeypatch):
    meeting = threading.Barrier(3, timeout=30)
    monkeypatch.setattr(api, "decode", lambda data, *_: meeting.wait() >= 0)
    assert celpvq.decode_batch([1, 2, 3, 4, 5, 6], n_threads=3) == [True] * 6


def test_the_first_refused_item_is_named():
    signals = [SIGNALS[0], np.ones((2, 2, 2)), [np.nan], SIGNALS[1]]
    for n_threads in (1, 3):
        with pytest.raises(celpvq.ArgumentError, match=r"^item 1: x: ") as caught:
            celpvq.encode_batch(signals, 8000, n_threads=n_threads)
        assert isinstance(caught.value.__cause__, celpvq.ArgumentError)
    data = celpvq.encode(SIGNALS[0], 8000)
    with pytest.raises(celpvq.TruncatedStream, match=r"^item 2: "):
        celpvq.decode_batch([data, data, data[:-3]])
    with pytest.raises(celpvq.ArgumentTypeError, match=r"^item 0: data: "):
        celpvq.decode_batch(["text"])


@pytest.mark.parametrize(
    ("n_threads", "error"),
    [
        (0, celpvq.ArgumentError),
        (-1, celpvq.ArgumentError),
        ("2", celpvq.ArgumentTypeError),
        (True, celpvq.ArgumentTypeError),
    ],
)
def test_a_bad_number_of_threads_is_refused(n_threads, error):
    with pytest.raises(error, match="n_threads: expected"):
        celpvq.encode_batch([], 8000, n_threads=n_threads)
    with pytest.raises(error, match="n_threads: expected"):
        celpvq.decode_batch([], n_threads=n_threads)


def test_an_empty_batch_is_an_empty_list():
    assert celpvq.encode_batch([], 8000) == []
    assert celpvq.decode_batch([]) == []
