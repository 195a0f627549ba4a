"""JSON files from elsewhere: checked before anything in them is used."""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from ..errors import FormatError

MAX_BYTES = 16 << 20


def require(valid: bool, message: str) -> None:
    """Raise `FormatError` unless `valid`."""
    if not valid:
        raise FormatError(message)


def read_object(path: Path) -> dict[str, Any]:
    """Return the object in a JSON file.

    Raises
    ------
    FormatError
        If the file is not JSON, is too large, or holds a name twice or a number that is not finite.
    OSError
        If it cannot be read.
    """
    with path.open("rb") as file:
        text = file.read(MAX_BYTES + 1)
    require(len(text) <= MAX_BYTES, f"{path}: expected at most {MAX_BYTES} bytes, got more")
    try:
        data = json.loads(
            text.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_refuse
        )  # fmt: skip
    except (ValueError, RecursionError) as error:  # UnicodeDecodeError and JSONDecodeError too
        raise FormatError(f"{path}: not JSON that can be read ({error})") from None
    require(isinstance(data, dict), f"{path}: expected a JSON object, got {type(data).__name__}")
    return dict(data)


def _unique(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    names = dict(pairs)
    require(len(names) == len(pairs), "an object has a name twice")
    return names


def _refuse(constant: str) -> NoReturn:
    raise FormatError(f"{constant} is not a number of JSON")


def integer(value: Any, low: int, high: int, what: str) -> int:
    """Return a whole number in a range; raise `FormatError` for anything else."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    require(
        whole and low <= value <= high, f"{what}: expected {low} to {high}, got {_short(value)}"
    )
    return int(value)


def seconds(value: Any, what: str) -> float:
    """Return a duration [s]; raise `FormatError` for anything else."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    valid = number and math.isfinite(value) and 0 <= value < 1e9
    require(valid, f"{what}: expected seconds, got {_short(value)}")
    return float(value)


def text(value: Any, what: str, longest: int = 200) -> str:
    """Return a short text; raise `FormatError` for anything else."""
    valid = isinstance(value, str) and len(value) <= longest
    require(valid, f"{what}: expected at most {longest} characters, got {_short(value)}")
    return str(value)


def _short(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 40 else f"{shown[:40]}..."
