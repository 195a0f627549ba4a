"""Paragraphs of docstrings that several classes share, written once in their base class."""

import inspect
import re

_ENTRY = re.compile(r"^(\w+) : .*\n(?:    .*\n?|\n(?=    ))+", re.MULTILINE)
_SHARED = re.compile(r"^([\w, ]+)\n    As in `(\w+)`\.\n", re.MULTILINE)


def completed(cls: type) -> str | None:
    """Return the docstring of `cls` with the entries that it takes from its base classes.

    An entry ``a, b`` with the text "As in `Base`." stands for the entries a and b of that class.
    So the source says where the text is, and `help` and numpydoc show it in full.
    """
    if not cls.__doc__:  # python -OO
        return None

    def entries(found: re.Match[str]) -> str:
        base = next(base for base in cls.__mro__ if base.__name__ == found[2])
        shared = {m[1]: m[0] for m in _ENTRY.finditer(inspect.cleandoc(base.__doc__ or ""))}
        return "".join(shared[name].rstrip() + "\n" for name in found[1].split(", "))

    return _SHARED.sub(entries, inspect.cleandoc(cls.__doc__) + "\n")
