"""Filters, linear prediction, LSF and their quantizer against scipy and their naive twins."""

import naive
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.linalg import solve_toeplitz
from scipy.signal import lfilter

from celpvq.codec.common import filters, lpc, lsf, lsf_dequantizer
from celpvq.codec.encoder import lsf_search, weighting
from celpvq.codec.common.lsf_dequantizer import LsfTables
from celpvq.codec.encoder.lsf_search import LsfColumns
from celpvq.codec.format.modes import LPC_ORDER as P
from celpvq.codec.format.modes import SUBFRAME_LEN
from celpvq.codec.format.modes import modes as all_modes
from celpvq.codec.encoder.presets import PREDICTION_PENALTY

seeds = st.integers(0, 2**32 - 1)


def stable_lpc(rng, p=P):
    """A predictor from reflection coefficients below 1."""
    a = np.ones(1)
    for k in rng.uniform(-0.9, 0.9, size=p):
        a = np.r_[a, 0.0] + k * np.r_[a, 0.0][::-1]
    return a[1:]


def rising_lsf(rng):
    """LSF with gaps above the minimum."""
    gaps = 1.01 * lsf.MIN_GAP + rng.dirichlet(np.ones(P + 1)) * (
        np.pi - 1.02 * (P + 1) * lsf.MIN_GAP
    )
    return np.cumsum(gaps)[:P]


def is_stable(a):
    return np.abs(np.roots(naive.whole(a))).max() < 1


# filters ------------------------------------------------------------------------------------------


