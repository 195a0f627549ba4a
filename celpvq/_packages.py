"""Optional packages: an error that names what to install if one is absent."""

import contextlib
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from .errors import MissingPackageError


@contextlib.contextmanager
def needed_by(what: str, install: str) -> Iterator[None]:
    """Raise `MissingPackageError` if an import in this context fails.

    The message says what needs the package, and names `install` as the argument of pip.
    """
    try:
        yield
    except ImportError as error:
        name = (error.name or "").partition(".")[0]
        package = f"the package {name}" if name else f"a package ({error})"
        raise MissingPackageError(f"{what} needs {package}: pip install {install}") from error


def load(package: str, what: str, extra: str = "quality") -> Any:
    """Import the package that `what` needs; raise `MissingPackageError` if it is absent."""
    with needed_by(what, f"celpvq[{extra}]"):
        return import_module(package)
