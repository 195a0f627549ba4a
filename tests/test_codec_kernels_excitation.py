"""Lags, both codebooks, gains and their searches against exhaustive naive twins."""

import naive
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.signal import lfilter

from celpvq.codec.common import adaptive_codebook, fixed_codebook, gains, pitch, synthesis
from celpvq.codec.encoder import adaptive_search, fixed_search, gain_search, products
from celpvq.codec.encoder.search_tables import SearchTables
from celpvq.codec.format.modes import LPC_ORDER, MAX_LAG, MIN_LAG, N_INDICES, N_SUBFRAMES, fcb_stages
from celpvq.codec.format.modes import SUBFRAME_LEN as N
from celpvq.codec.format.modes import modes as all_modes
from celpvq.codec.common.table_set import TableSet
from celpvq.codec.common.tables import expected, fcb_names, gain_name

seeds = st.integers(0, 2**32 - 1)
lag_thirds = st.integers(3 * MIN_LAG, 3 * MAX_LAG)
every_mode = pytest.mark.parametrize("mode", all_modes(), ids=lambda mode: mode.name)
every_shape = pytest.mark.parametrize(
    "bits", sorted({bits for mode in all_modes() for bits in mode.bits("fcb")})
)


def decaying(rng):
    """An impulse response that begins with 1."""
    h = rng.normal(size=N) * 0.8 ** np.arange(N)
    h[0] = 1.0
    return h


def response_of(impulse):
    """An impulse response as the products take it."""
    response = np.full((2, 2 * N), np.nan, np.float32)
    products.respond(impulse, response)
    return response


def past_excitation(rng):
    """Coloured noise, with room for the subframe behind it."""
    return np.r_[lfilter([1], [1, -0.5], rng.normal(size=MAX_LAG)), np.full(N, np.nan)]


def table_set(rng):
    """A set of small random tables."""
    arrays = {}
    for name, (shape, _) in expected().items():
        if name.startswith("gain"):
            arrays[name] = rng.uniform([0, -10], [1.2, 10], size=shape)
        elif name.startswith("predictor"):
            arrays[name] = np.array([-40, 0.6, 0.3, 0.2, 0.1])
        else:
            arrays[name] = rng.normal(scale=1.0 if name.startswith("fcb") else 0.05, size=shape)
    return TableSet(arrays)


TABLES = table_set(np.random.default_rng(0))


# lags ---------------------------------------------------------------------------------------------


@given(lag_thirds)
def test_lags_are_those_of_the_table_in_words(lag3_prev):
    for bits in (8, 5):
        lags = [pitch.dequantize(code, bits, lag3_prev) for code in range(1 << bits)]
        assert lags == naive.lag_codes(bits, lag3_prev)
        assert 3 * MIN_LAG <= min(lags) <= max(lags) <= 3 * MAX_LAG
        assert all(pitch.rounded(lag) == round(lag / 3) for lag in lags)


@given(st.integers(0, 3 * MAX_LAG + 60), lag_thirds)
def test_lag_quantization_inverts_dequantization(lag3, lag3_prev):
    for bits in (8, 5):
        code, codes = pitch.quantize(lag3, bits, lag3_prev), naive.lag_codes(bits, lag3_prev)
        assert code == (codes.index(lag3) if lag3 in codes else -1)


# adaptive codebook --------------------------------------------------------------------------------


