"""Wrong bits, in whole packets or in what some of their fields say."""

from collections.abc import Collection, Iterable

import numpy as np
from numpy.typing import NDArray

from ..codec.format.modes import BY_LENGTH, MODES
from ..errors import ArgumentError
from .losses import Mask, Packet, check_rate, draw_losses

_DENSITY = 0.5  # of wrong bits in a bad time: as good as no reception


def flip_bits(
    packets: Iterable[Packet], ber: float, seed: int, *,
    burst: float | None = None, fields: Collection[str] | None = None,
) -> list[Packet]:  # fmt: skip
    """Return the packets as a channel delivers them that gets some bits wrong.

    Parameters
    ----------
    packets : iterable of bytes or None
        What is None or empty stays so.
    ber : float
        Bit error rate [0 to 1].
    seed : int
        The same one gives the same errors.
    burst : float, optional
        Mean length [bits] of times in which half of the bits are wrong, and none is between them;
        if not given, each bit is wrong independently.
    fields : collection of str, optional
        Spare all bits but those of these fields (``"lag"``) or entries of fields (``"lag2"``).

    Returns
    -------
    list of bytes or None

    Raises
    ------
    ArgumentError
        If the rate is no probability, or too high for such bursts; there is no such field.

    See Also
    --------
    gilbert_elliott_losses
    """
    check_rate(ber, "ber")
    packets = list(packets)
    n = sum(8 * len(packet or b"") for packet in packets)
    return flip_by(packets, draw_losses(n, ber, burst, seed, _DENSITY), fields)


def flip_by(
    packets: Iterable[Packet], wrong: Mask, fields: Collection[str] | None = None
) -> list[Packet]:
    """Return the packets with those bits wrong that `wrong` (n,) says, all bits counted in order.

    A shorter `wrong` begins again at its end; see `flip_bits` for `fields`.

    Raises
    ------
    ArgumentError
        If `wrong` is empty and bits are sent; there is no such field.
    """
    chosen = None if fields is None else _chosen(fields)
    start = 0
    result = list[Packet]()
    for packet in packets:
        if not packet:
            result.append(packet)
            continue
        if not len(wrong):
            raise ArgumentError("wrong: expected a flag for each bit, got none")
        n = 8 * len(packet)
        flips = wrong.take(np.arange(start, start + n), mode="wrap")
        start += n
        if chosen is not None:
            flips = flips & chosen.get(len(packet), False)
        damaged = np.frombuffer(packet, np.uint8) ^ np.packbits(flips)
        result.append(damaged.tobytes())
    return result


def _chosen(fields: Collection[str]) -> dict[int, NDArray[np.bool_]]:
    """Return for each length of a packet which of its bits belong to the fields."""
    known = {
        name
        for mode in MODES.values()
        for bit in mode.allocation
        for name in (bit.field, f"{bit.field}{bit.entry}")
    }
    if unknown := sorted(set(fields) - known):
        raise ArgumentError(
            f"fields: expected some of {', '.join(sorted(known))}, got {unknown[0]!r}"
        )
    return {
        length: np.array(
            [b.field in fields or f"{b.field}{b.entry}" in fields for b in mode.transmission]
        )
        for length, mode in BY_LENGTH.items()
    }
