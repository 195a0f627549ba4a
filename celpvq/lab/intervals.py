"""Means over clips with their confidence intervals."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ..errors import ArgumentError

CONFIDENCE = 0.95


class Interval(NamedTuple):
    """A mean, and half the width of its confidence interval."""

    mean: float
    half: float


def mean_interval(values: ArrayLike) -> Interval:
    """Return the mean of independent values with its 95 % interval, by Student's t.

    Parameters
    ----------
    values : array_like, shape (n,)
        One value per clip.

    Returns
    -------
    Interval
        Both ``nan`` where a value is ``nan``; the interval of fewer than two values is ``nan``.

    Raises
    ------
    ArgumentError
        If there is no value.

    Examples
    --------
    >>> mean_interval([1.0, 2.0, 3.0])  # 2 +- 4.303 / sqrt(3)
    Interval(mean=2.0, half=2.4841377117503303)
    """
    from scipy.special import stdtrit

    x = np.asarray(values, dtype=np.float64)
    if x.ndim != 1 or not x.size:
        raise ArgumentError(f"values: expected at least one, shape (n,), got shape {x.shape}")
    if x.size < 2:
        return Interval(float(x.mean()), float("nan"))
    error = x.std(ddof=1) / np.sqrt(x.size)
    return Interval(float(x.mean()), float(stdtrit(x.size - 1, (1 + CONFIDENCE) / 2) * error))


def paired_interval(values: Sequence[float], against: Sequence[float]) -> Interval:
    """Return the mean difference of pairs with its 95 % interval.

    Clips differ far more than codecs do, so pairs show differences that separate means hide.

    Parameters
    ----------
    values, against : sequence of float, length n
        One value per clip, the same clips in the same order.

    Returns
    -------
    Interval
        Of ``values - against``, as by `mean_interval`.

    Raises
    ------
    ArgumentError
        If the lengths differ, or there is no value.
    """
    if len(values) != len(against):
        raise ArgumentError(f"expected pairs, got {len(values)} and {len(against)} values")
    return mean_interval(np.subtract(values, against))
