"""Distributions from which the parameters of a line are drawn."""

import math
from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from itertools import accumulate
from typing import Any, Self

import numpy as np

from ..codec.encoder.variable_rate import VariableRate
from ..errors import ArgumentError, ArgumentTypeError


class Distribution(ABC):
    """A distribution of values."""

    @abstractmethod
    def at(self, u: float) -> Any:
        """Return the value at a place `u` [0 to 1); a uniform `u` gives the distribution."""

    @abstractmethod
    def extremes(self) -> tuple[Any, ...]:
        """Return values of which any other value is one, or between two of them."""

    @abstractmethod
    def mapped(self, function: Callable[[Any], Any]) -> Self:
        """Return the distribution with a function applied to its extremes."""

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """Return the distribution as values of JSON."""


@dataclass(frozen=True)
class Uniform(Distribution):
    """Any value between `low` and `high`, all with the same probability.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If the limits are not finite numbers, the lower one first.
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        _check_limits(self, self.low, self.high)

    def at(self, u: float) -> float:
        """Return the value at a place `u` [0 to 1)."""
        return self.low + (self.high - self.low) * u

    def extremes(self) -> tuple[float, float]:
        """Return both limits."""
        return self.low, self.high

    def mapped(self, function: Callable[[Any], Any]) -> Self:
        """Return the distribution with a function applied to its limits."""
        return type(self)(function(self.low), function(self.high))

    def to_dict(self) -> dict[str, Any]:
        """Return the distribution as values of JSON."""
        return {_KEYS[type(self)]: [self.low, self.high]}


@dataclass(frozen=True)
class LogUniform(Uniform):
    """A value between `low` and `high` whose logarithm is uniform: for bit error rates.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If the limits are not finite numbers above 0, the lower one first.
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.low <= 0:
            raise ArgumentError(f"LogUniform: expected limits above 0, got {self.low}")

    def at(self, u: float) -> float:
        """Return the value at a place `u` [0 to 1)."""
        value = self.low * math.exp(u * math.log(self.high / self.low))
        return min(max(value, self.low), self.high)


@dataclass(frozen=True)
class Choice(Distribution):
    """One of several values; a value may be a distribution itself.

    Parameters
    ----------
    values : sequence
        The values.
    weights : sequence of float, optional
        Their relative frequencies, above 0. By default all are equally frequent.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If there is no value, or if the weights are not one positive number for each value.
    """

    values: Iterable[Any]
    weights: Iterable[float] | None = None

    def __post_init__(self) -> None:
        values = _as_tuple(self.values, "values")
        object.__setattr__(self, "values", values)
        if not values:
            raise ArgumentError("Choice: expected at least one value, got none")
        if self.weights is None:
            return
        weights = _as_tuple(self.weights, "weights")
        object.__setattr__(self, "weights", weights)
        numbers = all(_is_number(w) and w > 0 for w in weights)
        if len(weights) != len(values) or not numbers:
            raise ArgumentError(
                f"Choice: expected {len(values)} weights above 0, got {list(weights)}"
            )

    def at(self, u: float) -> Any:
        """Return the value at a place `u` [0 to 1)."""
        values = tuple(self.values)
        ends = list(accumulate([1.0] * len(values) if self.weights is None else self.weights))
        place = u * ends[-1]
        k = min(bisect_right(ends, place), len(values) - 1)
        start = ends[k - 1] if k else 0.0
        within = (place - start) / (ends[k] - start)
        return draw(values[k], min(within, math.nextafter(1.0, 0.0)))

    def extremes(self) -> tuple[Any, ...]:
        """Return the extremes of all values."""
        return tuple(extreme for value in self.values for extreme in extremes(value))

    def mapped(self, function: Callable[[Any], Any]) -> Self:
        """Return the choice with a function applied to its values."""
        return type(self)([mapped(value, function) for value in self.values], self.weights)

    def to_dict(self) -> dict[str, Any]:
        """Return the choice as values of JSON."""
        result: dict[str, Any] = {_KEYS[Choice]: [to_json(value) for value in self.values]}
        if self.weights is not None:
            result["weights"] = list(self.weights)
        return result


_KEYS: dict[type, str] = {Uniform: "uniform", LogUniform: "log_uniform", Choice: "choice"}


def draw(value: Any, u: float) -> Any:
    """Return the value at a place `u` of a distribution; any other value is returned as it is."""
    return value.at(u) if isinstance(value, Distribution) else value


def extremes(value: Any) -> tuple[Any, ...]:
    """Return the extremes of a distribution, or the value itself."""
    return value.extremes() if isinstance(value, Distribution) else (value,)


def mapped(value: Any, function: Callable[[Any], Any]) -> Any:
    """Apply a function to a value, or to the extremes of a distribution."""
    return value.mapped(function) if isinstance(value, Distribution) else function(value)


def to_json(value: Any) -> Any:
    """Return a value or a distribution as values of JSON."""
    if isinstance(value, VariableRate):
        return asdict(value)
    return value.to_dict() if isinstance(value, Distribution) else value


def from_json(value: Any) -> Any:
    """Return the value or the distribution that `to_json` has described.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If it describes no distribution.
    """
    if not isinstance(value, Mapping) or "bitrate" in value:  # a variable rate
        return value
    rest = dict(value)
    for kind, key in _KEYS.items():
        if key not in rest:
            continue
        content = rest.pop(key)
        weights = rest.pop("weights", None) if kind is Choice else None
        if rest or not isinstance(content, list | tuple):
            break
        if kind is Choice:
            return Choice([from_json(item) for item in content], weights)
        if len(content) == 2:
            return kind(*content)
        break
    raise ArgumentError(
        "distribution: expected {'uniform': [low, high]}, {'log_uniform': [low, high]} or"
        f" {{'choice': [...], 'weights': [...]}}, got {dict(value)!r}"
    )


def _is_number(value: object) -> bool:
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.number):
        return False
    return math.isfinite(float(value))


def _check_limits(distribution: Distribution, low: Any, high: Any) -> None:
    name = type(distribution).__name__
    for limit in (low, high):
        if not isinstance(limit, int | float | np.number):
            raise ArgumentTypeError(f"{name}: expected two numbers, got {limit!r}")
    if not (_is_number(low) and _is_number(high) and low <= high):
        raise ArgumentError(
            f"{name}: expected finite limits, the lower one first, got {low} and {high}"
        )


def _as_tuple(values: Any, name: str) -> tuple[Any, ...]:
    """Return the items of a sequence, numbers of numpy as Python's."""
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        raise ArgumentTypeError(f"Choice: expected a sequence of {name}, got {values!r}")
    return tuple(value.item() if isinstance(value, np.generic) else value for value in values)
