"""Estimates of the sound that is still to be done."""

import pytest

from celpvq.folders.entries import Entry
from celpvq.folders.estimate import Estimate


def entry(ending, size, seconds=None):
    return Entry("k", "", "k", ending, size, seconds)


def test_an_estimate_learns_from_the_files_that_are_finished():
    estimate = Estimate()
    wavs = [entry(".wav", 32_000 * (k + 1)) for k in range(3)]
    others = [entry(".xyz", 100), entry(".mp3", 8000), entry(".wav", 1, seconds=7.5)]
    for e in (*wavs, *others):
        estimate.add(e)
    assert estimate.total == pytest.approx(1 + 2 + 3 + 100 / 32_000 + 1 + 7.5)
    estimate.finish(wavs[0], 4.0)  # 8 kHz, 8 bits
    assert estimate.total == pytest.approx(4 * 6 + 100 / 32_000 + 1 + 7.5)
    estimate.finish(others[1], 0.5)
    estimate.remove(others[0])
    assert estimate.total == pytest.approx(4 * 6 + 0.5 + 7.5)
    estimate.finish(others[2], 7.0)
    for e, seconds in zip(wavs[1:], (8.0, 11.0), strict=True):
        estimate.finish(e, seconds)
    assert estimate.total == estimate.finished == pytest.approx(4 + 0.5 + 7 + 8 + 11)
