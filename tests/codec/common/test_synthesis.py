"""Synthesis from indices to speech against the textbook's sum, and its clamp."""

from itertools import pairwise

import naive
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from inputs import frames, seeds
from scipy.signal import lfilter

from celpvq.codec.common import adaptive_codebook, lsf, lsf_dequantizer, synthesis, table_set
from celpvq.codec.common.synthesis import CLAMP, SynthesisState
from celpvq.codec.common.tables import fcb_names, gain_name
from celpvq.codec.encoder.encoder import FrameEncoder
from celpvq.codec.format.modes import (
    FCB_INDICES,
    GAIN_INDICES,
    LPC_ORDER,
    MAX_LAG,
    MIN_LAG,
    N_INDICES,
    N_LSF_INDICES,
    N_SUBFRAMES,
    modes,
)
from celpvq.codec.format.modes import SUBFRAME_LEN as N

TAPS = adaptive_codebook.interpolator(adaptive_codebook.REACH)


def test_synthesis_is_the_textbooks_sum_of_both_codebooks(mode, random_tables):
    rng = np.random.default_rng(7)
    tables, state = random_tables.mode(mode), SynthesisState.new()
    bits = [n for field in mode.fields for n in field.bits]
    exc, lag3, pitch_gain = np.zeros(MAX_LAG), 3 * MIN_LAG, 0.0
    corrections, past = np.zeros(4), np.zeros(LPC_ORDER)
    loudest = 0.0
    for _ in range(25):
        indices = np.array([rng.integers(1 << n) for n in bits])
        a = 0.05 * rng.normal(size=LPC_ORDER)
        for s in range(N_SUBFRAMES):
            synthesis.subframe(indices, s, a, tables, state)

            lag_index, gain_index, fcb_index = indices[4:].reshape(3, N_SUBFRAMES)[:, s]
            lag3 = naive.lags_of_indices(mode.bits("lag")[s], lag3)[lag_index]
            adaptive = naive.adaptive_vector(lag3, exc, N, TAPS)
            names = fcb_names(mode.bits("fcb")[s])
            books = [random_tables.arrays[name].astype(np.float64) for name in names]
            stages = [
                (sum(map(len, books[:i])), len(b).bit_length() - 1) for i, b in enumerate(books)
            ]
            code = naive.code_vector(fcb_index, stages, np.concatenate(books))
            code = naive.sharpened(code, round(lag3 / 3), np.clip(pitch_gain, 0.2, 0.8))
            entry = random_tables.arrays[gain_name(mode, mode.bits("gain")[s])][gain_index]
            pitch_gain, correction = entry.astype(np.float64)
            level = tables.predictor[0] + np.clip(tables.predictor[1:] @ corrections, -30, 30)
            gain = 10 ** ((level + correction) / 20) / np.sqrt(np.mean(code**2))
            corrections = np.r_[correction, corrections[:-1]]
            now = np.clip(pitch_gain * adaptive + gain * code, -CLAMP, CLAMP)
            exc = np.r_[exc, now][-MAX_LAG:]
            speech, _ = lfilter([1], naive.polynomial(a), now, zi=naive.filter_memory(a, past))
            past = np.r_[past, speech][-LPC_ORDER:]

            np.testing.assert_allclose(state.exc[MAX_LAG:], now, rtol=1e-6, atol=1e-9)
            np.testing.assert_allclose(state.speech[LPC_ORDER:], speech, rtol=1e-6, atol=1e-9)
            loudest = max(loudest, np.abs(speech).max())
    assert loudest > 0.01
    assert indices.shape == (N_INDICES,)


@given(st.data())
@settings(max_examples=10)
def test_any_indices_are_bounded_speech(mode, random_tables, data):
    rng = np.random.default_rng(data.draw(seeds))
    tables, state = random_tables.mode(mode), SynthesisState.new()
    tables = tables._replace(predictor=tables.predictor + np.array([40.0, 0, 0, 0, 0]))
    loudest = [tables.gain[row : row + n, 1].argmax() for row, n in tables.gain_layout]
    a = np.poly(0.999 * np.exp(1j * rng.uniform(0, np.pi, 5)))
    a = np.convolve(a, a.conj()).real[1:]  # resonances near the unit circle
    bits = [n for field in mode.fields for n in field.bits]
    n_clamped = 0
    for _ in range(20):
        indices = np.array([rng.integers(1 << n) for n in bits])
        indices[GAIN_INDICES:FCB_INDICES] = loudest
        for s in range(N_SUBFRAMES):
            synthesis.subframe(indices, s, a, tables, state)
            assert np.abs(state.exc).max() <= CLAMP
            assert np.abs(state.speech).max() <= CLAMP
            n_clamped += np.abs(state.speech).max() == CLAMP
    assert n_clamped, "nothing was too loud"


# the clamp ----------------------------------------------------------------------------------------


def test_the_clamp_limits_to_its_value():
    x = np.array([0.0, 5.0, -5.0, 3.9, np.inf, -np.inf])
    synthesis.clamp(x)
    np.testing.assert_array_equal(x, [0, CLAMP, -CLAMP, 3.9, CLAMP, -CLAMP])


def test_clean_speech_stays_far_below_the_clamp(clips):
    a = np.empty(LPC_ORDER)
    highest = 0.0
    for mode, x in zip([*modes(), *modes()], clips.values(), strict=False):
        loud = x / np.abs(x).max()
        indices = FrameEncoder(mode, "fast").indices(frames(loud).ravel())
        state, tables = SynthesisState.new(), table_set.default().mode(mode)
        track = [lsf.flat()]
        for row in indices:
            track.append(np.empty(LPC_ORDER))
            lsf_dequantizer.dequantize(row[:N_LSF_INDICES], tables.lsf, track[-2], track[-1])
        for row, (before, after) in zip(indices, pairwise(track), strict=True):
            for s in range(N_SUBFRAMES):
                lsf.predictor(before, after, s, a)
                synthesis.subframe(row, s, a, tables, state)
                highest = max(highest, np.abs(state.exc).max(), np.abs(state.speech).max())
    assert 0.9 < highest < CLAMP / 2
