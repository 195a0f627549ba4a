"""Print the public interface, a line each: names with their arguments, and commands with options.

    python tools/interface.py > tests/interface.txt

The lines of a released version stay, up to the next whole number of the version: a new line may
come, and a line may end with a new argument that has a default value.
"""

import inspect
import sys
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from celpvq.cli.command import VERBS, make_parser

PACKAGES = (
    "celpvq", "celpvq.augment", "celpvq.channel", "celpvq.folders", "celpvq.quality", "celpvq.rtp",
    "celpvq.vq",
)  # fmt: skip


def arguments(call: Any) -> str:
    """Return names and default values of the arguments, as a signature has them."""
    signature = inspect.signature(call)
    kept = [
        p.replace(annotation=p.empty)
        for name, p in signature.parameters.items()
        if name not in ("self", "cls")
    ]
    return str(signature.replace(parameters=kept, return_annotation=signature.empty))


def members(found: type) -> dict[str, Any]:
    """Return the public names of a class that the package defines, with those of its bases."""
    of = {}
    for base in reversed(found.__mro__):
        if base.__module__.partition(".")[0] == "celpvq":
            of.update(vars(base))
    return {name: of[name] for name in sorted(of) if not name.startswith("_")}


def of_class(name: str, found: type) -> Iterator[str]:
    """Yield a line for a class, and one for each of its public names."""
    if issubclass(found, Exception):
        yield f"{name}({', '.join(base.__name__ for base in found.__bases__)})"
        return
    yield f"{name}{arguments(found)}"
    for member, value in members(found).items():
        call = value.__func__ if isinstance(value, staticmethod | classmethod) else value
        yield f"{name}.{member}{arguments(call) if callable(call) else ''}"


def of_package(package: str) -> Iterator[str]:
    """Yield the lines of the names that a package lists."""
    module = import_module(package)
    for name in sorted(module.__all__):
        found = getattr(module, name)
        if isinstance(found, type):
            yield from of_class(f"{package}.{name}", found)
        else:
            yield f"{package}.{name}{arguments(found) if callable(found) else ''}"


def commands() -> Iterator[str]:
    """Yield the lines of the command line."""
    for verb in VERBS:
        parser: Any = make_parser([verb])
        yield from of_command(f"celpvq {verb}", subcommands(parser)[verb])


def subcommands(parser: Any) -> dict[str, Any]:
    """Return the parsers of the commands within a command."""
    found = [action.choices for action in parser._actions if isinstance(action.choices, dict)]
    return {name: sub for choices in found for name, sub in choices.items()}


def of_command(name: str, parser: Any) -> Iterator[str]:
    """Yield a line for each argument of a command, and for those of the commands within it."""
    for action in parser._actions:
        if action.dest != "help" and not isinstance(action.choices, dict):
            yield f"{name} {' '.join(action.option_strings) or action.dest}"
    for word, sub in subcommands(parser).items():
        yield from of_command(f"{name} {word}", sub)


def lines() -> list[str]:
    """Return all lines."""
    return [line for package in PACKAGES for line in of_package(package)] + list(commands())


def main() -> int:
    """Print the lines."""
    print("\n".join(lines()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
