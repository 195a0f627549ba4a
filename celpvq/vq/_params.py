"""The checks of constructor parameters; one name means the same in every quantizer."""

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

from .._random import generator
from . import _check

Check = Callable[[Any, str], object]  # raises if the value (first) of a name (second) is wrong


def optional(check: Check) -> Check:
    """Return the same check, which also takes None."""
    return lambda value, name: None if value is None else check(value, name)


def start(*names: str) -> Check:
    """Return a check of a start: one of `names`, or a codebook, which `fit` checks."""

    def check(value: Any, name: str) -> None:
        if isinstance(value, str):
            _check.choice(value, name, names)

    return check


_COUNT = partial(_check.count, least=1)
_UP_TO_ONE = partial(_check.number, most=1)
SIZES = partial(_check.counts, least=1)
CHECKS: Mapping[str, Check] = MappingProxyType({
    "batch_size": _COUNT,
    "branching": partial(_check.count, least=2),
    "commitment": _check.number,
    "cooling": partial(_check.number, least=0.5, most=0.999),
    "decay": _UP_TO_ONE,
    "empty": partial(_check.choice, choices=("split", "merge")),
    "final_radius": partial(_check.number, least=1e-3),
    "init": start("random", "kmeans++", "maximin"),
    "lagrangian": _check.number,
    "lattice": optional(SIZES),
    "max_iter": partial(_check.count, least=0),
    "n_codewords": _COUNT,
    "n_init": _COUNT,
    "n_parts": _COUNT,
    "n_predictors": _COUNT,
    "n_settle": _COUNT,
    "n_steps": partial(_check.count, least=0),
    "n_survivors": _COUNT,
    "n_threads": optional(_COUNT),
    "noise": _check.number,
    "order": _COUNT,
    "predictor": partial(_check.choice, choices=("matrix", "ar", "ma")),
    "random_state": generator,
    "rate": optional(_UP_TO_ONE),
    "revive": _UP_TO_ONE,
    "tol": _check.number,
    "widths": optional(SIZES),
})  # fmt: skip
