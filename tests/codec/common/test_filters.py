"""Filters against scipy, across the borders of frames."""

import inputs
import naive
import numpy as np
from hypothesis import given
from inputs import seeds
from scipy.signal import lfilter

from celpvq.codec.common import filters
from celpvq.codec.format.modes import LPC_ORDER as P


@given(seeds)
def test_filters_agree_with_scipy_and_frame_borders_do_not_matter(seed):
    rng = np.random.default_rng(seed)
    a, x, past = inputs.stable_lpc(rng), rng.normal(size=240), rng.normal(size=P)
    border = rng.integers(1, 240)
    zi = naive.filter_memory(a, past)
    for run, expected in [
        (filters.residual, lfilter(naive.polynomial(a), [1], np.r_[past, x])[P:]),
        (filters.synthesis, lfilter([1], naive.polynomial(a), x, zi=zi)[0]),
    ]:
        wholes = []
        for parts in ([x], [x[:border], x[border:]]):
            line, out = past.copy(), []
            for part in parts:
                buffer = np.r_[line, np.zeros(len(part))]
                if run is filters.residual:
                    buffer[P:] = part
                    out.append(np.empty(len(part)))
                    run(buffer, a, out[-1])
                else:
                    run(part, a, buffer)
                    out.append(buffer[P:].copy())
                filters.keep_past(buffer, P)
                line = buffer[:P].copy()
            wholes.append(np.concatenate(out))
        np.testing.assert_allclose(
            wholes[0], expected, rtol=1e-6, atol=1e-9 * np.abs(expected).max()
        )
        np.testing.assert_array_equal(wholes[0], wholes[1])


@given(seeds)
def test_synthesis_undoes_residual(seed):
    rng = np.random.default_rng(seed)
    a, x, back = inputs.stable_lpc(rng), rng.normal(size=P + 160), np.empty(P + 160)
    exc = np.empty(160)
    filters.residual(x, a, exc)
    back[:P] = x[:P]
    filters.synthesis(exc, a, back)
    np.testing.assert_allclose(back, x, atol=1e-6)


def test_a_memory_fades_to_zero_exactly():
    signal = np.array([1.0, 1e-31, -1e-31, 1e-29])
    filters.keep_past(signal, 3)
    np.testing.assert_array_equal(signal[:3], [0, 0, 1e-29])


@given(seeds)
def test_shifted_sums_are_a_correlation(seed):
    rng = np.random.default_rng(seed)
    gains, x = rng.normal(size=4 * rng.integers(1, 11)), rng.normal(size=160)
    start, out = rng.integers(0, 160 - gains.size - 40), np.empty(rng.integers(1, 41))
    filters.sum_of_shifts(gains, x, start, out)
    part = x[start : start + gains.size + out.size - 1]
    np.testing.assert_allclose(out, np.correlate(part, gains, "valid"), atol=1e-12)
