"""Means of ratings with intervals that count listeners and clips, not single ratings."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._types import F64
from ..errors import ArgumentError
from ..lab.intervals import CONFIDENCE


class Estimate(NamedTuple):
    """A mean of ratings.

    Parameters
    ----------
    mean : float
    by_listeners : float
        Half of the 95 % interval for other listeners and the same clips.
    by_both : float
        Half of the 95 % interval for other listeners and other clips.
    p : float
        Probability of a mean at least so far from 0 if the true one is 0, for other listeners and
        other clips (two-sided).
    """

    mean: float
    by_listeners: float
    by_both: float
    p: float


def estimate(values: ArrayLike, listeners: ArrayLike, clips: ArrayLike) -> Estimate:
    """Return the mean of ratings with its 95 % intervals.

    Parameters
    ----------
    values : array_like, shape (n,)
        Ratings, or differences of ratings.
    listeners, clips : array_like of int, shape (n,)
        Whose rating of which speech each value is.

    Returns
    -------
    Estimate
        An interval is ``nan`` if there is one listener only. With one clip, both intervals hold
        for this clip.

    Raises
    ------
    ArgumentError
        If there is no value, or the shapes differ.

    Notes
    -----
    Ratings of one listener resemble each other, and so do ratings of one clip. The variance of the
    mean is estimated from sums of residuals over listeners, over clips, and over both: a two-way
    cluster-robust estimate. With as many ratings of each clip by each listener, `by_listeners` is
    the t-interval of the means of the listeners. Degrees of freedom are one less than the number of
    listeners; for `by_both` they follow from Satterthwaite's approximation. `by_both` is never less
    than `by_listeners`.

    References
    ----------
    A. C. Cameron, J. B. Gelbach and D. L. Miller, "Robust inference with multiway clustering",
    Journal of Business & Economic Statistics 29 (2), 2011.

    Examples
    --------
    >>> round(estimate([1.0, 2.0, 3.0], listeners=[0, 1, 2], clips=[0, 0, 0]).by_listeners, 4)
    2.4841
    """
    x = np.asarray(values, dtype=np.float64)
    listeners, clips = np.asarray(listeners), np.asarray(clips)
    if x.ndim != 1 or not x.size or not x.shape == listeners.shape == clips.shape:
        raise ArgumentError(f"values: expected at least one, with their listeners and clips, got "
                            f"shapes {x.shape}, {listeners.shape}, {clips.shape}")  # fmt: skip
    mean = float(x.mean())
    rest = (x - mean) / x.size
    by_listeners, n_listeners = _variance(rest, listeners)
    by_clips, n_clips = _variance(rest, clips)
    if n_listeners < 2:
        return Estimate(mean, np.nan, np.nan, np.nan)
    narrow = by_listeners, float(n_listeners - 1)
    wide = narrow
    if n_clips > 1:
        cells, _ = _variance(rest, _cells(listeners, clips))
        variance = max(by_listeners + by_clips - cells, by_listeners, by_clips)
        wide = variance, _freedom((by_listeners, n_listeners - 1), (by_clips, n_clips - 1))
    half = _half(*narrow)
    p = max(_p_value(mean, *narrow), _p_value(mean, *wide))
    return Estimate(mean, half, max(half, _half(*wide)), p)


def _half(variance: float, freedom: float) -> float:
    """Return half of the interval of a mean."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, (1 + CONFIDENCE) / 2) * np.sqrt(variance))


def _p_value(mean: float, variance: float, freedom: float) -> float:
    """Return the two-sided p value of a mean."""
    from scipy.special import stdtr

    if not variance > 0:
        return float(mean == 0)
    return float(2 * stdtr(freedom, -abs(mean) / np.sqrt(variance)))


def _cells(listeners: NDArray[Any], clips: NDArray[Any]) -> NDArray[Any]:
    """Return a number for each pair of a listener and a clip."""
    _, rows = np.unique(listeners, return_inverse=True)
    names, columns = np.unique(clips, return_inverse=True)
    return np.asarray(rows * names.size + columns)


def _variance(rest: F64, groups: ArrayLike) -> tuple[float, int]:
    """Return the variance of the mean by groups of residuals, and the number of groups."""
    _, places = np.unique(groups, return_inverse=True)
    sums = np.bincount(places, weights=rest)
    n = sums.size
    return (float(sums @ sums) * n / (n - 1) if n > 1 else 0.0), n


def _freedom(*parts: tuple[float, int]) -> float:
    """Return the degrees of freedom of a sum of variances (Satterthwaite)."""
    total = sum(variance for variance, _ in parts)
    squares = sum(variance**2 / df for variance, df in parts)
    return total**2 / squares if squares else float(min(df for _, df in parts))


def holm(p: ArrayLike) -> F64:
    """Return p values (n,) adjusted for n tests by Holm's method; ``nan`` stays.

    References
    ----------
    S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of
    Statistics 6 (2), 1979.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03]).tolist()
    [0.03, 0.06, 0.06]
    """
    values = np.array(p, dtype=np.float64)
    known = np.flatnonzero(~np.isnan(values))
    order = known[np.argsort(values[known], kind="stable")]
    factors = np.arange(order.size, 0, -1)
    values[order] = np.minimum(np.maximum.accumulate(values[order] * factors), 1.0)
    return values
