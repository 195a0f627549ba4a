"""Comfort noise: levels, SIDs, and what they set."""

import numpy as np
import pytest

from celpvq.codec.common import comfort_noise, gains, lsf, table_set
from celpvq.codec.common.comfort_noise import NoiseState
from celpvq.codec.common.synthesis import SynthesisState
from celpvq.codec.format.modes import MODES, SUBFRAME_LEN


@pytest.fixture(scope="module")
def book():
    """The LSF codebook of SIDs, the same in all modes."""
    return table_set.default().mode(MODES[6400]).sid


def test_levels_rise_in_equal_steps_and_the_lowest_is_silence(book):
    levels = [comfort_noise.level_db(i) for i in range(comfort_noise.N_LEVELS)]
    assert levels[0] < -150
    assert np.diff(levels[1:]) == pytest.approx(comfort_noise.STEP_DB)
    assert (np.diff(book, axis=1) > 0).mean() > 0.999


def test_the_first_sid_of_a_pause_sets_the_noise_and_the_next_ones_only_its_aim(book):
    state, other = NoiseState.new(), NoiseState.new()
    other.level[:] = -10.0
    other.seed = 99
    for noise_state in (state, other):
        comfort_noise.receive(np.array([17, 9]), book, noise_state)
    assert state == other  # whatever there was before
    assert state.on
    level = comfort_noise.level_db(9)
    np.testing.assert_array_equal(state.level, level)
    expected = book[17].copy()
    lsf.stabilize(expected)
    np.testing.assert_array_equal(state.lsf, expected)
    seed = state.seed
    comfort_noise.receive(np.array([3, 20]), book, state)
    assert state.seed == seed
    np.testing.assert_array_equal(state.level, [level, comfort_noise.level_db(20)])


def test_the_level_moves_towards_the_level_of_the_last_sid(book):
    noise_state, synth = NoiseState.new(), SynthesisState.new()
    comfort_noise.receive(np.array([17, 9]), book, noise_state)
    comfort_noise.receive(np.array([17, 20]), book, noise_state)
    before, aim = noise_state.level
    powers = []
    for _ in range(200):
        comfort_noise.excite(noise_state, synth)
        now = noise_state.level[0]
        assert before < now <= aim
        assert synth.gain[1] == gains.decibel_to_linear(now)
        assert synth.gain[0] == 0
        assert not synth.gain_mem.any()
        powers.append(np.mean(synth.exc[-SUBFRAME_LEN:] ** 2))
        before = now
    assert 10 * np.log10(np.mean(powers[100:])) == pytest.approx(aim, abs=0.5)
