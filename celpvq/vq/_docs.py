"""Paragraphs of docstrings that several classes share, written once in their base class."""

import inspect
import re

_ENTRY = re.compile(r"^(\w+) : .*\n(?:    .*\n?|\n(?=    ))+", re.MULTILINE)
_SHARED = re.compile(r"^([\w, ]+)\n    As in `(\w+)`\.\n", re.MULTILINE)


def completed(cls: type, base: type) -> str | None:
    """Return the docstring of `cls` with the entries that it takes from `base`.

    An entry ``a, b`` with the text "As in `Base`." stands for those of `base` for both, so that
    the source names where they are, and `help` and numpydoc show them in full.
    """
    if not cls.__doc__ or not base.__doc__:  # python -OO
        return cls.__doc__
    shared = {m[1]: m[0].rstrip() + "\n" for m in _ENTRY.finditer(inspect.cleandoc(base.__doc__))}

    def entries(found: re.Match[str]) -> str:
        if found[2] != base.__name__:
            return found[0]
        return "".join(shared[name] for name in found[1].split(", "))

    return _SHARED.sub(entries, inspect.cleandoc(cls.__doc__) + "\n")
