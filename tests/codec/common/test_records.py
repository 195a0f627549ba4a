"""States as records, and kernels without memory of their own."""

import copy
import os
import pickle

import numpy as np
import pytest

from celpvq._numba import strict
from celpvq.codec.common.records import Record
from celpvq.codec.decoder.frame import DecoderState
from celpvq.codec.encoder.frame import EncoderState

needs_compiler = pytest.mark.skipif("NUMBA_DISABLE_JIT" in os.environ, reason="needs a compiler")


class Inner(Record):
    """A part."""

    level: float = -3.0
    on: bool = True


class Outer(Record):
    """A whole."""

    line: np.ndarray = np.arange(4.0)
    age: int = 7
    inner: Inner = Inner.new()


def test_a_record_starts_with_the_values_of_its_class():
    state = Outer.new()
    assert (state.age, state.inner.level, state.inner.on) == (7, -3.0, True)
    np.testing.assert_array_equal(state.line, np.arange(4.0))


@pytest.mark.parametrize("kind", [Outer, EncoderState, DecoderState])
def test_records_are_independent_of_one_another(kind):
    one, other = kind.new(), kind.new()
    assert one == other
    for name in kind.__annotations__:
        one[name] = np.zeros((), one[name].dtype)
    assert one != other
    assert other == kind.new()


def test_copies_and_pickles_are_equal_and_apart():
    state = Outer.new()
    state.inner.level = 5.0
    for twin in (copy.deepcopy(state), pickle.loads(pickle.dumps(state))):
        assert twin == state
        twin.line[0] = 9.0
        assert state.line[0] == 0.0


def test_names_that_every_record_has_are_refused():
    with pytest.raises(AssertionError, match="flat"):
        type("Bad", (Record,), {"__annotations__": {"flat": float}, "flat": 0.0})


@strict
def _change(state, other):
    state.age += 1
    for i in range(1, state.line.shape[0]):
        state.line[i] *= 2.0
    other.inner = state.inner
    other.inner.on = False


@needs_compiler
def test_kernels_change_a_record_in_place_and_copy_by_assignment():
    state, other = Outer.new(), Outer.new()
    state.inner.level = 4.0
    _change(state, other)
    assert state.age == 8
    np.testing.assert_array_equal(state.line, [0.0, 2.0, 4.0, 6.0])
    assert (other.inner.level, other.inner.on, state.inner.on) == (4.0, False, True)
