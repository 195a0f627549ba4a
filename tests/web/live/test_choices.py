"""The choices of the page, and what is none."""

import json

import pytest

from celpvq import VariableRate
from celpvq.errors import ArgumentError, FormatError
from celpvq.web.live.choices import MAX_BYTES, Choices


def test_choices_survive_json():
    choices = Choices(vbr=5600, preset="fast", dtx=True, redundancy=True, loss=12.5, burst=3.0)
    assert Choices.from_json(choices.to_json()) == choices
    assert Choices.from_json("{}") == Choices()


def test_a_variable_rate_takes_the_place_of_the_mode():
    assert Choices(mode=4800).rate.bitrate == 4800
    assert Choices(mode=4800, vbr=5600).rate == VariableRate(5600)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "expected JSON"),
        ("[" * 400, "expected JSON"),
        ("[1]", "expected a JSON object, got list"),
        ('{"mode": "6400"}', "got mode='6400'"),
        ('{"mode": true}', "got mode=True"),
        ('{"mode": 6400.0}', "got mode=6400.0"),
        ('{"dtx": 1}', "got dtx=1"),
        ('{"loss": null}', "got loss=None"),
        ('{"colour": 1}', "got colour=1"),
        (" " * (MAX_BYTES + 1), "at most 512 characters, got 513"),
    ],
)
def test_other_texts_are_refused(text, words):
    with pytest.raises(FormatError) as raised:
        Choices.from_json(text)
    assert words in str(raised.value)


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        ({"mode": 6500}, "6500"),
        ({"mode": 10**300}, "mode"),
        ({"vbr": 4799}, "at least 4800"),
        ({"vbr": 8001}, "4800 to 8000"),
        ({"preset": "slow"}, "preset: expected one of"),
        ({"loss": 50.5}, "loss: expected 0 to 50 %, got 50.5"),
        ({"loss": -1}, "loss"),
        ({"loss": float("nan")}, "loss"),
        ({"burst": 0.5}, "burst: expected 1 to 50 packets, got 0.5"),
        ({"burst": float("inf")}, "burst"),
    ],
)
def test_choices_out_of_range_are_refused(choice, words):
    with pytest.raises(ArgumentError) as raised:
        Choices.from_json(json.dumps(choice))
    assert words in str(raised.value)


@pytest.mark.parametrize("burst", [None, 1, 2.5, 50])
def test_every_loss_can_be_drawn_in_every_burst(burst):
    from celpvq.live import losses

    for loss in (0, 1, 50):
        drawn = losses(loss / 100, burst, 1)
        assert isinstance(next(drawn), bool)
