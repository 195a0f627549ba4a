"""The order in which the kernels of the codec are compiled: each one after those that it calls.

By itself numba compiles a function when it meets the first call to it, in the middle of the caller.
The other way round takes an eighth less time, and several processes can take part: each takes the
next kernel that nobody has, and finds in the cache those that it calls.

``tools/compilation.py`` writes the plan, a file, from the calls and types that it observes. A plan
that does not agree with the sources costs time only, since whatever it lacks is compiled on demand.
"""

import contextlib
import functools
import json
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numba
from numba import types as numba_types

from .folders import PACKAGE

FILE = PACKAGE / "codec" / "compilation.json"
types: Any = numba_types  # parts of it have no types


@dataclass(frozen=True)
class Step:
    """A kernel, and the types of its arguments that it is compiled for."""

    name: str  # ``module:function`` below celpvq
    types: list[Any]  # descriptions, for `make_type`
    is_entry: bool  # whether Python calls it, not another kernel
    calls: tuple[int, ...]  # numbers of the steps that it needs
    cost: float  # processor time on the machine that wrote the plan [s]

    def kernel(self) -> Any:
        """Return the form of the kernel that is to be compiled; None if there is none."""
        with contextlib.suppress(ImportError, AttributeError):
            kernel = _named(self.name)
            return kernel if self.is_entry else kernel.twin()
        return None

    def signature(self) -> tuple[Any, ...] | None:
        """Return the types of its arguments; None if there is no such type."""
        with contextlib.suppress(ImportError, AttributeError):
            return tuple(make_type(description) for description in self.types)
        return None


@functools.cache
def steps() -> list[Step]:
    """Return all steps, each one after those that it needs; none if the file is missing."""
    try:
        rows = json.loads(FILE.read_text(encoding="utf-8"))["steps"]
    except OSError:
        return []
    return [Step(**row | {"calls": tuple(row["calls"])}) for row in rows]


def needs(numbers: set[int]) -> set[int]:
    """Return the numbers of all steps that some steps need, themselves included."""
    found, new = set(numbers), set(numbers)
    while new:
        new = {n for k in new for n in steps()[k].calls} - found
        found |= new
    return found


def make_type(description: Any) -> Any:
    """Return a type of numba from its description in the plan, a value of JSON."""
    if isinstance(description, str):
        return getattr(types, description)
    form, *rest = description
    if form == "literal":
        return types.literal(rest[0])
    if form == "field":
        return types.NestedArray(make_type(rest[0]), tuple(rest[1]))
    if form == "array":
        return types.Array(make_type(rest[0]), rest[1], rest[2])
    if form == "repeated":
        return types.UniTuple(make_type(rest[0]), rest[1])
    cls = _named(rest[0])
    if form == "record":
        return numba.from_dtype(cls.start.dtype)
    items = [make_type(item) for item in rest[1]]
    if len(set(items)) == 1:
        return types.NamedUniTuple(items[0], len(items), cls)
    return types.NamedTuple(items, cls)


def _named(name: str) -> Any:
    """Return the kernel or class that is called ``module:name``, module below celpvq."""
    module, attribute = name.split(":")
    return getattr(import_module(f"celpvq.{module}"), attribute)
