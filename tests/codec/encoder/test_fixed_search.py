"""The search of the fixed codebook against an exhaustive naive twin."""

import inputs
import naive
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inputs import seeds

from celpvq.codec.common import fixed_codebook
from celpvq.codec.encoder import fixed_search, gain_search
from celpvq.codec.encoder.search_tables import CodeVectors
from celpvq.codec.format.modes import MIN_LAG
from celpvq.codec.format.modes import SUBFRAME_LEN as N


def matches(target, impulse, stages, book):
    """Correlations of each stage's vectors with the target, and their estimated energies."""
    acf = np.correlate(impulse, impulse, "full")[N - 1 :]
    last = np.flatnonzero(np.abs(acf) >= 0.1 * acf[0])[-1]
    acf[last + 1 :] = 0.0  # lags that are small compared with the energy
    toeplitz = acf[np.abs(np.arange(N)[:, None] - np.arange(N))]
    back = naive.convolution_matrix(impulse).T @ target
    parts = [book[start : start + (1 << bits)] for start, bits in stages]
    return [part @ back for part in parts], [
        np.maximum(np.einsum("ij,jk,ik->i", part, toeplitz, part), 1e-3 * acf[0]) for part in parts
    ]


def estimated_lags(impulse):
    """Lags of the autocorrelation that are not small."""
    acf = np.correlate(impulse, impulse, "full")[N - 1 :]
    return np.flatnonzero(np.abs(acf) >= 0.1 * acf[0])[-1]


def preselected(targets, impulse, layout, book, n_survivors, n_indices):
    """The indices of best estimated match with each target, and the energies of each stage."""
    vectors = CodeVectors.derive(book, layout[None])
    responses, group = inputs.response_of(impulse)[None], np.zeros(len(targets), np.int64)
    energy = np.empty((1, vectors.columns[:, 0].size), np.float32)
    indices = np.full((len(targets), n_indices), -1)
    moved = vectors.layout[0]
    fixed_search.energies(responses, vectors, moved, energy)
    updated = np.array(targets, np.float32)
    fixed_search.preselect(updated, group, responses, moved, vectors, energy, n_survivors, indices)
    sizes = [(moved[0], moved[1]), (moved[2], moved[3])][: 1 + (moved[3] > 0)]
    return indices, [energy[0, start : start + (1 << bits)] for start, bits in sizes]


def preselected_for_one(target, *args):
    indices, energy = preselected([target], *args)
    return indices[0], energy


def test_energies_are_estimated_as_by_the_toeplitz_matrix(fcb_bits):
    rng = np.random.default_rng(2)
    layout, stages, book = inputs.fixed_codebook(rng, fcb_bits)
    book[stages[0][0]] = 0.0  # its energy is the least estimate
    impulse = inputs.impulse_response(rng)
    _, energies = preselected_for_one(rng.normal(size=N), impulse, layout, book, 2, 1)
    _, expected = matches(np.zeros(N), impulse, stages, book)
    for energy, exact in zip(energies, expected, strict=True):
        np.testing.assert_allclose(energy, exact, rtol=1e-4)


@pytest.mark.parametrize("bits", [8, 9, 11])
@settings(max_examples=20)
@given(seed=seeds)
def test_preselection_of_one_stage_is_exhaustive(bits, seed):
    rng = np.random.default_rng(seed)
    layout, stages, book = inputs.fixed_codebook(rng, bits)
    target, impulse = rng.normal(size=N), inputs.impulse_response(rng)
    (corr,), (energy,) = matches(target, impulse, stages, book)
    indices, _ = preselected_for_one(target, impulse, layout, book, 1, 8)
    score = corr**2 / energy
    np.testing.assert_allclose(score[indices >> 1], np.sort(score)[::-1][:8], rtol=1e-4)
    np.testing.assert_array_equal(indices & 1, corr[indices >> 1] < 0)


@settings(max_examples=10)
@given(seeds)
def test_preselection_of_two_stages_with_all_survivors_is_exhaustive(seed):
    rng = np.random.default_rng(seed)
    layout, stages, book = inputs.fixed_codebook(rng, 13)  # small enough to try all
    target, impulse = rng.normal(size=N), inputs.impulse_response(rng)
    (corr1, corr2), (energy1, energy2) = matches(target, impulse, stages, book)
    H = naive.convolution_matrix(impulse)
    filtered = [book[start : start + (1 << n)] @ H.T for start, n in stages]
    cross = filtered[0] @ filtered[1].T
    signs = np.array([1, -1])
    energy = energy1[:, None, None] + energy2[:, None]
    corr = corr1[:, None, None] + signs * corr2[:, None]
    score = corr**2 / np.maximum(energy + 2 * signs * cross[..., None], 0.05 * energy)
    indices, _ = preselected_for_one(target, impulse, layout, book, len(corr1), 8)
    n2 = stages[1][1]
    i, j = indices >> n2 + 2, indices >> 2 & (1 << n2) - 1
    opposite = (indices >> 1 ^ indices) & 1
    best = np.sort(score, axis=None)[::-1][:8]
    np.testing.assert_allclose(score[i, j, opposite], best, rtol=1e-3)
    sign1, sign2 = 1 - 2 * (indices >> 1 & 1), 1 - 2 * (indices & 1)
    assert (sign1 * corr1[i] + sign2 * corr2[j] > 0).all(), "points away from the target"


