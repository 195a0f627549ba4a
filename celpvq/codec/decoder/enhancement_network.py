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
    FRAME_UNITS,
    GATE_UNITS,
    JOINED_UNITS,
    LAG_UNITS,
    N_COMB,
    N_FEATURES,
    N_FIR,
    N_INPUTS,
    OUTPUT_UNITS,
    SUBFRAME_UNITS,
    TILE,
)
from ..format.modes import MIN_LAG, N_SUBFRAMES

FEATURE_LIMIT = 4.0  # standard deviations
COMB_LIMIT, FIR_LIMIT = 1.0, 2.0  # of a tap
_ONE, _HALF, _ZERO = np.float32(1.0), np.float32(0.5), np.float32(0.0)
_PER_COMB_LIMIT, _PER_FIR_LIMIT = np.float32(1.0 / COMB_LIMIT), np.float32(1.0 / FIR_LIMIT)
_WIDTH = tables.LAYERS["taps"].width
# of the four subframes together
_ALL_INPUTS, _ALL_BOTH = N_SUBFRAMES * N_INPUTS, N_SUBFRAMES * tables.BOTH_UNITS
_ALL_LAST, _ALL_TAPS = N_SUBFRAMES * OUTPUT_UNITS, N_SUBFRAMES * _WIDTH
_LOW, _HIGH = np.float32(-FEATURE_LIMIT), np.float32(FEATURE_LIMIT)


@strict
def dense(x: F32, weights: F32, start: int, out: F32) -> None:
    """Put a layer's sums for x (n_in,) into out (n_out,); the layer begins at weights[start].

    They grow along the outputs, four inputs a pass, so n_in is a multiple of 4.
    """
    n = out.shape[0]
    acc = stack_array(GATE_UNITS, np.float32)  # the largest n_out; of our own: no other array is it
    for j in range(n):
        acc[j] = weights[start + j]
    for i in range(0, x.shape[0], 4):
        first = start + n * (i + 1)
        p, q = weights[first : first + n], weights[first + n : first + 2 * n]
        r, s = weights[first + 2 * n : first + 3 * n], weights[first + 3 * n : first + 4 * n]
        a, b, c, d = x[i], x[i + 1], x[i + 2], x[i + 3]
        for j in range(n):
            acc[j] = acc[j] + a * p[j] + b * q[j] + c * r[j] + d * s[j]
    for j in range(n):
        out[j] = acc[j]


@strict
def dense4(x: F32, weights: F32, start: int, out: F32) -> None:
    """Put a layer's sums for four inputs x (4 n_in,) into out (4 n_out,), one after the other.

    The sums of a tile stay in registers while the inputs pass, so n_out is a multiple of TILE.
    """
    m, n = x.shape[0] // 4, out.shape[0] // 4
    p, q = stack_array(TILE, np.float32), stack_array(TILE, np.float32)
    r, s = stack_array(TILE, np.float32), stack_array(TILE, np.float32)
    for tile in range(0, n, TILE):
        at = start + tile
        for j in range(TILE):
            p[j] = q[j] = r[j] = s[j] = weights[at + j]
        for i in range(m):
            at += n
            row = weights[at : at + TILE]
            a, b, c, d = x[i], x[m + i], x[2 * m + i], x[3 * m + i]
            for j in range(TILE):
                p[j] += a * row[j]
                q[j] += b * row[j]
                r[j] += c * row[j]
                s[j] += d * row[j]
        for j in range(TILE):
            out[tile + j], out[n + tile + j] = p[j], q[j]
            out[2 * n + tile + j], out[3 * n + tile + j] = r[j], s[j]


@strict
def softsign(x: F32, n: int) -> None:
    """Replace each of the first n values v by v / (1 + |v|)."""
    for i in range(n):
        x[i] = x[i] / (_ONE + abs(x[i]))


@inlined
def _recur(x: F32, weights: F32, hidden: F32) -> None:
    """Advance hidden (FRAME_UNITS,) by a gated recurrent unit for x (FRAME_UNITS,)."""
    gates, past = stack_array(GATE_UNITS, np.float32), stack_array(GATE_UNITS, np.float32)
    dense(x, weights, tables.GATES, gates)
    dense(hidden, weights, tables.PAST, past)
    n = hidden.shape[0]
    for i in range(n):
        update, reset = gates[i] + past[i], gates[n + i] + past[n + i]
        update = _HALF + _HALF * (update / (_ONE + abs(update)))
        reset = _HALF + _HALF * (reset / (_ONE + abs(reset)))
        new = gates[2 * n + i] + reset * past[2 * n + i]
        new = new / (_ONE + abs(new))
        hidden[i] = new + update * (hidden[i] - new)


@strict(apart=True)
def predict(
    values: F64, lag: F64, weights: F32, hidden: F32, comb: F64, ahead: F64, fir: F64
) -> None:
    """Put the taps of a frame into comb, ahead and fir (N_SUBFRAMES, taps); advance hidden.

    The taps of the oldest samples come first. values (N_SUBFRAMES, N_FEATURES), lag (N_SUBFRAMES,)
    in whole samples. Loops end at lengths of arguments: LLVM would unroll those of constant length,
    which takes time and gains nothing.
    """
    inputs = stack_array(_ALL_INPUTS, np.float32)
    own, shared = stack_array(JOINED_UNITS, np.float32), stack_array(JOINED_UNITS, np.float32)
    frame = stack_array(FRAME_UNITS, np.float32)
    both = stack_array(_ALL_BOTH, np.float32)
    last = stack_array(_ALL_LAST, np.float32)
    out = stack_array(_ALL_TAPS, np.float32)
    n, n_features = values.shape
    for s in range(n):
        at = s * N_INPUTS
        for i in range(n_features):
            centred = np.float32(values[s, i]) - weights[tables.MEAN + i]
            inputs[at + i] = min(max(centred * weights[tables.SCALE + i], _LOW), _HIGH)
        row = tables.LAGS + (int(lag[s]) - MIN_LAG) * LAG_UNITS
        for i in range(LAG_UNITS):
            inputs[at + N_FEATURES + i] = weights[row + i]
    dense4(inputs, weights, tables.SUBFRAME, own)
    softsign(own, n * SUBFRAME_UNITS)
    dense(own, weights, tables.FRAME, frame)
    softsign(frame, hidden.shape[0])
    _recur(frame, weights, hidden)
    dense(hidden, weights, tables.SPLIT, shared)
    softsign(shared, n * SUBFRAME_UNITS)
    for s in range(n):
        at = s * SUBFRAME_UNITS
        for i in range(SUBFRAME_UNITS):
            both[2 * at + i] = own[at + i]
            both[2 * at + SUBFRAME_UNITS + i] = shared[at + i]
    dense4(both, weights, tables.OUTPUT, last)
    for i in range(n * OUTPUT_UNITS):
        last[i] = max(last[i], _ZERO)
    dense4(last, weights, tables.TAPS, out)
    for s in range(n):
        at = s * _WIDTH
        for i in range(N_COMB):
            x, y = out[at + i], out[at + N_COMB + i]
            comb[s, N_COMB - 1 - i] = x / (_ONE + abs(x) * _PER_COMB_LIMIT)
            ahead[s, N_COMB - 1 - i] = y / (_ONE + abs(y) * _PER_COMB_LIMIT)
        for i in range(fir.shape[1]):
            x = out[at + 2 * N_COMB + i]
            fir[s, N_FIR - 1 - i] = x / (_ONE + abs(x) * _PER_FIR_LIMIT)
