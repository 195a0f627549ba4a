"""The docstrings of the quantizers describe every parameter and every result in full."""

import inspect
import re

import numpy as np
import pytest

from celpvq import vq
from celpvq.vq import _docs
from celpvq.vq.base import VectorQuantizer

QUANTIZERS = [getattr(vq, name) for name in vq.__all__ if hasattr(getattr(vq, name), "encode")]


def entries(doc, section):
    """The names that a section of a docstring describes, each with some text."""
    text = re.search(rf"^{section}\n-+\n(.*?)(?=\n\n\w+\n-+\n|\Z)", doc, re.M | re.S)[1]
    found = re.findall(r"^(\w+) : .+\n    \S", text + "\n", re.M)
    assert len(found) == len(re.findall(r"^\S", text, re.M)), f"an entry is not in full: {text}"
    return found


@pytest.mark.parametrize("cls", QUANTIZERS, ids=lambda cls: cls.__name__)
def test_every_parameter_and_every_result_is_described(cls):
    doc = inspect.getdoc(cls)
    assert entries(doc, "Parameters") == cls._param_names()
    assert set(entries(doc, "Attributes")) >= set(cls._fitted)
    assert "As in" not in doc


def test_shared_entries_come_from_the_base_class():
    seed = "random_state : int, numpy.random.Generator or None\n    Seed of all random draws;"
    assert seed in inspect.getdoc(VectorQuantizer)
    for cls in QUANTIZERS:
        assert seed in inspect.getdoc(cls)


def test_without_docstrings_there_is_nothing_to_complete():
    class Bare:
        pass

    assert _docs.completed(Bare) is None


def test_results_have_the_shapes_that_are_described():
    X = np.random.default_rng(1).normal(size=(100, 2))
    q = vq.LBG(4, random_state=1).fit(X)
    assert q.codebook_.shape == (4, 2)
    assert q.distortion_history_.shape == (q.n_iter_ + 3,)  # after each of 3 sizes
