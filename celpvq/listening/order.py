"""The order of trials and sounds that a listener's seed stands for, as the page computes it."""

from collections.abc import MutableSequence, Sequence
from dataclasses import dataclass
from typing import Any

from .design import Trial

_WARM_UP = 16  # draws that are skipped, since those after a small seed are small


class Xorshift:
    """Random numbers of 32 bits that a page draws as well.

    References
    ----------
    G. Marsaglia, "Xorshift RNGs", Journal of Statistical Software 8 (14), 2003.
    """

    def __init__(self, seed: int) -> None:
        self._state = seed
        for _ in range(_WARM_UP):
            self.below(1)

    def below(self, n: int) -> int:
        """Return a number from 0 to n - 1."""
        x = self._state
        x ^= x << 13 & 0xFFFFFFFF
        x ^= x >> 17
        x ^= x << 5 & 0xFFFFFFFF
        self._state = x
        return x * n >> 32

    def shuffle(self, items: MutableSequence[Any]) -> None:
        """Shuffle in place (Fisher and Yates)."""
        for i in range(len(items) - 1, 0, -1):
            j = self.below(i + 1)
            items[i], items[j] = items[j], items[i]


@dataclass(frozen=True, slots=True)
class Shown:
    """A trial as a listener meets it: sounds in their order, and the one that is X in ABX."""

    trial: str
    order: tuple[str, ...]
    x: str | None = None


def presentation(
    blocks: Sequence[Sequence[Trial]], seed: int, *, repeats: int, n_trials: int | None, abx: bool
) -> list[Shown]:
    """Return the trials of a listener in their order.

    Parameters
    ----------
    blocks : sequence of sequence of Trial
        Trials that belong together; the listener does whole blocks as far as possible.
    seed : int
        The listener's, 1 to 2**32 - 1.
    repeats : int
        How often all blocks occur.
    n_trials : int or None
        How many of the trials to do; None for all.
    abx : bool
        Whether each trial has an X.
    """
    rng = Xorshift(seed)
    trials: list[Trial] = []
    for _ in range(repeats):
        order = list(range(len(blocks)))
        rng.shuffle(order)
        for place in order:
            block = list(blocks[place])
            rng.shuffle(block)
            trials += block
    shown = []
    for trial in trials[:n_trials]:
        ids = sorted(trial.systems)
        rng.shuffle(ids)
        shown.append(Shown(trial.id, tuple(ids), ids[rng.below(2)] if abx else None))
    return shown
