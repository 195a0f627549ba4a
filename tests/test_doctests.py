"""The examples in docstrings."""

import doctest
import pkgutil
from importlib import import_module

import pytest

import celpvq
from celpvq.errors import MissingPackageError

MODULES = ["celpvq", *(m.name for m in pkgutil.walk_packages(celpvq.__path__, "celpvq."))]


@pytest.mark.parametrize("name", [m for m in MODULES if not m.endswith("__main__")])
def test_the_examples_in_docstrings_are_right(name):
    try:
        module = import_module(name)
    except MissingPackageError as error:
        pytest.skip(str(error))
    assert doctest.testmod(module).failed == 0
