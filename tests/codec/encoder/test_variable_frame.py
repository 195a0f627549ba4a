"""Variable rate as a whole: its choices, its average, its limit, its state."""

import math

import numpy as np
import pytest
from inputs import frames

from celpvq import VariableRate
from celpvq.codec.decoder.decoder import FrameDecoder
from celpvq.codec.encoder import rate_control, variable_frame, variable_rate
from celpvq.codec.encoder.encoder import FrameEncoder
from celpvq.codec.format.modes import BY_LENGTH, FRAME_LEN

CHOICES = variable_rate.CHOICES
every_choice = pytest.mark.parametrize("choice", CHOICES)


@pytest.fixture(scope="module")
def long_talk(clips):
    """All bundled clips, one after the other."""
    return frames(np.concatenate(list(clips.values()))).ravel()


def rates(packets):
    """The bit rate of each packet."""
    return np.array([400 * len(packet) for packet in packets])


def worst_second(packets):
    sizes = 8 * np.array([len(packet) for packet in packets])
    return max(sizes[i : i + 50].sum() for i in range(max(len(sizes) - 49, 1)))


# the choice ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("preset", ["fast", "default"])
def test_a_frame_gets_the_rate_of_least_cost_and_is_coded_with_its_preset(speech, preset):
    rate = VariableRate(6400)
    encoder, own = FrameEncoder(rate, preset), variable_rate.settings(rate, preset)
    n_modes = set()
    for x in frames(speech):
        before = encoder.copy()
        [packet] = encoder.encode(x)
        chosen = variable_rate.MODES.index(BY_LENGTH[len(packet)])
        if encoder.state.rate.n_frames == 1:
            continue
        measured = encoder.state.rate.copy()
        measured.surplus = before.state.rate.surplus
        of_error, pressure = rate_control.weights(own, measured)
        costs = []
        for k, mode in enumerate(variable_rate.MODES):
            trial = before.copy()
            trial.mode, trial.preset = mode, "fast"
            trial.encode(x)
            error = trial.state.committed.cost
            costs.append(of_error * error + pressure * own.bits[k])
        assert costs[chosen] <= min(costs) * (1 + 1e-5)
        n_modes.add(chosen)
        before.mode = variable_rate.MODES[chosen]
        again = before.encode(x)  # at low rates with more LSF candidates, which never cost more
        assert len(again[0]) == len(packet)
        if own.presets[chosen] == variable_rate.presets.get(preset, before.bitrate):
            found = encoder.state.committed.cost
            assert before.state.committed.cost == pytest.approx(found, rel=1e-4)
    assert n_modes == {0, 1, 2, 3, 4}


def test_the_best_trial_is_the_coding_if_the_presets_agree(speech, monkeypatch):
    rate = VariableRate(6400)
    packets = FrameEncoder(rate, "fast").encode(speech)
    again = variable_rate.settings(rate, "fast")._replace(reuse=False)
    monkeypatch.setattr(variable_rate, "settings", lambda *_: again)
    assert FrameEncoder(rate, "fast").encode(speech) == packets


@every_choice
def test_loud_and_hard_frames_get_more(talk, choice):
    x, is_speech = talk
    packets = FrameEncoder(VariableRate(6400, choice=choice), "fast").encode(x)
    found = rates(packets)
    assert found[is_speech].mean() > found[~is_speech].mean() + 800
    assert set(found) == {4800, 5600, 6400, 7200, 8000}


def test_noise_gets_more_than_a_tone_of_its_level():
    t = np.arange(16000)
    tone = sum(np.sin(2 * np.pi * 125 * k * t / 8000) / k for k in range(1, 9))
    noise = np.random.default_rng(1).normal(size=16000)
    x = np.concatenate([0.05 * part / part.std() for part in (tone, noise, tone)])
    for choice in CHOICES:
        found = rates(FrameEncoder(VariableRate(6400, choice=choice), "fast").encode(x))
        assert found[110:190].mean() > found[210:].mean() + 800


@every_choice
@pytest.mark.parametrize("gain_db", [-20, 10])
def test_the_choice_does_not_depend_on_the_level(clips, choice, gain_db):
    x = frames(clips["flite-rms-en"]).ravel()
    rate = VariableRate(6400, choice=choice)
    same = FrameEncoder(rate, "fast").encode(x)
    other = FrameEncoder(rate, "fast").encode(np.clip(x * 10 ** (gain_db / 20), -1, 1))
    assert rates(other).mean() == pytest.approx(rates(same).mean(), rel=0.05)
    # single frames differ: the gains are quantized elsewhere, and neighbouring rates cost alike
    means = [rates(packets)[:240].reshape(-1, 10).mean(axis=1) for packets in (same, other)]
    assert np.corrcoef(means)[0, 1] > 0.65


@pytest.mark.parametrize("x", [np.zeros(8000), np.eye(1, 8000, 4000)[0], np.full(8000, 1.0)])
@every_choice
def test_odd_signals_are_coded(x, choice):
    encoder, decoder = FrameEncoder(VariableRate(6400, choice=choice), "fast"), FrameDecoder()
    for packet in encoder.encode(x):
        decoder.decode(packet)
    assert np.isfinite(encoder.state.committed.synthesis.exc).all()
    assert decoder.state.synthesis == encoder.state.committed.synthesis


# the average and the limit ------------------------------------------------------------------------


