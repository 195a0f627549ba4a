"""The line spectral frequencies (LSF) of recordings, as the encoder computes them."""

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .._numba import fast
from .._threads import in_order
from .._types import F64, I64
from ..codec.encoder import analysis
from ..codec.encoder.analysis import AnalysisState
from ..codec.encoder.window import WINDOW_LEN
from ..codec.format.modes import FRAME_LEN, LPC_ORDER

_AUDIBLE = 1e-7  # mean square of a window; frames with less get the weight 0


class LsfFrames(NamedTuple):
    """The LSF of all frames of some recordings, one recording after the other."""

    lsf: F64  # (n, p)
    weight: F64  # (n, p) of squared errors; 0 in inaudible frames
    starts: I64  # (n_recordings + 1,) first row of each recording, and n

    @property
    def audible(self) -> NDArray[np.bool_]:
        """Which frames (n,) are audible."""
        return np.asarray(self.weight[:, 0] > 0)

    @property
    def recordings(self) -> list[slice]:
        """The rows of each recording."""
        return [slice(a, b) for a, b in itertools.pairwise(self.starts.tolist())]


def analyze(recordings: Sequence[F64]) -> LsfFrames:
    """Return the LSF of recordings, each of shape (n_samples,) at 8 kHz."""

    def work(x: F64) -> tuple[F64, F64]:
        lsf, weight = np.empty((2, len(x) // FRAME_LEN, LPC_ORDER))
        _analyze(x, AnalysisState.new(), lsf, weight)
        return lsf, weight

    lsf, weight = zip(*in_order(work, recordings), strict=True)
    starts = np.cumsum([0] + [len(part) for part in lsf])
    return LsfFrames(np.concatenate(lsf), np.concatenate(weight), starts)


@fast(allocates=True)
def _analyze(x: F64, state: AnalysisState, lsf: F64, weight: F64) -> None:
    """Put the LSF and weights of all frames of x into lsf and weight (n_frames, p)."""
    for f in range(lsf.shape[0]):
        analysis.analyze(x[f * FRAME_LEN : (f + 1) * FRAME_LEN], True, state)
        power = np.mean(state.input[:WINDOW_LEN] ** 2)
        lsf[f] = state.lsf[:]
        weight[f] = state.weight[:] if power >= _AUDIBLE else 0.0 * state.weight[:]
