"""The parameters of a line: what each one may be, whether it is fixed or drawn."""

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

import numpy as np

from ..audio.arrays import check_int
from ..channel.bit_errors import BURST_DENSITY
from ..channel.losses import check_rate
from ..codec.encoder import presets, variable_rate
from ..codec.encoder.variable_rate import VariableRate
from ..codec.format.modes import SAMPLERATE
from ..errors import ArgumentError, ArgumentTypeError
from .distributions import Choice, Distribution, extremes, mapped

MAX_CODINGS = 10
LOW_HZ = 80.0  # lower edge by default: against hum, as the encoder's own high-pass
_RATE_NAMES = tuple(field.name for field in fields(VariableRate))
_LOWEST_HZ, _HIGHEST_HZ = 10.0, SAMPLERATE / 2 - 10.0  # edges of the band-pass


def _number(name: str, low: float, high: float) -> Callable[[Any], float]:
    def check(value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float | np.number):
            raise ArgumentTypeError(f"{name}: expected a number, got {value!r}")
        if not low <= value <= high:
            raise ArgumentError(f"{name}: expected from {low:g} to {high:g}, got {value}")
        return float(value)

    return check


def _optional(check: Callable[[Any], float]) -> Callable[[Any], float | None]:
    return lambda value: None if value is None else check(value)


def _mode(value: Any) -> int | VariableRate:
    if isinstance(value, Mapping):  # from JSON
        value = VariableRate(**check_names(value, _RATE_NAMES, "mode"))
    rate = variable_rate.get(value)
    return rate if isinstance(rate, VariableRate) else rate.bitrate


def _preset(value: Any) -> str:
    presets.get(value)  # raises
    return str(value)


def _dtx(value: Any) -> bool:
    if not isinstance(value, bool | np.bool_):
        raise ArgumentTypeError(f"dtx: expected True or False, got {value!r}")
    return bool(value)


def _n_codings(value: Any) -> int:
    n = check_int(value, "n_codings")
    if not 0 <= n <= MAX_CODINGS:
        raise ArgumentError(f"n_codings: expected 0 to {MAX_CODINGS}, got {n}")
    return n


_CHECKS: dict[str, Callable[[Any], Any]] = {
    "mode": _mode,
    "preset": _preset,
    "loss": lambda value: check_rate(value, "loss"),
    "burst": _optional(_number("burst", 1, 1e6)),
    "ber": lambda value: check_rate(value, "ber"),
    "bit_burst": _optional(_number("bit_burst", 1, 1e6)),
    "dtx": _dtx,
    "n_codings": _n_codings,
    "low_hz": _optional(_number("low_hz", _LOWEST_HZ, _HIGHEST_HZ)),
    "high_hz": _optional(_number("high_hz", _LOWEST_HZ, _HIGHEST_HZ)),
    "level_db": _optional(_number("level_db", -100, 0)),
}
_DISCRETE = ("mode", "preset", "dtx", "n_codings")


def checked(name: str, value: Any) -> Any:
    """Return the value of a parameter as plain Python, or its distribution.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If the parameter has no such value.
    """
    if name in _DISCRETE and _has_range(value):
        raise ArgumentError(f"{name}: expected a value or a Choice of values, got {value}")
    return mapped(value, _CHECKS[name])


def check_together(values: Mapping[str, Any]) -> None:
    """Raise `ArgumentError` if some values of parameters exclude each other."""
    _check_burst(values, "loss", "burst", 1.0)
    _check_burst(values, "ber", "bit_burst", BURST_DENSITY)
    lows = [low for low in extremes(values["low_hz"]) if low is not None]
    highs = [high for high in extremes(values["high_hz"]) if high is not None]
    if lows and highs and max(lows) >= min(highs):
        raise ArgumentError(
            f"low_hz: expected less than high_hz, {min(highs):g} Hz, got {max(lows):g} Hz"
        )


def check_seed(seed: object) -> int:
    """Return a seed as int; raise `ArgumentError` or `ArgumentTypeError` for anything else."""
    number = check_int(seed, "seed")
    if number < 0:
        raise ArgumentError(f"seed: expected 0 or more, got {number}")
    return number


def check_names(values: object, names: tuple[str, ...], what: str) -> dict[str, Any]:
    """Return a mapping as a dict; raise an error unless all its keys are names of parameters."""
    if not isinstance(values, Mapping):
        raise ArgumentTypeError(f"{what}: expected a dict, got {type(values).__name__}")
    unknown = sorted(str(key) for key in values if key not in names)
    if unknown:
        raise ArgumentError(f"{what}: expected some of {', '.join(names)}, got {unknown[0]!r}")
    return dict(values)


def _has_range(value: Any) -> bool:
    if isinstance(value, Choice):
        return any(_has_range(item) for item in value.values)
    return isinstance(value, Distribution)


def _check_burst(values: Mapping[str, Any], rate: str, burst: str, density: float) -> None:
    """Refuse a rate that bursts of some length cannot reach."""
    lengths = [length for length in extremes(values[burst]) if length is not None]
    if not lengths:
        return
    shortest, highest = min(lengths), max(extremes(values[rate]))
    most = density * shortest / (shortest + 1)
    if highest > most:
        raise ArgumentError(
            f"{rate}: expected at most {most:.3g} in bursts of {shortest:g}, got {highest:g}"
        )
