"""Linear prediction against scipy's solver and its definition."""

import inputs
import naive
import numpy as np
from hypothesis import given
from inputs import seeds
from scipy.linalg import solve_toeplitz

from celpvq.codec.common import lpc
from celpvq.codec.format.modes import LPC_ORDER as P


@given(seeds)
def test_levinson_solves_the_normal_equations(seed):
    rng = np.random.default_rng(seed)
    x = np.convolve(rng.normal(size=200), rng.normal(size=4))
    r, a = np.empty(P + 1), np.empty(P)
    lpc.autocorrelation(x, r)
    np.testing.assert_allclose(r, np.correlate(x, x, "full")[len(x) - 1 :][: P + 1])
    r[0] *= 1.0001
    energy = lpc.levinson(r, a)
    np.testing.assert_allclose(a, solve_toeplitz(r[:P], -r[1:]), rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(energy, r @ naive.polynomial(a), rtol=1e-6)
    assert naive.is_stable(a)


def test_bandwidth_expansion_moves_the_poles_inwards():
    a = inputs.stable_lpc(np.random.default_rng(3))
    out = np.empty(P)
    lpc.expand_bandwidth(a, 0.8, out)
    np.testing.assert_allclose(out, a * 0.8 ** np.arange(1, P + 1))
