"""Losses: their statistics, and packets without the lost ones."""

import numpy as np
import pytest

from celpvq import channel
from celpvq.errors import ArgumentError, ArgumentTypeError

N = 200_000


def bursts(mask):
    """The lengths of the runs of losses."""
    edges = np.flatnonzero(np.diff(np.r_[0, mask.astype(int), 0]))
    return edges[1::2] - edges[::2]


@pytest.mark.parametrize("rate", [0, 0.01, 0.05, 0.3, 1])
def test_random_losses_have_their_rate_and_no_memory(rate):
    lost = channel.random_losses(N, rate, seed=1)
    assert abs(lost.mean() - rate) <= 5 * np.sqrt(rate * (1 - rate) / N)
    if 0 < rate < 1:
        assert bursts(lost).mean() == pytest.approx(1 / (1 - rate), rel=0.03)


@pytest.mark.parametrize("rate", [0.01, 0.05, 0.3])
@pytest.mark.parametrize("burst", [1, 1.5, 4, 20])
def test_bursts_have_their_rate_and_a_geometric_length(rate, burst):
    lost = channel.gilbert_elliott_losses(N, rate, burst, seed=2)
    lengths = bursts(lost)
    # a renewal process: the variance of the rate is that of runs, good and bad, over their number
    assert abs(lost.mean() - rate) <= 5 * rate * np.sqrt(2 / len(lengths))
    assert lengths.mean() == pytest.approx(burst, abs=5 * burst / np.sqrt(len(lengths)))
    longer = (lengths > burst).mean()
    expected = (1 - 1 / burst) ** int(burst)
    assert longer == pytest.approx(expected, abs=5 * np.sqrt(0.25 / len(lengths)))


def test_a_channel_may_begin_in_the_bad_state():
    first = [channel.gilbert_elliott_losses(3, 0.3, 5, seed)[0] for seed in range(2000)]
    assert np.mean(first) == pytest.approx(0.3, abs=0.05)


def test_the_bad_state_may_lose_only_a_share():
    lost = channel.gilbert_elliott_losses(N, 0.05, 50, seed=3, density=0.5)
    assert lost.mean() == pytest.approx(0.05, rel=0.15)
    inside = np.convolve(lost, np.ones(5), "same")[lost].mean() - 1  # of the four around a loss
    assert inside / 4 == pytest.approx(0.5, abs=0.05)


def test_a_seed_repeats_and_another_differs():
    for draw in (
        lambda seed: channel.random_losses(1000, 0.1, seed),
        lambda seed: channel.gilbert_elliott_losses(1000, 0.1, 3, seed),
        lambda seed: channel.flip_bits([bytes(16)] * 50, 0.01, seed),
        lambda seed: channel.flip_bits([bytes(16)] * 50, 0.01, seed, burst=8),
    ):
        assert np.array_equal(draw(7), draw(7))
        assert not np.array_equal(draw(7), draw(8))


def test_no_data_cannot_be_lost():
    assert channel.drop([b"a", b"", b"c"], [True, True, False]) == [None, b"", b"c"]
    with pytest.raises(ArgumentError, match="expected 1 flags, got 2"):
        channel.drop([b"a"], [True, False])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: channel.random_losses(9, 1.5, 1), "rate: expected from 0 to 1, got 1.5"),
        (lambda: channel.random_losses(9, float("nan"), 1), "rate: expected from 0 to 1"),
        (lambda: channel.gilbert_elliott_losses(9, 0.1, 0.5, 1), "burst: expected at least 1"),
        (lambda: channel.gilbert_elliott_losses(9, 0.8, 2, 1), "at most 0.667 in bursts of 2"),
        (lambda: channel.gilbert_elliott_losses(9, 0.1, 2, 1, 0), "density: expected above 0"),
        (lambda: channel.gilbert_elliott_losses(9, 0.1, 2, -1), "seed: .* got -1"),
        (lambda: channel.gilbert_elliott_losses(9, 0.1, "3", 1), "burst: expected a number"),
        (lambda: channel.flip_bits([], None, 1), "ber: expected a number, got None"),
        (lambda: channel.flip_bits([], -1, 1), "ber: expected from 0 to 1"),
        (lambda: channel.flip_bits([b"a"], 0, 1, fields=["pitch"]), "fields: expected .*, got 'pi"),
        (lambda: channel.flip_by([b"a"], np.zeros(0, bool)), "errors: expected at least one flag"),
        (lambda: channel.read_pattern(b"x", "words"), "compact: expected frames or bits"),
    ],
)
def test_impossible_channels_are_refused(call, words):
    with pytest.raises((ArgumentError, ArgumentTypeError), match=words):
        call()
