"""Masks of what a channel loses, at random or in bursts."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from .._random import generator
from ..errors import ArgumentError, ArgumentTypeError

Mask = NDArray[np.bool_]
Packet = bytes | None  # b"": not sent; None: lost


def _check_number(value: object, name: str) -> None:
    if not isinstance(value, int | float | np.number):
        raise ArgumentTypeError(f"{name}: expected a number, got {value!r}")


def check_rate(rate: float, name: str) -> float:
    """Return a probability; raise `ArgumentError` or `ArgumentTypeError` if it is none."""
    _check_number(rate, name)
    if not 0 <= rate <= 1:
        raise ArgumentError(f"{name}: expected from 0 to 1, got {rate}")
    return float(rate)


def random_losses(n: int, rate: float, seed: int) -> Mask:
    """Return which of `n` items are lost, each of them independently.

    Parameters
    ----------
    n : int
        How many items: frames, or bits.
    rate : float
        Probability of each to be lost [0 to 1].
    seed : int
        The same one gives the same losses.

    Returns
    -------
    ndarray of bool, shape (n,)

    Raises
    ------
    ArgumentError
        If the rate is no probability, or the seed no number from 0.
    """
    check_rate(rate, "rate")
    return generator(seed, "seed").random(n) < rate


def gilbert_elliott_losses(
    n: int, rate: float, burst: float, seed: int, density: float = 1.0
) -> Mask:
    """Return which of `n` items are lost by a channel that is now good, now bad.

    Good and bad times alternate, both of geometrically distributed length [1]_ [2]_: nothing is
    lost in the good ones, the share `density` in the bad ones.

    Parameters
    ----------
    n : int
        How many items: frames, or bits.
    rate : float
        Share of what is lost in the long run [0 to 1].
    burst : float
        Mean length of the bad times [items, at least 1].
    seed : int
        The same one gives the same losses.
    density : float
        Probability to be lost in a bad time.

    Returns
    -------
    ndarray of bool, shape (n,)

    Raises
    ------
    ArgumentError
        If a value is out of range; bursts are too short to lose so much.

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
    n_runs = n // 2 + 1  # of each kind: none is empty
    good = rng.geometric(bad_share / ((1 - bad_share) * burst), n_runs)
    bad = rng.geometric(1 / burst, n_runs)
    first_bad = rng.random() < bad_share
    lengths = np.stack([bad, good] if first_bad else [good, bad], axis=1).ravel()
    ends = np.minimum(np.cumsum(np.minimum(lengths, n)), n)
    state = (np.arange(len(ends)) + first_bad) % 2 == 1
    is_bad = np.repeat(state, np.diff(ends, prepend=0))
    return np.asarray(is_bad & (rng.random(n) < density))


def draw_losses(n: int, rate: float, burst: float | None, seed: int, density: float = 1.0) -> Mask:
    """Return which of `n` items are lost: `gilbert_elliott_losses`, or `random_losses` for None."""
    if burst is None:
        return random_losses(n, rate, seed)
    return gilbert_elliott_losses(n, rate, burst, seed, density)


def drop(packets: Iterable[Packet], lost: Sequence[bool] | Mask) -> list[Packet]:
    """Return the packets, None in the place of the lost ones; what was not sent stays so.

    Raises
    ------
    ArgumentError
        If there are not as many packets as flags.
    """
    packets = list(packets)
    if len(packets) != len(lost):
        raise ArgumentError(f"lost: expected {len(packets)} flags, got {len(lost)}")
    return [None if gone and packet != b"" else packet
            for packet, gone in zip(packets, lost, strict=True)]  # fmt: skip
