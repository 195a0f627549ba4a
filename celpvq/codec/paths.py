"""The paths of the beam: their states, and who goes on."""

from collections.abc import MutableSequence
from typing import TypeAlias, cast

import numpy as np

from .._types import F64, I64
from .compiling import kernel
from .filters import LINE
from .modes import N_WORDS
from .records import Record
from .synthesis import SynthesisState
from .tuning import MAX_SURVIVORS

# rows of the beam: two generations of MAX_SURVIVORS paths from FIRST on, and two more; an argument
# by attribute, `paths.HEARD`, is not compiled in
FIRST = 0
HEARD = 2 * MAX_SURVIVORS  # what the decoder has heard up to this frame
BEST = HEARD + 1  # the best path through this frame so far


class Path(Record):
    """One path of the beam."""

    synthesis: SynthesisState = SynthesisState.new()
    error: F64 = np.zeros(LINE)  # speech less its synthesis, p past values
    weighted: F64 = np.zeros(LINE)  # the same, weighted
    words: I64 = np.zeros(N_WORDS, dtype=np.int64)
    cost: float = 0.0  # energy of the weighted error in this frame so far


Beam: TypeAlias = MutableSequence[Path]  # an array of records, which an assignment copies


def new_beam() -> Beam:
    """Return the beam of an encoder that has heard nothing."""
    return cast("Beam", np.array([Path.new()] * (BEST + 1)))


class Child(Record):
    """A continuation of a subframe: who may be in the next generation."""

    cost: float = 0.0
    parent: int = 0  # row of the beam
    lag: int = 0  # its words
    gain: int = 0
    fcb: int = 0


Children: TypeAlias = MutableSequence[Child]  # the best ones, cost rising


def new_children() -> Children:
    """Return room for the largest beam's children."""
    return cast("Children", np.array([Child.new()] * MAX_SURVIVORS))


@kernel
def offer(
    cost: float, parent: int, lag: int, gain: int, fcb: int, n_kept: int, children: Children
) -> None:
    """Take a child among the n_kept best, if it is one."""
    at = n_kept - 1
    if cost >= children[at].cost:
        return
    while at > 0 and children[at - 1].cost > cost:
        children[at] = children[at - 1]
        at -= 1
    child = children[at]
    child.cost, child.parent = cost, parent
    child.lag, child.gain, child.fcb = lag, gain, fcb
