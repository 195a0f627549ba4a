"""Analysis of the input: its window, its predictor, its LSF."""

import inputs
import naive
import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from inputs import frames, seeds
from scipy.signal import butter, lfilter

from celpvq.codec.encoder import analysis
from celpvq.codec.encoder.analysis import AnalysisState
from celpvq.codec.encoder.window import LAG_WINDOW, WINDOW, WINDOW_LEN
from celpvq.codec.format.modes import DELAY, FRAME_LEN
from celpvq.codec.format.modes import LPC_ORDER as P


@given(seeds, st.sampled_from([0.0, 1e-7, 1e-3, 1.0]))
def test_prediction_is_stable_at_any_level(seed, level):
    rng = np.random.default_rng(seed)
    a_true = inputs.stable_lpc(rng)
    x = level * lfilter([1], naive.polynomial(a_true), rng.normal(size=WINDOW_LEN))
    work, r, a = np.empty(WINDOW_LEN), np.empty(P + 1), np.empty(P)
    analysis.predict(x, work, r, a)
    windowed = WINDOW * x
    if windowed @ windowed < 1e-11:
        assert not a.any(), "silence has a spectrum"
        return
    expected = np.correlate(windowed, windowed, "full")[WINDOW_LEN - 1 :][: P + 1]
    np.testing.assert_allclose(r, expected * LAG_WINDOW, rtol=1e-9, atol=1e-12 * r[0])
    assert naive.is_stable(a)


def test_the_window_holds_the_newest_samples_after_the_high_pass(speech):
    x = speech[:1600] + 0.2
    b, a = butter(2, 100, "high", fs=8000)
    filtered, raw = AnalysisState.new(), AnalysisState.new()
    for frame in frames(x):
        analysis.analyze(frame, True, filtered)
        analysis.analyze(frame, False, raw)
    np.testing.assert_array_equal(raw.input, x[-WINDOW_LEN:])
    np.testing.assert_allclose(filtered.input, lfilter(b, a, x)[-WINDOW_LEN:], atol=1e-10)
    start = len(x) - FRAME_LEN - DELAY  # the frame to code ends where the look-ahead begins
    coded = raw.input[analysis.FRAME_START : analysis.FRAME_START + FRAME_LEN]
    np.testing.assert_array_equal(coded, x[start : start + FRAME_LEN])


def test_the_lsf_belong_to_the_predictor(speech):
    state = AnalysisState.new()
    for x in frames(speech):
        before = state.lsf.copy()
        analysis.analyze(x, True, state)
        np.testing.assert_array_equal(state.lsf_prev, before)
        np.testing.assert_allclose(naive.lpc_of(state.lsf), state.lpc, atol=1e-3)
        assert (state.weight > 0).all()