@given(seeds)
def test_filters_agree_with_scipy_and_do_not_see_frame_borders(seed):
    rng = np.random.default_rng(seed)
    a, x, past = stable_lpc(rng), rng.normal(size=240), rng.normal(size=P)
    border = rng.integers(1, 240)
    zi = naive.filter_memory(a, past)
    for run, expected in [
        (filters.residual, lfilter(naive.whole(a), [1], np.r_[past, x])[P:]),
        (filters.synthesis, lfilter([1], naive.whole(a), x, zi=zi)[0]),
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
    a, x, back = stable_lpc(rng), rng.normal(size=P + 160), np.empty(P + 160)
    exc = np.empty(160)
    filters.residual(x, a, exc)
    back[:P] = x[:P]
    filters.synthesis(exc, a, back)
    np.testing.assert_allclose(back, x, atol=1e-6)


def test_biquad_agrees_with_scipy_in_place_and_in_parts():
    rng = np.random.default_rng(1)
    x, coef, mem = rng.normal(size=300), np.array([0.9, -1.8, 0.9, -1.7, 0.8]), np.zeros(2)
    y = x.copy()
    for a, b in [(0, 1), (1, 161), (161, 300)]:
        filters.biquad(y[a:b], coef, mem, y[a:b])
    np.testing.assert_allclose(y, lfilter(coef[:3], np.r_[1, coef[3:]], x), rtol=1e-9, atol=1e-12)


def test_memories_fade_to_zero_exactly():
    signal = np.array([1.0, 1e-31, -1e-31, 1e-29])
    filters.keep_past(signal, 3)
    np.testing.assert_array_equal(signal[:3], [0, 0, 1e-29])
    mem, out = np.full(2, 1e-31), np.empty(1)
    filters.biquad(np.zeros(1), np.array([1.0, 0, 0, 0, 0.5]), mem, out)
    assert not mem.any()


# linear prediction --------------------------------------------------------------------------------


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
    np.testing.assert_allclose(energy, r @ naive.whole(a), rtol=1e-6)
    assert is_stable(a)


@given(seeds, st.sampled_from([0.0, 1e-7, 1e-3, 1.0]))
def test_analysis_is_stable_at_any_level(seed, level):
    rng = np.random.default_rng(seed)
    x = level * lfilter([1], naive.whole(stable_lpc(rng)), rng.normal(size=lpc.WINDOW_LEN))
    work, r, a = np.empty(lpc.WINDOW_LEN), np.empty(P + 1), np.empty(P)
    lpc.analyze(x, work, r, a)
    windowed = lpc.WINDOW * x
    if windowed @ windowed < 1e-11:
        assert not a.any(), "silence has a spectrum"
        return
    expected = np.correlate(windowed, windowed, "full")[lpc.WINDOW_LEN - 1 :][: P + 1]
    np.testing.assert_allclose(r, expected * lpc.LAG_WINDOW, rtol=1e-9, atol=1e-12 * r[0])
    assert is_stable(a)


def test_bandwidth_expansion_moves_the_poles_inwards():
    a = stable_lpc(np.random.default_rng(3))
    out = np.empty(P)
    lpc.expand_bandwidth(a, 0.8, out)
    np.testing.assert_allclose(out, a * 0.8 ** np.arange(1, P + 1))


# LSF ----------------------------------------------------------------------------------------------


@given(st.floats(0, np.pi))
def test_cosine_is_that_of_the_library(x):
    assert abs(lsf.cosine(x) - np.cos(x)) < 1e-11


@given(seeds)
def test_lsf_to_lpc_multiplies_out_the_zeros(seed):
    w, a = rising_lsf(np.random.default_rng(seed)), np.empty(P)
    lsf.to_lpc(w, a)
    np.testing.assert_allclose(a, naive.lpc_of(w), atol=1e-8)
    assert is_stable(a)


@given(seeds)
def test_lsf_and_lpc_are_inverse(seed):
    w, a, back = rising_lsf(np.random.default_rng(seed)), np.empty(P), np.full(P, -1.0)
    lsf.to_lpc(w, a)
    assert lsf.from_lpc(a, back)
    np.testing.assert_allclose(back, w, atol=1e-5)


@given(seeds)
def test_lsf_are_the_zeros_of_p_and_q(seed):
    a = stable_lpc(np.random.default_rng(seed)) * 0.9 ** np.arange(1, P + 1)
    expected, w = naive.lsf_of(a), np.full(P, -1.0)
    assert len(expected) == P
    assume((expected[2:] - expected[:-2]).min() > np.pi / 120)  # else the grid may miss two
    assert lsf.from_lpc(a, w)
    np.testing.assert_allclose(w, expected, atol=1e-5)


def test_lsf_of_no_prediction_are_even():
    w = np.empty(P)
    assert lsf.from_lpc(np.zeros(P), w)
    np.testing.assert_allclose(w, lsf.flat(), atol=1e-6)


def test_an_unstable_predictor_has_no_lsf():
    a, w = np.zeros(P), np.full(P, 7.0)
    a[1] = 1.5
    assert not lsf.from_lpc(a, w)
    assert (w == 7).all(), "the output is touched"


@given(st.lists(st.floats(-9, 9), min_size=P, max_size=P))
def test_whatever_is_stabilized_is_stable(values):
    w, a = np.array(values), np.empty(P)
    tidy = (np.diff(np.r_[0, w, np.pi]) >= lsf.MIN_GAP).all()
    before = w.copy()
    lsf.stabilize(w)
    assert (np.diff(np.r_[0, w, np.pi]) >= lsf.MIN_GAP - 1e-12).all()
    if tidy:
        np.testing.assert_array_equal(w, before)
    lsf.to_lpc(w, a)
    assert is_stable(a)


def test_interpolation_ends_at_the_new_frame():
    prev, now, out = np.zeros(P), np.ones(P), np.empty(P)
    for subframe, weight in enumerate([0.25, 0.5, 0.75, 1.0]):
        lsf.interpolate(prev, now, subframe, out)
        np.testing.assert_array_equal(out, weight)


# the LSF quantizer --------------------------------------------------------------------------------


def lsf_tables(rng, sizes, spread=0.1):
    return LsfTables(
        mean=lsf.flat(),
        rho=np.stack([np.full(P, 0.3), np.full(P, 0.8)]),
        stage1=rng.normal(scale=spread, size=(2, sizes[0], P)),
        low=rng.normal(scale=spread / 3, size=(2, sizes[1], P // 2)),
        high=rng.normal(scale=spread / 3, size=(2, sizes[2], P // 2)),
    )


@settings(max_examples=20)
@given(seeds, st.booleans())
def test_lsf_search_with_all_survivors_is_exhaustive(seed, safe):
    rng = np.random.default_rng(seed)
    tables, prev, target = lsf_tables(rng, (8, 3, 5)), rising_lsf(rng), rising_lsf(rng)
    weight = rng.uniform(0.1, 3, size=P)
    words, errors = np.zeros((20, 4), np.int64), np.zeros(20)
    n_found = lsf_search.quantize(
        target, weight, tables, LsfColumns.derive(tables), prev, 8, safe, words, errors
    )
    every = {
        candidate: weight @ (naive.lsf_of_words(tables, candidate, prev) - target) ** 2
        for candidate in np.ndindex(1 if safe else 2, 8, 3, 5)
    }
    cost = {c: e * (PREDICTION_PENALTY if c[0] == 1 else 1) for c, e in every.items()}
    best: dict[tuple[int, int], tuple[int, ...]] = {}  # of each predictor and entry of stage 1
    for candidate in sorted(cost, key=cost.__getitem__):
        best.setdefault(candidate[:2], candidate)
    assert n_found == (8 if safe else 16)
    assert list(map(tuple, words[:n_found])) == list(best.values())
    np.testing.assert_allclose(errors[:n_found], [every[c] for c in best.values()], rtol=1e-9)


@pytest.mark.parametrize("mode", all_modes(), ids=lambda mode: mode.name)
def test_any_lsf_words_of_a_mode_are_stable_and_quantize_to_themselves(mode):
    rng = np.random.default_rng(4)
    bits = mode.bits("lsf")
    tables = lsf_tables(rng, [1 << n for n in bits[1:]], spread=0.02)
    wild = lsf_tables(rng, [1 << n for n in bits[1:]], spread=2.0)
    columns = LsfColumns.derive(tables)
    out, a, prev = np.empty(P), np.empty(P), lsf.flat()
    exact = 0
    for _ in range(30):
        words = np.array([rng.integers(1 << n) for n in bits])
        lsf_dequantizer.dequantize(words, wild, prev, out)
        lsf.to_lpc(out, a)
        assert is_stable(a)
        candidate = naive.lsf_of_words(tables, words, prev)
        lsf_dequantizer.dequantize(words, tables, prev, out)
        if (np.diff(np.r_[0, candidate, np.pi]) < lsf.MIN_GAP).any():
            continue
        exact += 1
        np.testing.assert_allclose(out, candidate, atol=1e-12)
        found, error = np.zeros((1, 4), np.int64), np.zeros(1)
        lsf_search.quantize(out, np.ones(P), tables, columns, prev, 64, False, found, error)
        assert error[0] < 1e-20
        np.testing.assert_array_equal(found[0], words)
    assert exact > 10


@given(seeds)
def test_lsf_weights_are_the_sensitivities_of_the_predictor(seed):
    rng = np.random.default_rng(seed)
    w, weight = rising_lsf(rng), np.empty(P)
    x = lfilter([1], naive.whole(naive.lpc_of(w)), rng.normal(size=500))
    r = np.correlate(x, x, "full")[499 : 499 + P + 1]
    lsf_search.weights(w, r, weight)
    assert (weight > 0).all()
    np.testing.assert_allclose(weight, naive.lsf_weights(w, r), rtol=0.01, atol=2e-3)


# perceptual weighting -----------------------------------------------------------------------------


@given(seeds)
def test_weighting_agrees_with_scipy(seed):
    rng = np.random.default_rng(seed)
    a, a_q, num, den = stable_lpc(rng), stable_lpc(rng), np.empty(P), np.empty(P)
    weighting.coefficients(a, num, den)
    top = naive.whole(a * weighting.GAMMA1 ** np.arange(1, P + 1))
    bottom = naive.whole(a * weighting.GAMMA2 ** np.arange(1, P + 1))

    x = rng.normal(size=3 * SUBFRAME_LEN)
    error, out = np.zeros(P + SUBFRAME_LEN), np.zeros(P + SUBFRAME_LEN)
    parts = []
    for part in x.reshape(3, -1):
        filters.keep_past(error, P)
        filters.keep_past(out, P)
        error[P:] = part
        weighting.weight(error, num, den, out)
        parts.append(out[P:].copy())
    expected = lfilter(top, bottom, x)
    np.testing.assert_allclose(np.concatenate(parts), expected, rtol=1e-6, atol=1e-9)

    response = np.empty(SUBFRAME_LEN)
    weighting.impulse_response(num, den, a_q, response)
    impulse = np.eye(1, SUBFRAME_LEN)[0]
    expected = lfilter(top, bottom, lfilter([1], naive.whole(a_q), impulse))
    np.testing.assert_allclose(response, expected, rtol=1e-6, atol=1e-9 * np.abs(expected).max())
