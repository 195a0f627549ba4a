"""Kernels of the fixed codebook's design: the search for each target, and the sums of each cell.

The code vector c for a target t behind the filter H has the error |t - g H c|^2 with the best gain
g. The centroid of a cell solves (sum g^2 H^T H) c = sum g H^T t [1]_. With two stages, each stage
is solved for the targets without the other stage's part.

.. [1] G. Davidson and A. Gersho, "Complexity reduction methods for vector excitation coding",
   IEEE Int. Conf. Acoust. Speech Signal Process., 1986.
"""

from typing import NamedTuple

import numpy as np

from .._numba import fast
from .._types import F64, I64
from ..codec.common import filters, fixed_codebook
from ..codec.encoder import fixed_search
from ..codec.encoder.products import RESPONSE_LEN, respond
from ..codec.encoder.search_tables import CodeVectors
from ..codec.format.modes import SUBFRAME_LEN
from .filtering import convolve, correlate
from .targets import Targets

_N_TRIED = 8  # indices per target whose error is computed exactly
_N_SURVIVORS = 8  # of stage 1


class State(NamedTuple):
    """A book with the rows of all its stages, and its use for n targets."""

    book: F64  # (N, SUBFRAME_LEN)
    indices: I64  # (n,); -1 before the first search
    gain: F64  # (n,)
    errors: F64  # (n,)


@fast
def row_and_sign(index: int, layout: I64, stage: int) -> tuple[int, float]:
    """Return the row of a stage's book that an index stands for, and the row's sign."""
    bits2 = layout[3]
    if bits2 == 0:
        return index >> 1, 1.0 - 2.0 * (index & 1)
    if stage == 0:
        return index >> bits2 + 2, 1.0 - 2.0 * (index >> 1 & 1)
    return index >> 2 & (1 << bits2) - 1, 1.0 - 2.0 * (index & 1)


@fast(allocates=True)
def search(
    targets: Targets, rows: tuple[int, int], layout: I64, vectors: CodeVectors, state: State
) -> None:
    """Find the best index, its gain and its error for the targets from rows[0] to before rows[1].

    The search is not exhaustive, so the index of the last iteration stays if it is still better.
    """
    energy = np.empty((1, vectors.columns.shape[0] * vectors.columns.shape[2]), dtype=np.float32)
    tried = np.zeros(_N_TRIED + 1, dtype=np.int64)
    found = np.zeros((1, _N_TRIED), dtype=np.int64)
    target32 = np.empty((1, SUBFRAME_LEN), dtype=np.float32)
    response, group = np.empty((1, 2, RESPONSE_LEN), np.float32), np.zeros(1, dtype=np.int64)
    vector, filtered = np.empty(SUBFRAME_LEN), np.empty(SUBFRAME_LEN)
    book, indices, gain, errors = state
    for t in range(rows[0], rows[1]):
        target, impulse = targets.target[t], targets.impulse[t]
        filters.copy(target, target32[0])
        respond(impulse, response[0])
        fixed_search.energies(response, vectors, vectors.layout[0], energy)
        fixed_search.preselect(
            target32, group, response, vectors.layout[0], vectors, energy, _N_SURVIVORS, found
        )
        filters.copy(found[0], tried[:_N_TRIED])
        tried[_N_TRIED] = indices[t]
        best = -1.0
        for k in range(tried.shape[0]):
            if tried[k] < 0:
                continue
            fixed_codebook.vector(tried[k], layout, book, vector)
            convolve(vector, impulse, filtered)
            c, e = 0.0, 1e-12
            for n in range(SUBFRAME_LEN):
                c += target[n] * filtered[n]
                e += filtered[n] * filtered[n]
            if c * c / e > best:
                best, indices[t], gain[t] = c * c / e, tried[k], c / e
        errors[t] = -best
        for n in range(SUBFRAME_LEN):
            errors[t] += target[n] * target[n]


@fast(allocates=True)
def accumulate(
    targets: Targets, rows: tuple[int, int], layout: I64, state: State, stage: int,
    matrix: F64, vector: F64, errors: F64,
) -> None:  # fmt: skip
    """Add the targets from rows[0] to before rows[1] to the sums of their cells of a stage.

    matrix (K, n, n): g^2 H^T H, lower triangle.      vector (K, n): g H^T t.      errors (K,)
    """
    n_sub = SUBFRAME_LEN
    other, left, back = np.empty(n_sub), np.empty(n_sub), np.empty(n_sub)
    for t in range(rows[0], rows[1]):
        h, index, g = targets.impulse[t], state.indices[t], state.gain[t]
        row, sign = row_and_sign(index, layout, stage)
        fixed_codebook.vector(index, layout, state.book, other)
        other -= sign * state.book[layout[2 * stage] + row]  # leaves the part of the other stage
        convolve(other, h, left)
        left[:] = targets.target[t] - g * left
        correlate(left, h, back)
        vector[row] += g * sign * back
        for d in range(n_sub):  # H^T H along its diagonals, from the end
            acc = 0.0
            for j in range(n_sub - 1 - d, -1, -1):
                acc += h[n_sub - 1 - j] * h[n_sub - 1 - j - d]
                matrix[row, j + d, j] += g * g * acc
        errors[row] += state.errors[t]
