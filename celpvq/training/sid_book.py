"""Design of the LSF codebook of SIDs, the frames that describe background noise.

The noise between words may come from a quiet room, a street or voices behind the speaker. So half
of the weight goes to the quietest frames of each recording, and half to all frames.
"""

from collections.abc import Sequence

import numpy as np

from .._types import F64
from ..codec.format.modes import FRAME_LEN, LPC_ORDER, SID_INTERVAL
from ..errors import ArgumentError
from ..vq import LBG
from .lsf_frames import LsfFrames
from .progress import Log

_MAX_VECTORS = 150_000
_QUIET = 0.25  # share of a recording that counts as quiet
_ITERATIONS = 30


def vectors(frames: LsfFrames, recordings: Sequence[F64]) -> tuple[F64, F64]:
    """Return LSF (n, p) of frames and means of `SID_INTERVAL` frames; 1 in (n,) marks quiet ones.

    Digital silence has no spectrum and is left out.
    """
    found, quiet = [np.empty((0, LPC_ORDER))], [np.empty(0)]
    for x, rows in zip(recordings, frames.recordings, strict=True):
        n = len(x) // FRAME_LEN
        power = (x[: n * FRAME_LEN].reshape(n, FRAME_LEN) ** 2).mean(axis=1, keepdims=True)
        for length in (1, SID_INTERVAL):
            if n < length:
                continue
            mean_power = _means(power, length)[:, 0]
            sounds = mean_power > 0.0
            found.append(_means(frames.lsf[rows], length)[sounds])
            limit = np.quantile(mean_power[sounds], _QUIET) if sounds.any() else 0.0
            quiet.append((mean_power[sounds] <= limit).astype(np.float64))
    return np.concatenate(found), np.concatenate(quiet)


def _means(x: F64, length: int) -> F64:
    """Return the means (n - length + 1, k) of `length` consecutive rows of x (n, k)."""
    windows = np.lib.stride_tricks.sliding_window_view(x, length, axis=0)
    return np.asarray(windows.mean(axis=-1))


def train(
    frames: LsfFrames, recordings: Sequence[F64], bits: int, seed: int, log: Log
) -> tuple[F64, float]:
    """Return a book (2^bits, p) and its mean squared error per component [radians^2]."""
    found, quiet = vectors(frames, recordings)
    drawn = np.random.default_rng(seed).permutation(len(found))[:_MAX_VECTORS]
    found, quiet = found[drawn], quiet[drawn]
    if len(found) < 1 << bits:
        raise ArgumentError(
            f"training: expected at least {1 << bits} LSF vectors of sound, got {len(found)}"
        )
    weight = 1.0 + quiet * (len(quiet) / max(quiet.sum(), 1.0))
    lbg = LBG(1 << bits, init="random", max_iter=_ITERATIONS, random_state=seed)
    lbg.fit(found, sample_weight=weight)
    error = float(lbg.distortion_history_[-1])
    log(f"SID, {bits} bits: {len(found)} LSF vectors, mean squared error {error:.4g}")
    return np.asarray(lbg.codebook_, dtype=np.float64), error
