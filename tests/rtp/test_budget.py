"""The budget of frames."""

import pytest

from celpvq import ArgumentError
from celpvq.rtp.budget import FrameBudget


def test_real_time_is_allowed_for_ever():
    budget = FrameBudget(burst_s=1.0)
    assert all(budget.take(1, 0.02 * frame) for frame in range(100_000))


def test_a_burst_is_allowed_once():
    budget = FrameBudget(burst_s=2.0)
    assert sum(budget.take(1, 5.0) for _ in range(1000)) == 100
    assert sum(budget.take(1, 6.0) for _ in range(1000)) == 51


def test_silence_saves_no_more_than_a_burst():
    budget = FrameBudget(burst_s=2.0)
    assert budget.take(1, 0.0)
    assert sum(budget.take(1, 3600.0) for _ in range(1000)) == 100


def test_what_does_not_fit_costs_nothing():
    budget = FrameBudget(burst_s=1.0)
    assert not budget.take(51, 0.0)
    assert budget.take(50, 0.0)


def test_a_clock_that_goes_back_gives_nothing():
    budget = FrameBudget(burst_s=1.0)
    assert budget.take(50, 100.0)
    assert not budget.take(1, 50.0)
    assert not budget.take(1, 100.0)
    assert budget.take(1, 100.02)


@pytest.mark.parametrize("burst_s", [0.5, 601, float("nan")])
def test_other_bursts_are_refused(burst_s):
    with pytest.raises(ArgumentError, match="burst_s: expected 1 to 600 s"):
        FrameBudget(burst_s)
