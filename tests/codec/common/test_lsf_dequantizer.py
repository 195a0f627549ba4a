"""The decoder's side of the LSF quantizer."""

import inputs
import naive
import numpy as np

from celpvq.codec.common import lsf, lsf_dequantizer
from celpvq.codec.format.modes import LPC_ORDER as P


def test_any_lsf_indices_of_a_mode_are_stable(mode):
    rng = np.random.default_rng(4)
    bits = mode.bits("lsf")
    wild = inputs.lsf_tables(rng, [1 << n for n in bits[1:]], spread=2.0)
    out, a = np.empty(P), np.empty(P)
    for _ in range(30):
        indices = np.array([rng.integers(1 << n) for n in bits])
        lsf_dequantizer.dequantize(indices, wild, lsf.flat(), out)
        lsf.to_lpc(out, a)
        assert naive.is_stable(a)


def test_lsf_are_the_prediction_and_the_sum_of_both_stages(mode):
    rng = np.random.default_rng(4)
    bits = mode.bits("lsf")
    tables = inputs.lsf_tables(rng, [1 << n for n in bits[1:]], spread=0.02)
    out, n_exact = np.empty(P), 0
    for _ in range(30):
        indices, prev = np.array([rng.integers(1 << n) for n in bits]), inputs.rising_lsf(rng)
        expected = naive.lsf_of_indices(tables, indices, prev)
        lsf_dequantizer.dequantize(indices, tables, prev, out)
        if (np.diff(np.r_[0, expected, np.pi]) >= lsf.MIN_GAP).all():  # else stabilized
            n_exact += 1
            np.testing.assert_allclose(out, expected, atol=1e-12)
    assert n_exact > 10
