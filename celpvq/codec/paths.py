"""The paths of the beam: their states, and who goes on."""

from typing import NamedTuple, Self

import numpy as np

from .._jit import kernel
from .._types import F64, I64
from . import filters
from .modes import LPC_ORDER, N_WORDS, SUBFRAME_LEN
from .synthesis import SynthesisState
from .tuning import MAX_SURVIVORS

# rows of the beam: two generations of MAX_SURVIVORS paths from FIRST on, and two more; an argument
# by attribute, `paths.HEARD`, is not compiled in
FIRST = 0
HEARD = 2 * MAX_SURVIVORS  # what the decoder has heard up to this frame
BEST = HEARD + 1  # the best path through this frame so far
_N_ROWS = BEST + 1


class Path(NamedTuple):
    """One path of the beam."""

    synthesis: SynthesisState
    error: F64  # (p + n,) speech less its synthesis, the last p values first
    weighted: F64  # (p + n,) the same, weighted
    words: I64  # (N_WORDS,)
    cost: F64  # (1,) energy of the weighted error in this frame so far


class Beam(NamedTuple):
    """Arrays of all paths, one row each."""

    exc: F64
    speech: F64
    code: F64
    gain: F64
    gain_mem: F64
    lag3: I64
    error: F64
    weighted: F64
    words: I64
    cost: F64

    @classmethod
    def new(cls) -> Self:
        """Return the beam of an encoder that has heard nothing."""
        n = _N_ROWS
        start = SynthesisState.new()
        line = LPC_ORDER + SUBFRAME_LEN
        return cls(
            **{name: np.tile(array, (n, 1)) for name, array in start._asdict().items()},
            error=np.zeros((n, line)),
            weighted=np.zeros((n, line)),
            words=np.zeros((n, N_WORDS), dtype=np.int64),
            cost=np.zeros((n, 1)),
        )


class Children(NamedTuple):
    """The best continuations of a subframe: those who will be the next generation."""

    cost: F64  # (MAX_SURVIVORS,) rising
    parent: I64  # (MAX_SURVIVORS,) row of the beam
    words: I64  # (MAX_SURVIVORS, 3) of lag, gains and fixed codebook

    @classmethod
    def new(cls) -> Self:
        """Return room for the largest beam."""
        n = MAX_SURVIVORS
        return cls(np.zeros(n), np.zeros(n, dtype=np.int64), np.zeros((n, 3), dtype=np.int64))


@kernel
def path(beam: Beam, row: int) -> Path:
    """Return the path in a row of the beam: views, not copies."""
    state = SynthesisState(
        beam.exc[row], beam.speech[row], beam.code[row], beam.gain[row], beam.gain_mem[row],
        beam.lag3[row],
    )  # fmt: skip
    return Path(state, beam.error[row], beam.weighted[row], beam.words[row], beam.cost[row])


@kernel
def copy_path(beam: Beam, source: int, target: int) -> None:
    """Copy all of a path from row to row."""
    filters.copy(beam.exc[source], beam.exc[target])
    filters.copy(beam.speech[source], beam.speech[target])
    filters.copy(beam.code[source], beam.code[target])
    filters.copy(beam.gain[source], beam.gain[target])
    filters.copy(beam.gain_mem[source], beam.gain_mem[target])
    filters.copy(beam.lag3[source], beam.lag3[target])
    filters.copy(beam.error[source], beam.error[target])
    filters.copy(beam.weighted[source], beam.weighted[target])
    filters.copy(beam.words[source], beam.words[target])
    filters.copy(beam.cost[source], beam.cost[target])


@kernel
def offer(
    cost: float, parent: int, lag: int, gain: int, fcb: int, n_kept: int, children: Children
) -> None:
    """Take a child among the n_kept best, if it is one."""
    at = n_kept - 1
    if cost >= children.cost[at]:
        return
    while at > 0 and children.cost[at - 1] > cost:
        children.cost[at] = children.cost[at - 1]
        children.parent[at] = children.parent[at - 1]
        filters.copy(children.words[at - 1], children.words[at])
        at -= 1
    children.cost[at] = cost
    children.parent[at] = parent
    children.words[at, 0], children.words[at, 1], children.words[at, 2] = lag, gain, fcb
