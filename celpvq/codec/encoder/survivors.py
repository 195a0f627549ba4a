"""Survivors of the search: the decoder states that compete within a frame, and their candidates.

Each survivor is the state of a decoder and the indices that led to it. A candidate continues a
survivor by one subframe; the candidates of least weighted error become the next survivors.
"""

from collections.abc import MutableSequence
from typing import TypeAlias, cast

import numpy as np

from ..._numba import inlined, strict
from ..._types import F64, I64
from ..common.filters import LINE
from ..common.records import Record
from ..common.synthesis import SynthesisState
from ..format.modes import N_INDICES
from .presets import MAX_SURVIVORS


class Survivor(Record):
    """A decoder's state, and its error in this frame."""

    synthesis: SynthesisState = SynthesisState.new()
    error: F64 = np.zeros(LINE)  # speech minus its synthesis, after p past values
    weighted: F64 = np.zeros(LINE)  # the same, weighted
    indices: I64 = np.zeros(N_INDICES, dtype=np.int64)
    cost: float = 0.0  # energy of the weighted error in this frame so far


Survivors: TypeAlias = MutableSequence[Survivor]  # an array of records; assignments copy


def new_survivors() -> Survivors:
    """Return room for the survivors of two subframes, this one and the next."""
    return cast("Survivors", np.array([Survivor.new()] * (2 * MAX_SURVIVORS)))


class Candidate(Record):
    """A continuation of a survivor by the indices of one subframe."""

    cost: float = 0.0
    parent: int = 0  # row of its survivor
    lag: int = 0
    gain: int = 0
    fcb: int = 0


Candidates: TypeAlias = MutableSequence[Candidate]  # the best ones, by rising cost


def new_candidates() -> Candidates:
    """Return room for as many candidates as may survive."""
    return cast("Candidates", np.array([Candidate.new()] * MAX_SURVIVORS))


@inlined
def clear(n_kept: int, candidates: Candidates) -> None:
    """Forget the candidates."""
    for i in range(n_kept):
        candidates[i].cost = np.inf


@strict
def insert(
    cost: float, parent: int, lag: int, gain: int, fcb: int, n_kept: int, candidates: Candidates
) -> None:
    """Insert a candidate among the n_kept best, if it is one of them."""
    at = n_kept - 1
    if cost >= candidates[at].cost:
        return
    while at > 0 and candidates[at - 1].cost > cost:
        candidates[at] = candidates[at - 1]
        at -= 1
    candidate = candidates[at]
    candidate.cost, candidate.parent = cost, parent
    candidate.lag, candidate.gain, candidate.fcb = lag, gain, fcb


@inlined
def best(first: int, n: int, survivors: Survivors) -> int:
    """Return the row of least cost among n survivors from row `first` on."""
    row = first
    for i in range(first, first + n):
        if survivors[i].cost < survivors[row].cost:
            row = i
    return row
