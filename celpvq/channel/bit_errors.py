"""Bit errors, in whole packets or in some of their fields."""

from collections.abc import Collection, Iterable

import numpy as np

from ..codec.format.modes import BY_LENGTH, MODES, Bit
from ..errors import ArgumentError
from .losses import Mask, Packet, check_rate, draw_losses

BURST_DENSITY = 0.5  # of errors in a burst: its bits carry no information


def flip_bits(
    packets: Iterable[Packet], ber: float, seed: int, *,
    burst: float | None = None, fields: Collection[str] | None = None,
) -> list[Packet]:  # fmt: skip
    """Return packets with random bit errors.

    Parameters
    ----------
    packets : iterable of bytes or None
        Lost packets (None) and NO_DATA (empty) stay as they are.
    ber : float
        Bit error rate [0 to 1].
    seed : int
        Seed of the draws.
    burst : float, optional
        Mean length of error bursts [bits], in which half of the bits are wrong. By default bit
        errors are independent.
    fields : collection of str, optional
        Change only the bits of these fields (``"lag"``) or entries of fields (``"lag2"``).

    Returns
    -------
    list of bytes or None

    Raises
    ------
    ArgumentError
        If `ber` is not a probability, bursts of this length cannot reach it, or a field is unknown.

    See Also
    --------
    gilbert_elliott_losses
    """
    check_rate(ber, "ber")
    packets = list(packets)
    n = sum(8 * len(packet or b"") for packet in packets)
    return flip_by(packets, draw_losses(n, ber, burst, seed, BURST_DENSITY), fields)


def flip_by(
    packets: Iterable[Packet], errors: Mask, fields: Collection[str] | None = None
) -> list[Packet]:
    """Return packets with bit errors where `errors` (n,) is true, counted over all bits sent.

    A shorter `errors` is repeated. `flip_bits` explains `fields`.

    Raises
    ------
    ArgumentError
        If `errors` is empty and a packet is not, or a field is unknown.
    """
    selected = None if fields is None else _selected(fields)
    start = 0
    result = list[Packet]()
    for packet in packets:
        if not packet:
            result.append(packet)
            continue
        if not len(errors):
            raise ArgumentError("errors: expected at least one flag, got none")
        n = 8 * len(packet)
        flips = errors.take(np.arange(start, start + n), mode="wrap")
        start += n
        if selected is not None:
            flips = flips & selected.get(len(packet), False)
        damaged = np.frombuffer(packet, np.uint8) ^ np.packbits(flips)
        result.append(damaged.tobytes())
    return result


def _names(bit: Bit) -> tuple[str, str]:
    """Return the names of the bit's field and of its entry there."""
    return bit.field, f"{bit.field}{bit.entry}"


def _selected(fields: Collection[str]) -> dict[int, Mask]:
    """Return which bits of a packet belong to the fields, by the length of the packet."""
    known = {name for mode in MODES.values() for bit in mode.allocation for name in _names(bit)}
    if unknown := sorted(set(fields) - known):
        raise ArgumentError(
            f"fields: expected some of {', '.join(sorted(known))}, got {unknown[0]!r}"
        )
    return {
        length: np.array([any(name in fields for name in _names(bit)) for bit in mode.transmission])
        for length, mode in BY_LENGTH.items()
    }
