import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from celpvq import ArgumentError, ArgumentTypeError
from celpvq.audio import Resampler
from celpvq.audio.resampler import _lowpass

RATES = [4000, 8000, 11025, 16000, 22050, 32000, 44100, 48000, 96000, 192000]


def resampled(x, from_hz, to_hz):
    resampler = Resampler(from_hz, to_hz)
    return np.concatenate([resampler.write(x), resampler.flush()])


def tone(hz, samplerate, seconds=1.0):
    return np.sin(2 * np.pi * hz * np.arange(round(seconds * samplerate)) / samplerate)


@settings(max_examples=40)
@given(
    rates=st.sampled_from(
        [*((r, 8000) for r in RATES), (8000, 44100), (8000, 16000), (9999, 8000)]
    ),
    cuts=st.lists(st.integers(0, 30000), max_size=12),
    n=st.sampled_from([0, 1, 159, 160, 161, 8193, 30000]),
)
def test_chunks_of_any_size_resample_as_the_whole(rates, cuts, n):
    x = np.random.default_rng(1).normal(size=n)
    resampler = Resampler(*rates)
    edges = [0, *sorted(min(c, n) for c in cuts), n]
    parts = [resampler.write(x[a:b]) for a, b in itertools.pairwise(edges)]
    got = np.concatenate([*parts, resampler.flush()])
    np.testing.assert_array_equal(got, resampled(x, *rates))
    assert len(got) == round(n * rates[1] / rates[0])
    np.testing.assert_array_equal(np.concatenate([resampler.write(x), resampler.flush()]), got)


@pytest.mark.parametrize(("from_hz", "to_hz"), [(11025, 8000), (8000, 12000), (48000, 8000)])
def test_the_resampler_is_the_sum_of_its_definition(from_hz, to_hz):
    x = np.random.default_rng(2).normal(size=300)
    common = np.gcd(from_hz, to_hz)
    up, down = to_hz // common, from_hz // common
    taps = _lowpass(up, down)
    at = len(taps) // 2 + down * np.arange(len(x) * up // down)[:, None] - up * np.arange(len(x))
    naive = np.where((at >= 0) & (at < len(taps)), taps[at.clip(0, len(taps) - 1)], 0) @ x
    np.testing.assert_allclose(resampled(x, from_hz, to_hz)[: len(naive)], naive, atol=1e-12)


@pytest.mark.parametrize("rate", [r for r in RATES if r != 8000] + [7919, 22255])
@pytest.mark.parametrize("hz", [100, 1000, 0.44])
def test_a_tone_in_the_passband_keeps_its_level_and_its_time(rate, hz):
    hz = hz if hz > 1 else hz * min(rate, 8000)
    y = resampled(tone(hz, rate, 1.2), rate, 8000)  # longer than a block of the resampler
    inner = slice(400, 9200)
    assert np.abs(y[inner] - tone(hz, 8000, 1.2)[inner]).max() < 1e-3


@pytest.mark.parametrize("rate", [11025, 16000, 44100, 48000, 96000])
def test_what_does_not_fit_the_lower_rate_is_80_db_down(rate):
    for hz in np.linspace(4000, rate / 2, 7, endpoint=False):
        y = resampled(tone(hz, rate, 0.5), rate, 8000)[400:-400]
        assert 20 * np.log10(np.abs(y).max()) < -80


@pytest.mark.parametrize(
    "rate", [0, -8000, 3999, 192001, 8000.5, float("nan"), float("inf"), 191999]
)
def test_absurd_rates_are_refused(rate):
    with pytest.raises(ArgumentError, match="samplerate"):
        Resampler(rate, 8000)


@pytest.mark.parametrize("rate", ["8000", None, True, 8000j])
def test_a_rate_is_a_number(rate):
    with pytest.raises(ArgumentTypeError, match="samplerate"):
        Resampler(rate, 8000)
