"""Training of the book of silence descriptors: mean spectra of pauses, and of all else.

What stands in a pause may be anything, from a quiet room to a street or a voice in the back: half
of the weight goes to the quietest stretches of each recording, half to all.
"""

from collections.abc import Sequence

import numpy as np

from .._types import F64
from ..codec.format.modes import FRAME_LEN, LPC_ORDER, SID_INTERVAL
from ..errors import ArgumentError
from ..vq import LBG
from .lsf_books import Spectra
from .progress import Log

_MAX_VECTORS = 150_000
_QUIET = 0.25  # share of a recording's stretches that counts as quiet
_ITERATIONS = 30


def stretches(spectra: Spectra, recordings: Sequence[F64]) -> tuple[F64, F64]:
    """Return LSF (n, p), single and in means of `SID_INTERVAL` frames, and which are quiet (n,).

    Quiet is what lies among the lowest levels of its recording. Digital silence has no spectrum,
    and is left out.
    """
    found, quiet = [np.empty((0, LPC_ORDER))], [np.empty(0)]
    for x, start in zip(recordings, spectra.starts, strict=False):
        n = len(x) // FRAME_LEN
        power = (x[: n * FRAME_LEN].reshape(n, FRAME_LEN) ** 2).mean(axis=1, keepdims=True)
        for length in (1, SID_INTERVAL):
            if n < length:
                continue
            level = _means(power, length)[:, 0]
            sounds = level > 0.0
            found.append(_means(spectra.lsf[start : start + n], length)[sounds])
            limit = np.quantile(level[sounds], _QUIET) if sounds.any() else 0.0
            quiet.append((level[sounds] <= limit).astype(np.float64))
    return np.concatenate(found), np.concatenate(quiet)


def _means(frames: F64, length: int) -> F64:
    """Return the means (n - length + 1, k) of `length` consecutive frames (n, k)."""
    windows = np.lib.stride_tricks.sliding_window_view(frames, length, axis=0)
    return np.asarray(windows.mean(axis=-1))


def train(
    spectra: Spectra, recordings: Sequence[F64], bits: int, seed: int, log: Log
) -> tuple[F64, float]:
    """Return the book (2^bits, p) and its mean squared error per component [radians^2]."""
    found, quiet = stretches(spectra, recordings)
    drawn = np.random.default_rng(seed).permutation(len(found))[:_MAX_VECTORS]
    found, quiet = found[drawn], quiet[drawn]
    if len(found) < 1 << bits:
        raise ArgumentError(
            f"training: expected at least {1 << bits} spectra of sound, got {len(found)}"
        )
    weight = 1.0 + quiet * (len(quiet) / max(quiet.sum(), 1.0))
    vq = LBG(1 << bits, init="random", max_iter=_ITERATIONS, random_state=seed)
    vq.fit(found, sample_weight=weight)
    error = float(vq.distortion_history_[-1])
    log(f"silence descriptors: {len(found)} spectra, mean squared error {error:.4g}")
    return np.asarray(vq.codebook_, dtype=np.float64), error
