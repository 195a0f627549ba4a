"""The enhancement network: from the features of a frame to the taps of its filters.

features -> subframe (softsign) -> four subframes joined -> frame (softsign) -> recurrent layer
         -> split (softsign) -> with its subframe -> output (ReLU) -> taps (softsign)

It runs in float32, in a fixed order and without the C library: the gates are rational functions.
"""

import numpy as np

from ..._numba import inlined, stack_array, strict
from ..._types import F32, F64
from ..common import enhancement_tables as tables
from ..common.enhancement_tables import (
    BOTH_UNITS,
    FRAME_UNITS,
    GATE_UNITS,
    JOINED_UNITS,
    LAG_UNITS,
    N_COMB,
    N_FEATURES,
    N_INPUTS,
    N_TAPS,
    OUTPUT_UNITS,
    SUBFRAME_UNITS,
)
from ..format.modes import MIN_LAG, N_SUBFRAMES

FEATURE_LIMIT = 4.0  # standard deviations
COMB_LIMIT, FIR_LIMIT = 1.0, 2.0  # of a tap
_ONE, _HALF, _ZERO = np.float32(1.0), np.float32(0.5), np.float32(0.0)
_LOW, _HIGH = np.float32(-FEATURE_LIMIT), np.float32(FEATURE_LIMIT)


@strict
def dense(x: F32, weights: F32, start: int, out: F32) -> None:
    """Put a layer's sums for x (n_in,) into out (n_out,); the layer begins at weights[start].

    They grow along the outputs, four inputs a pass, so n_in is a multiple of 4.
    """
    n = out.shape[0]
    for j in range(n):
        out[j] = weights[start + j]
    for i in range(0, x.shape[0], 4):
        a, b, c, d = x[i], x[i + 1], x[i + 2], x[i + 3]
        rows = weights[start + n * (i + 1) : start + n * (i + 5)]
        for j in range(n):
            out[j] = (
                out[j] + a * rows[j] + b * rows[n + j] + c * rows[2 * n + j] + d * rows[3 * n + j]
            )


@strict
def softsign(x: F32) -> None:
    """Replace each value v by v / (1 + |v|)."""
    for i in range(x.shape[0]):
        x[i] = x[i] / (_ONE + abs(x[i]))


@inlined
def _recur(x: F32, weights: F32, hidden: F32) -> None:
    """Advance hidden (FRAME_UNITS,) by a gated recurrent unit for x (FRAME_UNITS,)."""
    gates, past = stack_array(GATE_UNITS, np.float32), stack_array(GATE_UNITS, np.float32)
    dense(x, weights, tables.GATES, gates)
    dense(hidden, weights, tables.PAST, past)
    n = FRAME_UNITS
    for i in range(n):
        update, reset = gates[i] + past[i], gates[n + i] + past[n + i]
        update = _HALF + _HALF * (update / (_ONE + abs(update)))
        reset = _HALF + _HALF * (reset / (_ONE + abs(reset)))
        new = gates[2 * n + i] + reset * past[2 * n + i]
        new = new / (_ONE + abs(new))
        hidden[i] = new + update * (hidden[i] - new)


@strict
def predict(values: F64, lag: F64, weights: F32, hidden: F32, taps: F64) -> None:
    """Put the taps (N_SUBFRAMES, N_TAPS) of a frame into taps; advance hidden.

    values (N_SUBFRAMES, N_FEATURES), lag (N_SUBFRAMES,) whole samples.
    """
    inputs = stack_array(N_INPUTS, np.float32)
    joined, shared = stack_array(JOINED_UNITS, np.float32), stack_array(JOINED_UNITS, np.float32)
    frame = stack_array(FRAME_UNITS, np.float32)
    both, last = stack_array(BOTH_UNITS, np.float32), stack_array(OUTPUT_UNITS, np.float32)
    out = stack_array(N_TAPS, np.float32)
    for s in range(N_SUBFRAMES):
        for i in range(N_FEATURES):
            centred = np.float32(values[s, i]) - weights[tables.MEAN + i]
            inputs[i] = min(max(centred * weights[tables.SCALE + i], _LOW), _HIGH)
        row = tables.LAGS + (int(lag[s]) - MIN_LAG) * LAG_UNITS
        for i in range(LAG_UNITS):
            inputs[N_FEATURES + i] = weights[row + i]
        part = joined[s * SUBFRAME_UNITS : (s + 1) * SUBFRAME_UNITS]
        dense(inputs, weights, tables.SUBFRAME, part)
        softsign(part)
    dense(joined, weights, tables.FRAME, frame)
    softsign(frame)
    _recur(frame, weights, hidden)
    dense(hidden, weights, tables.SPLIT, shared)
    softsign(shared)
    for s in range(N_SUBFRAMES):
        for i in range(SUBFRAME_UNITS):
            both[i] = joined[s * SUBFRAME_UNITS + i]
            both[SUBFRAME_UNITS + i] = shared[s * SUBFRAME_UNITS + i]
        dense(both, weights, tables.OUTPUT, last)
        for i in range(OUTPUT_UNITS):
            last[i] = max(last[i], _ZERO)
        dense(last, weights, tables.TAPS, out)
        for i in range(N_TAPS):
            bound = COMB_LIMIT if i < N_COMB else FIR_LIMIT
            value = np.float64(out[i])
            taps[s, i] = value / (1.0 + abs(value) / bound)