@pytest.mark.parametrize("seed", range(5))
def test_targets_of_one_response_get_the_indices_that_each_gets_alone(fcb_bits, seed):
    rng = np.random.default_rng(seed)
    layout, _, book = inputs.fixed_codebook(rng, fcb_bits)
    targets, impulse = rng.normal(size=(5, N)), inputs.impulse_response(rng)
    targets[1:] += targets[0]  # alike: they share survivors of stage 1
    together, _ = preselected(targets, impulse, layout, book, 6, 4)
    for target, indices in zip(targets, together, strict=True):
        alone, _ = preselected_for_one(target, impulse, layout, book, 6, 4)
        np.testing.assert_array_equal(indices, alone)


@pytest.mark.parametrize("seed", range(3))
def test_targets_of_other_responses_get_the_indices_that_each_gets_alone(fcb_bits, seed):
    rng = np.random.default_rng(seed)
    layout, _, book = inputs.fixed_codebook(rng, fcb_bits)
    vectors = CodeVectors.derive(book, layout[None])
    moved, group = vectors.layout[0], np.array([0, 1, 0, 2])
    impulses = [inputs.impulse_response(rng) for _ in range(3)]
    responses = np.array([inputs.response_of(impulse) for impulse in impulses])
    targets = rng.normal(size=(4, N)).astype(np.float32)
    energy = np.empty((3, vectors.columns[:, 0].size), np.float32)
    n_lags = [estimated_lags(impulse) for impulse in impulses]
    fixed_search.energies(responses, vectors, moved, energy)
    together = np.full((4, 4), -1)
    fixed_search.preselect(targets, group, responses, moved, vectors, energy, 6, together)
    for target, g, indices in zip(targets, group, together, strict=True):
        if n_lags[g] == max(n_lags):  # the others get more lags than alone
            alone, _ = preselected_for_one(target, impulses[g], layout, book, 6, 4)
            np.testing.assert_array_equal(indices, alone)


@settings(max_examples=20)
@given(seeds, st.sampled_from([9, 14]), st.integers(MIN_LAG, 60), st.floats(0.2, 0.8))
def test_the_search_of_indices_and_gains_is_exhaustive(seed, bits, lag, beta):
    rng = np.random.default_rng(seed)
    layout, stages, book = inputs.fixed_codebook(rng, bits)
    target, adaptive = rng.normal(size=N), rng.normal(size=N)
    impulse = inputs.impulse_response(rng)
    gain_book = rng.uniform([0, -10], [1.2, 10], size=(32, 2))
    indices, predicted_gain = rng.integers(1 << bits, size=6), 0.3
    sharp = naive.sharpened(impulse, lag, beta)
    index, entry, error = fixed_search.search(
        indices, target.astype(np.float32), adaptive.astype(np.float32),
        inputs.response_of(sharp), layout, book.astype(np.float32), lag, beta, gain_book,
        gain_search.linear_corrections(gain_book), predicted_gain,
    )  # fmt: skip
    H = naive.convolution_matrix(impulse)
    errors = {}
    for i in indices.tolist():
        code = naive.sharpened(naive.code_vector(i, stages, book), lag, beta)
        scale = predicted_gain / np.sqrt(np.mean(code**2))
        for e, row in enumerate(gain_book):
            errors[i, e] = naive.gain_error(target, adaptive, H @ code, row, scale)
    np.testing.assert_allclose(error, min(errors.values()), rtol=1e-4)
    np.testing.assert_allclose(errors[index, entry], error, rtol=1e-4)


def test_a_code_vector_is_found_again(mode, random_tables):
    rng = np.random.default_rng(5)
    tables = random_tables.mode(mode)
    impulse = inputs.impulse_response(rng)
    H = naive.convolution_matrix(impulse)
    code = np.empty(N)
    for s, bits in enumerate(mode.bits("fcb")):
        layout = tables.fcb_layout[s]
        index = int(rng.integers(1 << bits))
        fixed_codebook.vector(index, layout, tables.fcb, code)
        indices, _ = preselected_for_one(3 * H @ code, impulse, layout, tables.fcb, 64, 16)
        assert index in indices
