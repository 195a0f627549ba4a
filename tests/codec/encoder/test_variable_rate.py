"""`VariableRate`: its values, and the settings that follow from them."""

import dataclasses
import math
import pickle

import numpy as np
import pytest

import celpvq
from celpvq import ArgumentError, ArgumentTypeError, VariableRate
from celpvq.codec.encoder import presets, variable_rate


def test_the_short_form_names_the_same_rate():
    assert variable_rate.get("vbr", 5600) == VariableRate(5600)
    assert variable_rate.get(VariableRate(5600, window=60)) == VariableRate(5600, window=60)
    assert variable_rate.get("6400") is celpvq.modes()[2]
    assert str(VariableRate(5600)) == "vbr 5600"


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (("vbr",), ArgumentError, "bitrate: expected the average"),
        (("vbr", 4799), ArgumentError, "bitrate: expected at least 4800 bit/s, got 4799"),
        (("vbr", 8001), ArgumentError, "bitrate: expected 4800 to 8000 bit/s, got 8001"),
        (("vbr", 5600.0), ArgumentTypeError, "bitrate: expected an int"),
        (("vbr", True), ArgumentTypeError, "bitrate: expected an int"),
        ((6400, 5600), ArgumentError, "bitrate: expected mode 'vbr' with it, got mode 6400"),
        ((VariableRate(5600), 5600), ArgumentError, "bitrate"),
        (("VBR", 5600), ArgumentError, "bitrate"),
        ((None,), ArgumentError, "mode: expected one of 4800"),
    ],
)
def test_other_rates_are_refused(arguments, error, words):
    with pytest.raises(error, match=words):
        variable_rate.get(*arguments)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"window": 0.5}, ArgumentError, "window: expected at least 1 s, got 0.5"),
        ({"window": math.nan}, ArgumentError, "window"),
        ({"window": "long"}, ArgumentTypeError, "window"),
        ({"limit": 6399}, ArgumentError, "limit: expected at least 6400"),
        ({"limit": 8e3}, ArgumentTypeError, "limit"),
        ({"choice": "guess"}, ArgumentError, "choice: expected one of trials, prediction"),
    ],
)
def test_other_options_are_refused(options, error, words):
    with pytest.raises(error, match=words):
        VariableRate(6400, **options)


def test_rates_are_values():
    rate = VariableRate(np.int64(5600), limit=np.int32(6400))
    assert (type(rate.bitrate), type(rate.limit)) == (int, int)
    assert pickle.loads(pickle.dumps(rate)) == rate
    assert len({rate, VariableRate(5600, limit=6400), VariableRate(5600)}) == 2
    with pytest.raises(dataclasses.FrozenInstanceError):
        rate.bitrate = 4800


@pytest.mark.parametrize(
    ("bitrate", "first"), [(4800, 4800), (5199, 4800), (5201, 5600), (6700, 6400), (8000, 8000)]
)
def test_the_first_frame_has_the_nearest_mode(bitrate, first):
    rate = VariableRate(bitrate)
    assert rate.first_mode.bitrate == first
    assert variable_rate.nominal_mode(rate) is rate.first_mode
    assert variable_rate.MODES[variable_rate.settings(rate, "fast").first] is rate.first_mode


@pytest.mark.parametrize("choice", variable_rate.CHOICES)
def test_a_higher_rate_has_less_pressure(choice):
    rates = range(4800, 8001, 100)
    found = [variable_rate.settings(VariableRate(r, choice=choice), "fast") for r in rates]
    pressures = [own.pressure for own in found]
    assert pressures == sorted(pressures, reverse=True)
    assert len(set(pressures)) == len(pressures)
    assert [own.average for own in found] == [r / 50 for r in rates]


def test_a_longer_window_lets_more_bits_move():
    reach = [variable_rate.settings(VariableRate(6400, w), "fast").reach for w in (1, 15, math.inf)]
    assert reach == sorted(reach)
    assert reach[-1] == math.inf


def test_the_width_of_the_search_is_that_of_the_preset(preset):
    own = variable_rate.settings(VariableRate(6400), preset)
    assert own.presets == tuple(
        presets.get(preset, rate) for rate in (6400, 6400, 6400, 7200, 8000)
    )
    assert own.trial == presets.get("fast")
    assert own.reuse == (preset == "fast")
    low = variable_rate.settings(VariableRate(5600), preset)
    assert low.presets[0] == presets.get(preset, 4800)
