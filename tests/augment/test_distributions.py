"""Distributions: where a place lies in them, what they refuse, and their form in JSON."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from celpvq.augment import Choice, LogUniform, Uniform
from celpvq.augment.distributions import draw, extremes, from_json, to_json
from celpvq.errors import ArgumentError, ArgumentTypeError

places = st.floats(0, 1, exclude_max=True)


@given(place=places)
def test_a_place_is_a_quantile(place):
    assert Uniform(2, 6).at(place) == pytest.approx(2 + 4 * place)
    assert LogUniform(1e-5, 1e-3).at(place) == pytest.approx(10 ** (-5 + 2 * place))
    assert Choice([*"abcd"]).at(place) == "abcd"[int(4 * place)]
    assert Choice([*"ab"], weights=[3, 1]).at(place) == ("a" if place < 0.75 else "b")


@given(place=places)
def test_a_choice_hands_the_rest_of_its_place_on(place):
    nested = Choice([0.0, Uniform(10, 20)], weights=[1, 3])
    expected = 0.0 if place < 0.25 else 10 + 10 * (place - 0.25) / 0.75
    assert nested.at(place) == pytest.approx(expected)


@given(place=places, low=st.floats(1e-300, 1e300), ratio=st.floats(1, 1e6))
def test_no_value_lies_outside_the_limits(place, low, ratio):
    high = low * ratio
    for kind in (Uniform, LogUniform):
        assert low <= kind(low, high).at(place) <= high


def test_a_value_is_its_own_draw():
    assert draw("fast", 0.7) == "fast"
    assert extremes(None) == (None,)
    assert extremes(Choice([1, Choice([Uniform(2, 3), None])])) == (1, 2, 3, None)


@pytest.mark.parametrize(
    "value",
    [
        4800,
        None,
        Uniform(0, 0.1),
        LogUniform(1e-5, 1e-3),
        Choice([4800, 8000], weights=[2, 1]),
        Choice([None, Choice([Uniform(0, 1), 3.0])]),
    ],
)
def test_json_keeps_everything(value):
    assert from_json(json.loads(json.dumps(to_json(value)))) == value


def test_numbers_of_numpy_become_pythons():
    choice = Choice(np.array([4800, 8000]), weights=np.array([1.0, 2.0]))
    assert json.dumps(to_json(choice)) == '{"choice": [4800, 8000], "weights": [1.0, 2.0]}'
    assert hash(choice) == hash(Choice([4800, 8000], [1.0, 2.0]))


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Uniform(2, 1), ArgumentError, "the lower one first, got 2 and 1"),
        (lambda: Uniform(0, float("inf")), ArgumentError, "finite"),
        (lambda: Uniform("0", 1), ArgumentTypeError, "got '0'"),
        (lambda: LogUniform(0, 1), ArgumentError, "above 0, got 0"),
        (lambda: Choice([]), ArgumentError, "at least one"),
        (lambda: Choice(4800), ArgumentTypeError, "got 4800"),
        (lambda: Choice("fast"), ArgumentTypeError, "got 'fast'"),
        (lambda: Choice([*"ab"], [1]), ArgumentError, r"2 weights above 0, got \[1\]"),
        (lambda: Choice([*"ab"], [1, 0]), ArgumentError, r"got \[1, 0\]"),
        (lambda: from_json({"uniform": [0]}), ArgumentError, "got {'uniform'"),
        (lambda: from_json({"uniform": [0, 1], "weights": [1]}), ArgumentError, "weights"),
        (lambda: from_json({"normal": [0, 1]}), ArgumentError, "normal"),
        (lambda: from_json({"choice": 3}), ArgumentError, "got {'choice'"),
    ],
)
def test_errors_name_what_was_expected(make, error, message):
    with pytest.raises(error, match=message):
        make()