@every_choice
@pytest.mark.parametrize("bitrate", [4800, 5600, 7200])
def test_the_average_holds(long_talk, choice, bitrate):
    rate = VariableRate(bitrate, window=5, choice=choice)
    packets = FrameEncoder(rate, "fast").encode(long_talk)
    assert rates(packets).mean() == pytest.approx(bitrate, rel=0.02)


@every_choice
def test_near_the_highest_rate_bits_that_do_not_help_are_saved(long_talk, choice):
    packets = FrameEncoder(VariableRate(8000, window=5, choice=choice), "fast").encode(long_talk)
    assert 7700 < rates(packets).mean() <= 8000


def test_a_shorter_window_holds_the_average_more_closely(long_talk):
    spread = []
    for window in (1, 10, math.inf):
        packets = FrameEncoder(VariableRate(6400, window), "fast").encode(long_talk)
        seconds = rates(packets)[: len(packets) // 50 * 50].reshape(-1, 50).mean(axis=1)
        spread.append(seconds.std())
    assert spread[0] < 0.7 * spread[1] < spread[2]


@every_choice
@pytest.mark.parametrize(("bitrate", "limit"), [(4800, 4800), (5600, 5600), (6400, 6800)])
@pytest.mark.parametrize("dtx", [False, True])
def test_no_second_exceeds_the_limit(talk, choice, bitrate, limit, dtx):
    rate = VariableRate(bitrate, limit=limit, choice=choice)
    packets = FrameEncoder(rate, "fast", dtx=dtx).encode(talk[0])
    free = FrameEncoder(VariableRate(bitrate, choice=choice), "fast", dtx=dtx).encode(talk[0])
    assert worst_second(packets) <= limit
    assert bitrate == 4800 or worst_second(free) > limit
    assert worst_second(packets) >= limit - 200


def test_with_dtx_the_average_is_that_of_speech(talk):
    encoder = FrameEncoder(VariableRate(5600, window=1), "fast", dtx=True)
    lengths = np.array([len(packet) for packet in encoder.encode(talk[0])])
    assert set(lengths) == {0, 2, *BY_LENGTH}
    assert 400 * lengths[lengths > 2].mean() == pytest.approx(5600, rel=0.02)
    assert 400 * lengths.mean() < 4000


# the state ----------------------------------------------------------------------------------------


@every_choice
@pytest.mark.parametrize("dtx", [False, True])
def test_the_decoder_rebuilds_the_state_of_the_encoder(talk, preset, choice, dtx):
    rate = VariableRate(5600, limit=6400, choice=choice)
    encoder, decoder = FrameEncoder(rate, preset, dtx=dtx), FrameDecoder()
    x = talk[0][80 * FRAME_LEN : 200 * FRAME_LEN]
    for part in frames(x):
        [packet] = encoder.encode(part)
        decoder.decode(packet)
        np.testing.assert_array_equal(decoder.state.lsf_q, encoder.state.lsf_q)
        assert decoder.state.synthesis == encoder.state.committed.synthesis
        if len(packet) > 2:
            assert encoder.last_frame.mode is BY_LENGTH[len(packet)]
            assert len(encoder.redundancy) == 3


@every_choice
def test_frames_one_by_one_make_the_packets_of_the_whole_run(speech, choice, preset):
    rate = VariableRate(6400, choice=choice)
    whole = FrameEncoder(rate, preset).encode(speech)
    encoder = FrameEncoder(rate, preset)
    assert [packet for x in frames(speech) for packet in encoder.encode(x)] == whole
    uneven = FrameEncoder(rate, preset)
    parts = np.split(speech, [0, 160, 160 * 8, 160 * 9])
    assert [packet for part in parts for packet in uneven.encode(part)] == whole


def test_reset_begins_anew(speech):
    encoder = FrameEncoder(VariableRate(5600), "fast")
    first = encoder.encode(speech)
    encoder.reset()
    assert encoder.encode(speech) == first


def test_the_rate_may_become_variable_or_fixed_at_any_frame(speech):
    encoder, decoder = FrameEncoder(4800, "fast"), FrameDecoder()
    variable = VariableRate(7200)
    for mode, frame_bytes in [(4800, 12), (variable, 20), (8000, 20), ("5600", 14), (variable, 20)]:
        encoder.mode = mode
        assert encoder.frame_bytes == frame_bytes
        assert encoder.bitrate == (7200 if mode is variable else int(mode))
        for packet in encoder.encode(speech[: 20 * FRAME_LEN]):
            decoder.decode(packet)
            assert mode is variable or len(packet) == frame_bytes
        assert decoder.state.synthesis == encoder.state.committed.synthesis
    assert encoder.mode == variable
    assert encoder.state.rate.n_frames == 40


def test_indices_are_of_a_fixed_rate(speech):
    from celpvq import ArgumentError

    with pytest.raises(ArgumentError, match="mode: expected a fixed rate, got vbr 6400"):
        FrameEncoder(VariableRate(6400)).indices(speech)


def test_no_samples_are_no_packets():
    encoder = FrameEncoder(VariableRate(6400))
    assert encoder.encode(np.zeros(0)) == []
    assert encoder.last_frame is None


def test_one_specialization_serves_all_rates_presets_and_choices(speech):
    for rate in (VariableRate(4800), VariableRate(8000, math.inf, 8000, "prediction")):
        for preset in ("fast", "default", "best"):
            FrameEncoder(rate, preset, highpass=preset == "fast").encode(speech[:480])
    assert len(variable_frame.encode_frames.signatures) == 1
