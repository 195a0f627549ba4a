"""The weights of the enhancement network: layers, stored form, and the form that the kernels take.

A layer is stored as int8 weights (n_in, n_out) with a float32 scale and bias per output. The
kernels take one float32 array that holds all layers in their order, each as its bias and its rows.
Rows are as long as a whole number of tiles; zeros fill them up. They begin at addresses that are
multiples of 64 bytes, as long vector registers want them.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..._types import F32
from ..format.modes import MAX_LAG, MIN_LAG, N_SUBFRAMES

N_FEATURES = 64  # of a subframe
LAG_UNITS = 8  # a learned code of each whole lag
SUBFRAME_UNITS = 64
FRAME_UNITS = 144
OUTPUT_UNITS = 96
N_COMB = 7  # taps around one lag before, and as many around one lag ahead
N_FIR = 32
N_TAPS = 2 * N_COMB + N_FIR
TILE = 16  # outputs that a kernel computes together; it divides the width of every layer

N_INPUTS = N_FEATURES + LAG_UNITS
JOINED_UNITS = N_SUBFRAMES * SUBFRAME_UNITS
BOTH_UNITS = 2 * SUBFRAME_UNITS  # of a subframe, and its share of the frame
GATE_UNITS = 3 * FRAME_UNITS  # update, reset, candidate
N_LAGS = MAX_LAG - MIN_LAG + 1


class Layer(NamedTuple):
    """The sizes of a dense layer."""

    n_in: int
    n_out: int

    @property
    def width(self) -> int:
        """Length of a row in the array that the kernels take."""
        return -(-self.n_out // TILE) * TILE

    @property
    def size(self) -> int:
        """Number of values in the array that the kernels take."""
        return (1 + self.n_in) * self.width


LAYERS = {
    "subframe": Layer(N_INPUTS, SUBFRAME_UNITS),
    "frame": Layer(JOINED_UNITS, FRAME_UNITS),
    "gates": Layer(FRAME_UNITS, GATE_UNITS),  # from the frame
    "past": Layer(FRAME_UNITS, GATE_UNITS),  # from the state after the last frame
    "split": Layer(FRAME_UNITS, JOINED_UNITS),
    "output": Layer(BOTH_UNITS, OUTPUT_UNITS),
    "taps": Layer(OUTPUT_UNITS, N_TAPS),
}
# first values in the array that the kernels take
MEAN = 0  # of the features
SCALE = MEAN + N_FEATURES  # of the features: 1 / standard deviation
LAGS = SCALE + N_FEATURES  # (N_LAGS, LAG_UNITS)
SUBFRAME = LAGS + -(-N_LAGS * LAG_UNITS // TILE) * TILE
FRAME = SUBFRAME + LAYERS["subframe"].size
GATES = FRAME + LAYERS["frame"].size
PAST = GATES + LAYERS["gates"].size
SPLIT = PAST + LAYERS["past"].size
OUTPUT = SPLIT + LAYERS["split"].size
TAPS = OUTPUT + LAYERS["output"].size
SIZE = TAPS + LAYERS["taps"].size

_PREFIX = "enhancement_"
_PLAIN = {"mean": (N_FEATURES,), "scale": (N_FEATURES,), "lags": (N_LAGS, LAG_UNITS)}
LIMIT = 100.0  # of a weight or bias: sums of products stay far from the largest float32
_MEAN_LIMIT, _SCALE_LIMIT = 1e3, 1e4


def expected() -> dict[str, tuple[tuple[int, ...], str]]:
    """Return the shape and type of every array in a set of tables."""
    want = {_PREFIX + name: (shape, "<f4") for name, shape in _PLAIN.items()}
    for name, layer in LAYERS.items():
        want[_PREFIX + name] = ((layer.n_in, layer.n_out), "|i1")
        want[f"{_PREFIX}{name}_scale"] = ((layer.n_out,), "<f4")
        want[f"{_PREFIX}{name}_bias"] = ((layer.n_out,), "<f4")
    return want


def limit(name: str) -> float:
    """Return the largest magnitude that the array `name` of a set of tables may hold."""
    if name.endswith("_scale") and name != f"{_PREFIX}scale":
        return LIMIT / 127
    return {f"{_PREFIX}mean": _MEAN_LIMIT, f"{_PREFIX}scale": _SCALE_LIMIT}.get(name, 127.0)


def quantize(weights: Mapping[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[Any]]:
    """Return the arrays of a set of tables for weights in floating point.

    Parameters
    ----------
    weights : mapping of str to ndarray
        ``mean``, ``scale`` and ``lags``; for each layer ``name`` (n_in, n_out) and ``name_bias``.
    """
    arrays: dict[str, npt.NDArray[Any]] = {
        _PREFIX + name: weights[name].astype(np.float32) for name in _PLAIN
    }
    for name in LAYERS:
        weight = weights[name].astype(np.float64)
        scale = np.maximum(np.abs(weight).max(axis=0), 1e-12) / 127
        arrays[_PREFIX + name] = np.rint(weight / scale).astype(np.int8)
        arrays[f"{_PREFIX}{name}_scale"] = scale.astype(np.float32)
        arrays[f"{_PREFIX}{name}_bias"] = weights[f"{name}_bias"].astype(np.float32)
    return arrays


def identity() -> dict[str, npt.NDArray[Any]]:
    """Return the arrays of a network that changes nothing: all its taps are 0."""
    return {name: np.zeros(shape, dtype) for name, (shape, dtype) in expected().items()}


def collect(arrays: Mapping[str, npt.NDArray[Any]]) -> F32:
    """Return the weights (SIZE,) as the kernels take them."""
    room = np.zeros(SIZE + TILE, dtype=np.float32)
    start = -room.ctypes.data // room.itemsize % TILE
    weights = room[start : start + SIZE]
    for name, first in {"mean": MEAN, "scale": SCALE, "lags": LAGS}.items():
        values = arrays[_PREFIX + name].ravel()
        weights[first : first + values.size] = values
    first = SUBFRAME
    for name, layer in LAYERS.items():
        rows = weights[first : first + layer.size].reshape(1 + layer.n_in, layer.width)
        rows[0, : layer.n_out] = arrays[f"{_PREFIX}{name}_bias"]
        rows[1:, : layer.n_out] = arrays[_PREFIX + name].astype(np.float32)
        rows[1:, : layer.n_out] *= arrays[f"{_PREFIX}{name}_scale"]
        first += layer.size
    return weights
