"""Losses of packets, at random or in bursts."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from .._random import generator
from ..errors import ArgumentError, ArgumentTypeError

Mask = NDArray[np.bool_]
Packet = bytes | None  # None: lost; b"": NO_DATA


def _check_number(value: object, name: str) -> None:
    if not isinstance(value, int | float | np.number):
        raise ArgumentTypeError(f"{name}: expected a number, got {value!r}")


def check_rate(rate: float, name: str) -> float:
    """Return a probability; raise `ArgumentError` or `ArgumentTypeError` for anything else."""
    _check_number(rate, name)
    if not 0 <= rate <= 1:
        raise ArgumentError(f"{name}: expected from 0 to 1, got {rate}")
    return float(rate)


def random_losses(n: int, rate: float, seed: int) -> Mask:
    """Draw which of `n` items are lost, independently of each other.

    Parameters
    ----------
    n : int
        Number of items: frames or bits.
    rate : float
        Probability of a loss [0 to 1].
    seed : int
        Seed of the draws.

    Returns
    -------
    ndarray of bool, shape (n,)

    Raises
    ------
    ArgumentError
        If `rate` is not a probability, or `seed` is negative.
    """
    check_rate(rate, "rate")
    return generator(seed, "seed").random(n) < rate


def gilbert_elliott_losses(
    n: int, rate: float, burst: float, seed: int, density: float = 1.0
) -> Mask:
    """Draw which of `n` items are lost by a channel with two states, good and bad.

    The states alternate, and their durations are geometrically distributed [1]_ [2]_. Nothing is
    lost in the good state; the share `density` is lost in the bad state.

    Parameters
    ----------
    n : int
        Number of items: frames or bits.
    rate : float
        Mean share of lost items [0 to 1].
    burst : float
        Mean duration of the bad state [items, at least 1].
    seed : int
        Seed of the draws.
    density : float
        Probability of a loss in the bad state.

    Returns
    -------
    ndarray of bool, shape (n,)

    Raises
    ------
    ArgumentError
        If an argument is out of range, or bursts of this length cannot reach `rate`.

    References
    ----------
    .. [1] E. N. Gilbert, "Capacity of a burst-noise channel", Bell Syst. Tech. J. 39(5), 1960.
    .. [2] E. O. Elliott, "Estimates of error rates for codes on burst-noise channels", Bell Syst.
       Tech. J. 42(5), 1963.
    """
    check_rate(rate, "rate")
    _check_number(burst, "burst")
    if not burst >= 1:
        raise ArgumentError(f"burst: expected at least 1, got {burst}")
    if not 0 < density <= 1:
        raise ArgumentError(f"density: expected above 0 to 1, got {density}")
    bad_share = rate / density
    if bad_share in (0, 1):
        return random_losses(n, rate, seed)
    if not bad_share <= burst / (burst + 1):
        most = density * burst / (burst + 1)
        raise ArgumentError(f"rate: expected at most {most:.3g} in bursts of {burst:g}, got {rate}")
    rng = generator(seed, "seed")
    n_runs = n // 2 + 1  # of each state; a run has at least one item
    good = rng.geometric(bad_share / ((1 - bad_share) * burst), n_runs)
    bad = rng.geometric(1 / burst, n_runs)
    first_bad = rng.random() < bad_share
    lengths = np.stack([bad, good] if first_bad else [good, bad], axis=1).ravel()
    ends = np.minimum(np.cumsum(np.minimum(lengths, n)), n)
    state = (np.arange(len(ends)) + first_bad) % 2 == 1
    is_bad = np.repeat(state, np.diff(ends, prepend=0))
    return np.asarray(is_bad & (rng.random(n) < density))


def draw_losses(n: int, rate: float, burst: float | None, seed: int, density: float = 1.0) -> Mask:
    """Draw `gilbert_elliott_losses`, or `random_losses` if `burst` is None."""
    if burst is None:
        return random_losses(n, rate, seed)
    return gilbert_elliott_losses(n, rate, burst, seed, density)


def drop(packets: Iterable[Packet], lost: Sequence[bool] | Mask) -> list[Packet]:
    """Return the packets with None for each lost one; ``b""`` (NO_DATA) cannot be lost.

    Raises
    ------
    ArgumentError
        If the numbers of packets and flags differ.
    """
    packets = list(packets)
    if len(packets) != len(lost):
        raise ArgumentError(f"lost: expected {len(packets)} flags, got {len(lost)}")
    return [
        None if gone and packet != b"" else packet
        for packet, gone in zip(packets, lost, strict=True)
    ]
