"""The noise generator: the same numbers everywhere, white, uniform, of the rms asked for."""

import itertools

import naive
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from inputs import seeds

from celpvq.codec.common import noise

MULTIPLIER, INCREMENT, MODULUS = 1664525, 1013904223, 2**32


@given(seeds, st.floats(1e-9, 10), st.integers(0, 200))
@example(2**32 - 1, 1.0, 200)
@example(0, 1.0, 1)
def test_noise_agrees_with_the_naive_twin_to_the_bit(seed, scale, n):
    expected, expected_seed = naive.noise(seed, scale, n)
    out = np.full(n, np.nan)
    assert noise.fill(seed, scale, out) == expected_seed
    np.testing.assert_array_equal(out, expected)


def test_the_first_seeds_agree_with_a_published_list():
    """The sequence from 0 stands in "Numerical Recipes in C", 2nd edition, 7.1."""
    published = [0x3C6EF35F, 0x47502932, 0xD1CCF6E9, 0xAAF95334, 0x6252E503]
    seed, found = 0, []
    for _ in published:
        seed = noise.fill(seed, 1.0, np.empty(1))
        found.append(seed)
    assert found == published


@given(seeds, st.lists(st.integers(0, 60), min_size=1, max_size=6))
def test_parts_of_any_length_make_the_whole(seed, lengths):
    whole = np.empty(sum(lengths))
    last = noise.fill(seed, 0.5, whole)
    parts = [np.empty(n) for n in lengths]
    for part in parts:
        seed = noise.fill(seed, 0.5, part)
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    assert seed == last


def test_the_period_is_all_of_32_bits():
    """The theorem of Hull and Dobell, and the step back to the seed from the one after it."""
    assert INCREMENT % 2 == 1
    assert MULTIPLIER % 4 == 1
    seed, multiplier, increment = 12345, MULTIPLIER, INCREMENT
    for _ in range(31):  # the map of 2^31 steps, by doubling
        multiplier, increment = multiplier**2 % MODULUS, increment * (multiplier + 1) % MODULUS
    half = (multiplier * seed + increment) % MODULUS
    assert half == seed ^ 1 << 31  # half a period is never a whole one
    before = (seed - INCREMENT) * pow(MULTIPLIER, -1, MODULUS) % MODULUS
    assert noise.fill(before, 1.0, np.empty(1)) == seed  # the kernel has these constants


def test_no_number_repeats_in_ten_minutes_of_noise():
    x = np.empty(8000 * 600)
    noise.fill(1, 1.0, x)
    assert len(np.unique(x)) == len(x)


@pytest.mark.parametrize("scale", [1e-6, 0.1, 3.0])
@pytest.mark.parametrize("seed", [0, 1, 2**31, 2**32 - 1])
def test_the_mean_is_zero_and_the_rms_is_the_scale(seed, scale):
    x = np.empty(100_000)
    noise.fill(seed, scale, x)
    assert abs(x.mean()) < 0.02 * scale  # six standard deviations
    assert np.sqrt(np.mean(x**2)) == pytest.approx(scale, rel=0.01)
    assert np.abs(x).max() <= scale * np.sqrt(3)


def test_noise_is_uniform_and_white():
    x = np.empty(100_000)
    noise.fill(7, 1 / np.sqrt(3), x)  # within +-1
    counts, _ = np.histogram(x, bins=10, range=(-1, 1))
    np.testing.assert_allclose(counts, 10_000, rtol=0.05)
    spectrum = np.abs(np.fft.rfft(x)[1:] / np.std(x)) ** 2 / len(x)
    bands = spectrum[: 50_000 // 10 * 10].reshape(10, -1).mean(axis=1)
    np.testing.assert_allclose(bands, 1, rtol=0.1)
    for lag in (1, 2, 3, 40, 160):
        assert abs(np.corrcoef(x[lag:], x[:-lag])[0, 1]) < 0.02


def test_other_seeds_give_other_noise():
    streams = np.empty((4, 8000))
    for seed, stream in zip((0, 1, 69069, 2**31), streams, strict=True):
        noise.fill(seed, 1.0, stream)
    for one, other in itertools.combinations(streams, 2):
        assert (one != other).mean() > 0.99


def test_a_scale_of_zero_is_silence_and_the_seed_moves_on():
    out = np.full(5, np.nan)
    assert noise.fill(3, 0.0, out) == naive.noise(3, 1.0, 5)[1]
    assert not out.any()
