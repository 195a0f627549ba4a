"""Generators of seeded draws."""

import numpy as np

from .errors import ArgumentError, ArgumentTypeError


def generator(seed: int | np.random.Generator | None, name: str) -> np.random.Generator:
    """Return the generator that `seed` stands for; errors call the argument `name`."""
    try:
        return np.random.default_rng(seed)
    except ValueError:
        raise ArgumentError(f"{name}: expected 0 or more, got {seed!r}") from None
    except TypeError:
        expected = "an integer, a generator or None"
        raise ArgumentTypeError(f"{name}: expected {expected}, got {seed!r}") from None
