"""Load optional packages, with an error that names the extra if one is absent."""

from importlib import import_module
from typing import Any

from ..errors import MissingPackageError


def load(package: str, what: str, extra: str = "quality") -> Any:
    """Import the package that `what` needs; raise `MissingPackageError` if it is absent."""
    try:
        return import_module(package)
    except ImportError as exc:
        raise MissingPackageError(
            f"{what} needs the package {exc.name}: pip install celpvq[{extra}]"
        ) from None
