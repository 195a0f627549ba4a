"""Rate control: the energies that it compares, the cost of a mode, the limit of a second."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from inputs import frames, seeds
from scipy.signal import lfilter

from celpvq import VariableRate
from celpvq.codec.common import lsf
from celpvq.codec.encoder import analysis, frame, rate_control, variable_rate
from celpvq.codec.encoder.rate_control import RateState
from celpvq.codec.encoder.weighting import GAMMA1, GAMMA2
from celpvq.codec.format.modes import FRAME_LEN, LPC_ORDER, SUBFRAME_LEN

LOUD = 0.1  # far above the energies that count as silence


def settings(bitrate=6400, **options):
    return variable_rate.settings(VariableRate(bitrate, **options), "default")


def state_with(**values):
    state = RateState.new()
    for name, value in values.items():
        setattr(state, name, value)
    return state


# energies -----------------------------------------------------------------------------------------


def test_the_weighted_speech_is_that_of_the_filter_across_all_borders(speech):
    analyzed, state = analysis.AnalysisState.new(), RateState.new()
    lpc_w = np.zeros((4, LPC_ORDER))
    factors = np.arange(LPC_ORDER) + 1
    memory = (np.zeros(LPC_ORDER), np.zeros(LPC_ORDER))
    past = np.zeros(LPC_ORDER)
    for x in frames(speech)[:20]:
        analysis.analyze(x, True, analyzed)
        frame.interpolate_lpc(analyzed.lsf_prev[:], analyzed.lsf[:], lpc_w)
        rate_control.start_frame(lpc_w, analyzed, state)
        coded = analyzed.input[analysis.FRAME_START :][:FRAME_LEN]
        expected = []
        for part, a in zip(coded.reshape(4, SUBFRAME_LEN), lpc_w, strict=True):
            num, den = np.r_[1, a * GAMMA1**factors], np.r_[1, a * GAMMA2**factors]
            line = np.r_[memory[0], part]
            flat = lfilter(num, [1], line)[LPC_ORDER:]
            zi = np.array([
                -np.dot(den[k + 1 :], past[::-1][: LPC_ORDER - k]) for k in range(LPC_ORDER)
            ])  # fmt: skip
            weighted, _ = lfilter([1], den, flat, zi=zi)
            memory = (line[-LPC_ORDER:], None)
            past = np.r_[past, weighted][-LPC_ORDER:]
            expected.append(weighted)
        found = state.weighted[LPC_ORDER:]
        np.testing.assert_allclose(found, np.concatenate(expected), rtol=1e-7, atol=1e-10)
    assert state.n_frames == 20


def test_energy_and_level_are_means_with_a_floor_for_silence(speech):
    analyzed, state = analysis.AnalysisState.new(), RateState.new()
    lpc_w = np.zeros((4, LPC_ORDER))  # W(z) = 1
    energies = []
    for x in frames(speech)[:30]:
        analysis.analyze(x, False, analyzed)
        rate_control.start_frame(lpc_w, analyzed, state)
        energies.append(np.sum(state.weighted[LPC_ORDER:] ** 2) + 1e-6)
        assert state.level == pytest.approx(np.mean(energies))
        assert state.energy == pytest.approx(energies[-1] + 1e-4 * state.level)


def test_the_level_forgets(speech):
    analyzed, lpc_w = analysis.AnalysisState.new(), np.zeros((4, LPC_ORDER))
    state = state_with(level=100.0, n_frames=10**6)
    for _ in range(500):
        rate_control.start_frame(lpc_w, analyzed, state)
    assert state.level == pytest.approx(100 * math.exp(-1), rel=0.01)


# the cost of a mode -------------------------------------------------------------------------------


@given(
    error=st.floats(1e-4, 1e2), energy=st.floats(1e-3, 1e3), level=st.floats(1e-3, 1e3),
    surplus=st.floats(-1e4, 1e4), bits=st.sampled_from([96, 112, 128, 144, 160]),
)  # fmt: skip
def test_the_cost_is_the_formula_of_the_module(error, energy, level, surplus, bits):
    own = settings(5600, window=10)
    state = state_with(energy=energy, level=level, surplus=surplus)
    of_error, pressure = rate_control.weights(own, state)
    expected = (error / energy) * (energy / level) ** (1 - own.exponent)
    expected += own.pressure * math.exp(surplus / own.reach) * bits
    assert of_error * error + pressure * bits == pytest.approx(expected)


def test_the_cost_does_not_depend_on_the_level():
    own = settings()
    quiet, _ = rate_control.weights(own, state_with(energy=1e-2, level=3e-2))
    loud, _ = rate_control.weights(own, state_with(energy=1e2, level=3e2))
    assert quiet * 1e-3 == pytest.approx(loud * 1e1)


# bits ---------------------------------------------------------------------------------------------


@given(data=st.data(), limit=st.integers(4800, 8000))
def test_no_second_exceeds_the_limit_and_none_has_more_room_than_is_used(data, limit):
    own = settings(4800, limit=limit)
    state, sizes = RateState.new(), [0] * 49
    rng = np.random.default_rng(data.draw(seeds))
    share_of_pauses = data.draw(st.sampled_from([0.0, 0.5, 0.9]))
    for _ in range(200):
        if rng.random() < share_of_pauses:
            sizes.append(rng.choice([0, 16]))
            rate_control.count(sizes[-1], state)
            continue
        highest = rate_control.highest_mode(own, state)

        def worst(bits, past=tuple(sizes[-49:])):
            later = [*past, bits, *[96] * 49]
            return max(sum(later[i : i + 50]) for i in range(50))

        assert worst(own.bits[highest]) <= limit
        assert highest == 4 or worst(own.bits[highest + 1]) > limit
        mode = highest if rng.random() < 0.8 else rng.integers(highest + 1)
        sizes.append(int(own.bits[mode]))
        rate_control.end_frame(int(mode), own, state)
    assert max(sum(sizes[i : i + 50]) for i in range(len(sizes) - 49)) <= limit


def test_without_a_limit_every_mode_is_open():
    state = RateState.new()
    state.sizes[:] = 160
    assert rate_control.highest_mode(settings(), state) == 4


def test_spent_bits_are_counted_and_a_pause_saves_only_so_many():
    own, state = settings(6400, window=10), RateState.new()
    for mode in (4, 4, 0):
        rate_control.end_frame(mode, own, state)
    assert (state.surplus, state.mode) == (32, 0)
    np.testing.assert_array_equal(state.sizes[:4], [96, 160, 160, 0])
    for _ in range(10_000):
        rate_control.end_frame(0, own, state)
    assert state.surplus == -3 * own.reach
    rate_control.end_frame(4, own, state)
    assert state.surplus == -3 * own.reach + 32


def test_a_new_state_begins_flat():
    state = RateState.new()
    assert (state.n_frames, state.surplus, state.level) == (0, 0.0, 0.0)
    assert np.all(np.diff(lsf.flat()) > 0)
