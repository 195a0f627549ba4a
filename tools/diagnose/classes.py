"""Classes of frames, found in the original."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy.signal.windows import hann

from celpvq._types import F64, I64
from celpvq.codec.encoder import vad
from celpvq.codec.encoder.vad import VadState
from celpvq.codec.format.modes import DELAY, FRAME_LEN, MAX_LAG, MIN_LAG
from celpvq.lab.clips import padded

CLASSES = ("voiced", "unvoiced", "onset", "silence")
_VOICED = 0.5  # normalized correlation with the last pitch period from which on a frame is voiced
_ONSET_DB = 9.0  # rise of the level from frame to frame
_SILENCE = 1e-10  # mean square
_FADE_LEN = 80  # 10 ms


def to_frames(x: F64) -> F64:
    """Return x (n,) as the frames of the codec (n_frames, FRAME_LEN)."""
    return np.roll(padded(x), DELAY).reshape(-1, FRAME_LEN)


def periodicity(x: F64) -> F64:
    """Return the periodicity of each frame of x (n,), shape (n_frames,).

    It is the greatest normalized correlation with the past over all lags of the codec.
    """
    frames = to_frames(x)
    past = np.r_[np.zeros(MAX_LAG), frames.ravel()]
    energy = np.square(frames).sum(axis=1)
    best = np.zeros(len(frames))
    for lag in range(MIN_LAG, MAX_LAG + 1):
        before = sliding_window_view(past[MAX_LAG - lag :], FRAME_LEN)[: frames.size : FRAME_LEN]
        product = (frames * before).sum(axis=1)
        norm = np.sqrt(energy * np.square(before).sum(axis=1))
        best = np.maximum(best, product / (norm + FRAME_LEN * _SILENCE))
    return best


def classify(x: F64) -> I64:
    """Return the class of each frame of x (n,) at 8 kHz, a place in `CLASSES` (n_frames,).

    The encoder's VAD detects silence. An onset is a frame of speech whose level is 9 dB above the
    level of the frame before. Other frames are voiced if their `periodicity` is at least 0.5.
    """
    frames, state = to_frames(x), VadState.new()
    silent = np.array([vad.update(frame, state) > 0 for frame in frames])
    level = 10 * np.log10(np.square(frames).mean(axis=1) + _SILENCE)
    rise = np.diff(level, prepend=10 * np.log10(_SILENCE))
    conditions = [silent, rise >= _ONSET_DB, periodicity(x) >= _VOICED]
    kinds = [CLASSES.index(name) for name in ("silence", "onset", "voiced")]
    return np.select(conditions, kinds, CLASSES.index("unvoiced"))


def replace(x: F64, y: F64, chosen: NDArray[np.bool_]) -> F64:
    """Return y (n,) with x (n,) in the chosen frames (n_frames,), cross-faded over 10 ms."""
    steps = np.repeat(chosen.astype(np.float64), FRAME_LEN)
    window = hann(_FADE_LEN + 1)
    longer = np.pad(steps, _FADE_LEN // 2, "edge")
    share = np.convolve(longer, window / window.sum(), "valid")[DELAY : DELAY + len(x)]
    return y + share * (x - y)
