"""The search of the LSF quantizer against an exhaustive naive twin, and its weights."""

import inputs
import naive
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from inputs import seeds
from scipy.signal import lfilter

from celpvq.codec.common import lsf, lsf_dequantizer
from celpvq.codec.encoder import lsf_search
from celpvq.codec.encoder.lsf_search import LsfColumns
from celpvq.codec.encoder.presets import PREDICTION_PENALTY
from celpvq.codec.format.modes import LPC_ORDER as P


@settings(max_examples=20)
@given(seeds, st.booleans())
def test_a_search_with_all_survivors_is_exhaustive(seed, safe):
    rng = np.random.default_rng(seed)
    tables, prev = inputs.lsf_tables(rng, (8, 3, 5)), inputs.rising_lsf(rng)
    target, weight = inputs.rising_lsf(rng), rng.uniform(0.1, 3, size=P)
    indices, errors = np.zeros((20, 4), np.int64), np.zeros(20)
    n_found = lsf_search.search(
        target, weight, tables, LsfColumns.derive(tables), prev, 8, safe, indices, errors
    )
    every = {
        candidate: weight @ (naive.lsf_of_indices(tables, candidate, prev) - target) ** 2
        for candidate in np.ndindex(1 if safe else 2, 8, 3, 5)
    }
    cost = {c: e * (PREDICTION_PENALTY if c[0] == 1 else 1) for c, e in every.items()}
    best: dict[tuple[int, int], tuple[int, ...]] = {}  # of each predictor and entry of stage 1
    for candidate in sorted(cost, key=cost.__getitem__):
        best.setdefault(candidate[:2], candidate)
    assert n_found == (8 if safe else 16)
    found = list(map(tuple, indices[:n_found].tolist()))
    assert set(found) == set(best.values())
    rising = [cost[c] for c in best.values()]
    np.testing.assert_allclose([cost[c] for c in found], rising, rtol=1e-4)  # single precision
    np.testing.assert_allclose(errors[:n_found], [every[c] for c in found], rtol=1e-9)


def test_any_quantized_lsf_are_found_again(mode):
    rng = np.random.default_rng(4)
    bits = mode.bits("lsf")
    tables = inputs.lsf_tables(rng, [1 << n for n in bits[1:]], spread=0.02)
    columns, prev, out = LsfColumns.derive(tables), lsf.flat(), np.empty(P)
    n_exact = 0
    for _ in range(30):
        indices = np.array([rng.integers(1 << n) for n in bits])
        candidate = naive.lsf_of_indices(tables, indices, prev)
        lsf_dequantizer.dequantize(indices, tables, prev, out)
        if (np.diff(np.r_[0, candidate, np.pi]) < lsf.MIN_GAP).any():  # stabilized
            continue
        n_exact += 1
        found, error = np.zeros((1, 4), np.int64), np.zeros(1)
        lsf_search.search(out, np.ones(P), tables, columns, prev, 64, False, found, error)
        assert error[0] < 1e-20
        np.testing.assert_array_equal(found[0], indices)
    assert n_exact > 10


@given(seeds)
def test_weights_are_the_sensitivities_of_the_predictor(seed):
    rng = np.random.default_rng(seed)
    w, weight = inputs.rising_lsf(rng), np.empty(P)
    x = lfilter([1], naive.polynomial(naive.lpc_of(w)), rng.normal(size=500))
    r = np.correlate(x, x, "full")[499 : 499 + P + 1]
    lsf_search.weights(w, r, weight)
    assert (weight > 0).all()
    np.testing.assert_allclose(weight, naive.lsf_weights(w, r), rtol=0.01, atol=2e-3)
