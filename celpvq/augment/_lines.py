"""Lines as adapters take them: an object, its description, or None for the default line."""

from collections.abc import Mapping
from typing import Any

from ..errors import ArgumentTypeError
from .line import TelephoneLine


def as_line(line: TelephoneLine | Mapping[str, Any] | None) -> TelephoneLine:
    """Return the line; raise `ArgumentTypeError` if it is not a line."""
    if line is None:
        return TelephoneLine()
    if isinstance(line, TelephoneLine):
        return line
    if not isinstance(line, Mapping):
        raise ArgumentTypeError(
            f"line: expected a TelephoneLine or a dict, got {type(line).__name__}"
        )
    return TelephoneLine.from_dict(line)
