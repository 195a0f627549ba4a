"""The search of the gains against an exhaustive naive twin."""

import naive
import numpy as np
import pytest
from hypothesis import given
from inputs import seeds

from celpvq.codec.common.tables import gain_name
from celpvq.codec.encoder import gain_search
from celpvq.codec.format.modes import SUBFRAME_LEN as N


def moments_of(x, y, z):
    """The inner products that determine the error of any pair of gains."""
    return np.array([x @ y, x @ z, y @ y, z @ z, y @ z])


@given(seeds)
def test_the_search_is_exhaustive(seed):
    rng = np.random.default_rng(seed)
    x, y, z = rng.normal(size=(3, N))
    book = rng.uniform([0, -20], [1.2, 20], size=(64, 2))
    correction = gain_search.linear_corrections(book)
    entry, error = gain_search.search(moments_of(x, y, z), 0.5, book, correction)
    errors = [naive.gain_error(x, y, z, row, 0.5) for row in book]
    np.testing.assert_allclose(error + x @ x, min(errors), rtol=1e-9)
    assert entry == np.argmin(errors)


@given(seeds)
def test_no_gains_go_below_the_least_error(seed):
    rng = np.random.default_rng(seed)
    x, y, z = rng.normal(size=(3, N))
    z += rng.choice([0.0, 1e3]) * y  # also where the vectors are nearly parallel
    best, *_ = np.linalg.lstsq(np.array([y, z]).T, x, rcond=None)
    error = ((x - best @ [y, z]) ** 2).sum() - x @ x
    least = gain_search.least_error(moments_of(x, y, z))
    assert least <= error + 1e-9
    assert least == -np.inf or least == pytest.approx(error, abs=1e-6)


def test_an_entry_of_gains_is_found_again(mode, random_tables):
    rng = np.random.default_rng(6)
    y, z = rng.normal(size=(2, N))
    for bits in mode.bits("gain"):
        book = random_tables.arrays[gain_name(mode, bits)].astype(np.float64)
        linear = gain_search.linear_corrections(book)
        for i, (pitch_gain, correction) in enumerate(book):
            x = pitch_gain * y + 0.1 * 10 ** (correction / 20) * z
            assert gain_search.search(moments_of(x, y, z), 0.1, book, linear)[0] == i