@given(lag_thirds, seeds)
def test_adaptive_vector_agrees_with_the_naive_twin(lag3, seed):
    exc = past_excitation(np.random.default_rng(seed))
    codes = [*naive.lag_codes(8, 60), *naive.lag_codes(5, lag3)]
    lag3 = min(codes, key=lambda lag: abs(lag - lag3))
    expected = naive.adaptive_vector(lag3, exc[:MAX_LAG], N, adaptive_codebook._FINE_TAPS)
    adaptive_codebook.vector(lag3, exc)
    np.testing.assert_allclose(exc[MAX_LAG:], expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("lag3", [60, 61, 62, 100, 200, 254])
def test_adaptive_vector_delays_a_tone_by_thirds_of_a_sample(lag3):
    n = np.arange(-MAX_LAG, 0)
    exc = np.r_[np.sin(0.7 * n), np.zeros(N)]
    adaptive_codebook.vector(lag3, exc)
    known = np.arange(min(N, lag3 // 3 - adaptive_codebook.REACH))  # what does not repeat itself
    np.testing.assert_allclose(exc[MAX_LAG + known], np.sin(0.7 * (known - lag3 / 3)), atol=2e-3)


def naive_lag_scores(target, impulse, past, codes):
    """Scores and filtered vectors of lags [thirds]: correlation^2 / energy where positive."""
    taps, H = adaptive_codebook._FINE_TAPS, naive.convolution_matrix(impulse)
    filtered = np.array([H @ naive.adaptive_vector(lag3, past, N, taps) for lag3 in codes])
    corr = filtered @ target
    return np.where(corr > 0, corr**2 / (1e-12 + (filtered**2).sum(axis=1)), 0.0), filtered


def found_lags(target, impulse, exc, bits, lag3_prev, n_best):
    """Codes and filtered vectors of the best lags of twice as many that are preselected."""
    codes, filtered = np.zeros(n_best, np.int64), np.zeros((n_best, N), np.float32)
    lags = np.zeros(2 * n_best, np.int64)
    target, response = target.astype(np.float32), response_of(impulse)
    adaptive_search.preselect(target, response, exc, bits, lag3_prev, lags)
    adaptive_search.search_lags(
        lags, target, response, exc, bits, lag3_prev, codes, filtered
    )  # fmt: skip
    return codes, filtered


@settings(max_examples=30)
@given(seeds, lag_thirds)
def test_lag_search_that_tries_all_lags_is_exhaustive(seed, lag3_prev):
    rng = np.random.default_rng(seed)
    exc, target, impulse = past_excitation(rng), rng.normal(size=N), decaying(rng)
    lags = naive.lag_codes(5, lag3_prev)
    scores, vectors = naive_lag_scores(target, impulse, exc[:MAX_LAG], lags)
    codes, filtered = found_lags(target, impulse, exc, 5, lag3_prev, 16)
    best = np.sort(scores)[::-1][:16]
    found = best > 0
    assume(found.any())
    np.testing.assert_allclose(scores[codes[found]], best[found], rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(filtered[found], vectors[codes[found]], rtol=1e-4, atol=1e-4)


@settings(max_examples=20)
@given(seeds, st.sampled_from([8, 5]), lag_thirds)
def test_lag_search_finds_the_lag_that_made_the_target(seed, bits, lag3_prev):
    rng = np.random.default_rng(seed)
    exc, impulse = past_excitation(rng), decaying(rng)
    code = int(rng.integers(1 << bits))
    lag3 = pitch.dequantize(code, bits, lag3_prev)
    vector = naive.adaptive_vector(lag3, exc[:MAX_LAG], N, adaptive_codebook._FINE_TAPS)
    target = 0.7 * naive.convolution_matrix(impulse) @ vector
    codes, filtered = found_lags(target, impulse, exc, bits, lag3_prev, 8)
    assert pitch.dequantize(codes[0], bits, lag3_prev) == lag3
    np.testing.assert_allclose(0.7 * filtered[0], target, rtol=1e-4, atol=1e-4)


@given(seeds, st.integers(MIN_LAG, MAX_LAG), st.integers(MIN_LAG, MAX_LAG))
def test_coarse_lag_search_is_exact_at_whole_samples(seed, one, other):
    rng = np.random.default_rng(seed)
    low, high = min(one, other), max(one, other)
    exc, target, impulse = past_excitation(rng), rng.normal(size=N), decaying(rng)
    corr, energy = np.full((2, MAX_LAG + 1), np.nan, np.float32)
    adaptive_search._match(
        target.astype(np.float32), impulse.astype(np.float32), exc, low, high, corr, energy
    )
    H = naive.convolution_matrix(impulse)
    for lag in range(low, high + 1):
        y = H @ naive.adaptive_vector(3 * lag, exc[:MAX_LAG], N, None)
        expected = [target @ y, y @ y]
        np.testing.assert_allclose([corr[lag], energy[lag]], expected, rtol=1e-4, atol=1e-3)


@given(lag_thirds)
def test_ranges_of_lags_are_those_of_the_codes(lag3_prev):
    for bits in (8, 5):
        codes = naive.lag_codes(bits, lag3_prev)
        low, high = pitch.whole_lags(bits, lag3_prev)
        low3, high3 = pitch.fine_lags(bits, lag3_prev)
        whole = [3 * lag for lag in range(low, high + 1)]
        thirds = [3 * lag - third for lag in range(low3, high3 + 1) for third in (1, 2)]
        assert sorted(whole + thirds) == sorted(set(codes))


# fixed codebook -----------------------------------------------------------------------------------


def shape_layout(rng, bits):
    """A layout of one or two stages somewhere in a random book: layout, stages, book."""
    stages, start = [], 3
    for stage_bits in fcb_stages(bits):
        stages.append((start, stage_bits))
        start += (1 << stage_bits) + 2
    layout = np.array([x for stage in stages for x in stage] + [0, 0], np.int64)[:4]
    return layout, stages, rng.normal(size=(start, N))


@every_shape
@given(st.data())
def test_shapes_agree_with_the_naive_twin(bits, data):
    word = data.draw(st.integers(0, (1 << bits) - 1))
    layout, stages, book = shape_layout(np.random.default_rng(1), bits)
    out = np.empty(N)
    fixed_codebook.vector(word, layout, book, out)
    np.testing.assert_allclose(out, naive.shape(word, stages, book), atol=1e-15)


@given(seeds, st.integers(MIN_LAG, MAX_LAG), st.floats(0, 1))
def test_sharpening_is_a_comb_filter(seed, lag, beta):
    x = np.random.default_rng(seed).normal(size=N)
    expected = naive.sharpened(x, lag, beta)
    fixed_codebook.sharpen(x, lag, beta)
    np.testing.assert_allclose(x, expected, rtol=1e-12, atol=1e-15)


def matches(target, impulse, stages, book):
    """Correlations of each stage's shapes with the target, and their estimated energies."""
    acf = np.correlate(impulse, impulse, "full")[N - 1 :]
    last = np.flatnonzero(np.abs(acf) >= 0.05 * acf[0])[-1]
    acf[(last // 5 + 1) * 5 :] = 0.0  # lags that are nothing beside the energy
    toeplitz = acf[np.abs(np.arange(N)[:, None] - np.arange(N))]
    back = naive.convolution_matrix(impulse).T @ target
    parts = [book[start : start + (1 << bits)] for start, bits in stages]
    return [part @ back for part in parts], [
        np.maximum(np.einsum("ij,jk,ik->i", part, toeplitz, part), 1e-3 * acf[0]) for part in parts
    ]


def shortlists(targets, impulse, layout, book, n_first, n_words):
    columns, shape_acf = SearchTables.shapes(book)
    energy = np.empty(len(book), np.float32)
    words = np.full((len(targets), n_words), -1)
    response = response_of(impulse)
    fixed_search.energies(response, shape_acf, layout, energy)
    rest = np.array(targets, np.float32)
    fixed_search.shortlist(rest, response, layout, columns, energy, n_first, words)
    return words, energy


def shortlist(target, *args):
    words, energy = shortlists([target], *args)
    return words[0], energy


@every_shape
def test_energies_are_estimated_as_by_the_toeplitz_matrix(bits):
    rng = np.random.default_rng(2)
    layout, stages, book = shape_layout(rng, bits)
    book[stages[0][0]] = 0.0  # its energy is the least that is taken for one
    impulse = decaying(rng)
    _, energy = shortlist(rng.normal(size=N), impulse, layout, book, 2, 1)
    _, energies = matches(np.zeros(N), impulse, stages, book)
    for (start, _), exact in zip(stages, energies, strict=True):
        np.testing.assert_allclose(energy[start : start + len(exact)], exact, rtol=1e-4)


@pytest.mark.parametrize("bits", [8, 9, 11])
@settings(max_examples=20)
@given(seed=seeds)
def test_shortlist_of_one_stage_is_exhaustive(bits, seed):
    rng = np.random.default_rng(seed)
    layout, stages, book = shape_layout(rng, bits)
    target, impulse = rng.normal(size=N), decaying(rng)
    (corr,), (energy,) = matches(target, impulse, stages, book)
    words, _ = shortlist(target, impulse, layout, book, 1, 8)
    score = corr**2 / energy
    np.testing.assert_allclose(score[words >> 1], np.sort(score)[::-1][:8], rtol=1e-4)
    np.testing.assert_array_equal(words & 1, corr[words >> 1] < 0)


@settings(max_examples=10)
@given(seeds)
def test_shortlist_of_two_stages_with_all_survivors_is_exhaustive(seed):
    rng = np.random.default_rng(seed)
    layout, stages, book = shape_layout(rng, 13)  # small enough to try all
    target, impulse = rng.normal(size=N), decaying(rng)
    (corr1, corr2), (energy1, energy2) = matches(target, impulse, stages, book)
    H = naive.convolution_matrix(impulse)
    filtered = [book[start : start + (1 << n)] @ H.T for start, n in stages]
    cross = filtered[0] @ filtered[1].T
    signs = np.array([1, -1])
    energy = energy1[:, None, None] + energy2[:, None]
    corr = corr1[:, None, None] + signs * corr2[:, None]
    score = corr**2 / np.maximum(energy + 2 * signs * cross[..., None], 0.05 * energy)
    words, _ = shortlist(target, impulse, layout, book, len(corr1), 8)
    n2 = stages[1][1]
    i, j = words >> n2 + 2, words >> 2 & (1 << n2) - 1
    opposite = (words >> 1 ^ words) & 1
    best = np.sort(score, axis=None)[::-1][:8]
    np.testing.assert_allclose(score[i, j, opposite], best, rtol=1e-3)
    sign1, sign2 = 1 - 2 * (words >> 1 & 1), 1 - 2 * (words & 1)
    assert (sign1 * corr1[i] + sign2 * corr2[j] > 0).all(), "points away from the target"


@every_shape
@settings(max_examples=5)
@given(seed=seeds)
def test_targets_of_one_response_get_the_words_that_each_gets_alone(bits, seed):
    rng = np.random.default_rng(seed)
    layout, _, book = shape_layout(rng, bits)
    targets, impulse = rng.normal(size=(5, N)), decaying(rng)
    targets[1:] += targets[0]  # alike: they share survivors of stage 1
    together, _ = shortlists(targets, impulse, layout, book, 6, 4)
    for target, words in zip(targets, together, strict=True):
        alone, _ = shortlist(target, impulse, layout, book, 6, 4)
        np.testing.assert_array_equal(words, alone)


@settings(max_examples=20)
@given(seeds, st.sampled_from([9, 14]), st.integers(MIN_LAG, 60), st.floats(0.2, 0.8))
def test_search_of_words_and_gains_is_exhaustive(seed, bits, lag, beta):
    rng = np.random.default_rng(seed)
    layout, stages, book = shape_layout(rng, bits)
    target, adaptive, impulse = rng.normal(size=N), rng.normal(size=N), decaying(rng)
    gain_book = rng.uniform([0, -10], [1.2, 10], size=(32, 2))
    words, level = rng.integers(1 << bits, size=6), 0.3
    sharp = naive.sharpened(impulse, lag, beta)
    word, entry, error = fixed_search.search_indices(
        words, target.astype(np.float32), adaptive.astype(np.float32), response_of(sharp), layout,
        book, lag, beta, gain_book, gain_search.levels(gain_book), level,
    )  # fmt: skip
    H = naive.convolution_matrix(impulse)
    errors = {}
    for w in words.tolist():
        shape = naive.sharpened(naive.shape(w, stages, book), lag, beta)
        scale = level / np.sqrt(np.mean(shape**2))
        for e, row in enumerate(gain_book):
            errors[w, e] = naive.gain_error(target, adaptive, H @ shape, row, scale)
    np.testing.assert_allclose(error, min(errors.values()), rtol=1e-4)
    np.testing.assert_allclose(errors[word, entry], error, rtol=1e-4)


@every_mode
def test_a_shape_is_found_again(mode):
    rng = np.random.default_rng(5)
    tables = TABLES.mode(mode)
    impulse = decaying(rng)
    H = naive.convolution_matrix(impulse)
    shape = np.empty(N)
    for index, bits in enumerate(mode.bits("fcb")):
        layout = tables.fcb_layout[index]
        word = int(rng.integers(1 << bits))
        fixed_codebook.vector(word, layout, tables.fcb, shape)
        words, _ = shortlist(3 * H @ shape, impulse, layout, tables.fcb, 64, 16)
        assert word in words


# gains --------------------------------------------------------------------------------------------


@given(st.floats(-200, 200))
def test_decibels_are_linear_to_eleven_digits(level_db):
    assert gains.decibel_to_linear(level_db) == pytest.approx(10 ** (level_db / 20), rel=1e-10)


def test_decibels_beyond_the_limits_are_those_of_the_limits():
    assert gains.decibel_to_linear(1e9) == gains.decibel_to_linear(200.0)
    assert gains.decibel_to_linear(-1e9) == gains.decibel_to_linear(-200.0) > 0


@given(seeds)
def test_gains_are_the_predicted_level_and_a_correction(seed):
    rng = np.random.default_rng(seed)
    predictor, memory = rng.normal(size=1 + gains.N_TAPS), rng.normal(scale=20, size=gains.N_TAPS)
    entry, code, gain = rng.normal(size=2), rng.normal(size=N), np.empty(2)
    change = np.clip(predictor[1:] @ memory, -gains.MAX_CORRECTION_DB, gains.MAX_CORRECTION_DB)
    level = predictor[0] + change + entry[1]
    expected = [entry[0], 10 ** (level / 20) / np.sqrt(np.mean(code**2))]
    advanced = np.r_[entry[1], memory[:-1]]
    gains.dequantize(entry, predictor, code, memory, gain)
    np.testing.assert_allclose(gain, expected, rtol=1e-9)
    np.testing.assert_array_equal(memory, advanced)


def test_a_silent_codeword_has_a_finite_gain():
    gain = np.empty(2)
    gains.dequantize(np.zeros(2), np.zeros(5), np.zeros(N), np.zeros(4), gain)
    assert np.isfinite(gain).all()


@given(seeds)
def test_gain_search_is_exhaustive(seed):
    rng = np.random.default_rng(seed)
    x, y, z = rng.normal(size=(3, N))
    book = rng.uniform([0, -20], [1.2, 20], size=(64, 2))
    moments = np.array([x @ y, x @ z, y @ y, z @ z, y @ z])
    entry, error = gain_search.search_entry(moments, 0.5, book, gain_search.levels(book))
    errors = [naive.gain_error(x, y, z, row, 0.5) for row in book]
    np.testing.assert_allclose(error + x @ x, min(errors), rtol=1e-9)
    assert entry == np.argmin(errors)


@given(seeds)
def test_no_gains_go_below_the_least_error(seed):
    rng = np.random.default_rng(seed)
    x, y, z = rng.normal(size=(3, N))
    z += rng.choice([0.0, 1e3]) * y  # also where the vectors are nearly parallel
    moments = np.array([x @ y, x @ z, y @ y, z @ z, y @ z])
    best, *_ = np.linalg.lstsq(np.array([y, z]).T, x, rcond=None)
    error = ((x - best @ [y, z]) ** 2).sum() - x @ x
    least = gain_search.least_error(moments)
    assert least <= error + 1e-9
    assert least == -np.inf or least == pytest.approx(error, abs=1e-6)


@every_mode
def test_an_entry_of_gains_is_found_again(mode):
    rng = np.random.default_rng(6)
    y, z = rng.normal(size=(2, N))
    for bits in mode.bits("gain"):
        book = TABLES.arrays[gain_name(mode, bits)].astype(np.float64)
        for i, (pitch_gain, correction) in enumerate(book):
            x = pitch_gain * y + 0.1 * 10 ** (correction / 20) * z
            moments = np.array([x @ y, x @ z, y @ y, z @ z, y @ z])
            assert gain_search.search_entry(moments, 0.1, book, gain_search.levels(book))[0] == i


# a subframe of synthesis --------------------------------------------------------------------------


@every_mode
def test_synthesis_is_the_textbooks_sum_of_both_codebooks(mode):
    rng = np.random.default_rng(7)
    tables, state = TABLES.mode(mode), synthesis.SynthesisState.new()
    bits = [n for field in mode.fields for n in field.bits]
    exc, lag3, pitch_gain = np.zeros(MAX_LAG), 3 * MIN_LAG, 0.0
    corrections, past = np.zeros(4), np.zeros(LPC_ORDER)
    heard = 0.0
    for _ in range(25):
        words = np.array([rng.integers(1 << n) for n in bits])
        a = 0.05 * rng.normal(size=LPC_ORDER)
        for index in range(N_SUBFRAMES):
            synthesis.subframe(words, index, a, tables, state)

            lag_word, gain_word, fcb_word = words[4:].reshape(3, N_SUBFRAMES)[:, index]
            lag3 = naive.lag_codes(mode.bits("lag")[index], lag3)[lag_word]
            adaptive = naive.adaptive_vector(lag3, exc, N, adaptive_codebook._FINE_TAPS)
            names = fcb_names(mode.bits("fcb")[index])
            books = [TABLES.arrays[name].astype(np.float64) for name in names]
            stages = [
                (sum(map(len, books[:i])), len(b).bit_length() - 1) for i, b in enumerate(books)
            ]
            code = naive.shape(fcb_word, stages, np.concatenate(books))
            code = naive.sharpened(code, round(lag3 / 3), np.clip(pitch_gain, 0.2, 0.8))
            entry = TABLES.arrays[gain_name(mode, mode.bits("gain")[index])][gain_word]
            pitch_gain, correction = entry.astype(np.float64)
            level = tables.predictor[0] + np.clip(tables.predictor[1:] @ corrections, -30, 30)
            gain = 10 ** ((level + correction) / 20) / np.sqrt(np.mean(code**2))
            corrections = np.r_[correction, corrections[:-1]]
            now = np.clip(pitch_gain * adaptive + gain * code, -synthesis.CLAMP, synthesis.CLAMP)
            exc = np.r_[exc, now][-MAX_LAG:]
            zi = lfilter([1], naive.whole(a), now, zi=naive.filter_memory(a, past))
            past = np.r_[past, zi[0]][-LPC_ORDER:]

            np.testing.assert_allclose(state.exc[MAX_LAG:], now, rtol=1e-6, atol=1e-9)
            np.testing.assert_allclose(state.speech[LPC_ORDER:], zi[0], rtol=1e-6, atol=1e-9)
            heard = max(heard, np.abs(zi[0]).max())
    assert heard > 0.01
    assert words.shape == (N_INDICES,)


@every_mode
@given(st.data())
@settings(max_examples=10)
def test_any_words_are_bounded_speech(mode, data):
    rng = np.random.default_rng(data.draw(seeds))
    tables, state = TABLES.mode(mode), synthesis.SynthesisState.new()
    tables = tables._replace(predictor=tables.predictor + np.array([40.0, 0, 0, 0, 0]))
    loudest = [tables.gain[row : row + n, 1].argmax() for row, n in tables.gain_layout]
    a = np.poly(0.999 * np.exp(1j * rng.uniform(0, np.pi, 5)))
    a = np.convolve(a, a.conj()).real[1:]  # resonances near the unit circle
    bits = [n for field in mode.fields for n in field.bits]
    loud = 0
    for _ in range(20):
        words = np.array([rng.integers(1 << n) for n in bits])
        words[synthesis.GAIN_WORDS : synthesis.FCB_WORDS] = loudest
        for index in range(N_SUBFRAMES):
            synthesis.subframe(words, index, a, tables, state)
            assert np.abs(state.exc).max() <= synthesis.CLAMP
            assert np.abs(state.speech).max() <= synthesis.CLAMP
            loud += np.abs(state.speech).max() == synthesis.CLAMP
    assert loud, "nothing was too loud"
