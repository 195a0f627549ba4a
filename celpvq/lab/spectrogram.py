"""Short-time spectra, and pictures of them."""

from typing import Any

import numpy as np

from .._types import F64
from ..codec.format.modes import SAMPLERATE, SUBFRAME_LEN

WINDOW_LEN = 240  # 30 ms


def level(signal: F64) -> F64:
    """Return the short-time power spectrum (n_subframes, n_bins) [dB]."""
    frames = np.lib.stride_tricks.sliding_window_view(signal, WINDOW_LEN)[::SUBFRAME_LEN]
    power = np.square(np.abs(np.fft.rfft(frames * np.hanning(WINDOW_LEN), 512)))
    return np.asarray(10 * np.log10(power + 1e-10))


def draw_spectrogram(axes: Any, level: F64, peak: float, label: str) -> None:
    """Draw a spectrum of `level` into axes of matplotlib: the 60 dB below `peak` [dB]."""
    edge = (WINDOW_LEN - SUBFRAME_LEN) / 2 / SAMPLERATE
    axes.imshow(
        level.T, origin="lower", aspect="auto", cmap="magma", vmin=peak - 60, vmax=peak,
        extent=(edge, edge + len(level) * SUBFRAME_LEN / SAMPLERATE, 0, SAMPLERATE / 2),
    )  # fmt: skip
    axes.set(ylabel=label)
