import doctest
import pkgutil
from importlib import import_module

import pytest

import celpvq

MODULES = ["celpvq", *(m.name for m in pkgutil.walk_packages(celpvq.__path__, "celpvq."))]


@pytest.mark.parametrize("name", [m for m in MODULES if not m.endswith("__main__")])
def test_the_examples_in_docstrings_are_right(name):
    assert doctest.testmod(import_module(name)).failed == 0
