"""A picture of a clip and its coded form."""

from pathlib import Path
from typing import Any

import numpy as np

from .._types import F64
from ..codec.format.modes import DELAY, FRAME_LEN, SAMPLERATE, SUBFRAME_LEN
from .figures import new_figure, save_figure

WINDOW_LEN = 240  # 30 ms


def draw(path: Path, ref: F64, deg: F64, lsf: F64, lag: F64, title: str) -> None:
    """Write spectrograms before and after, and the tracks of LSF and lag, as a picture.

    It raises the errors of `new_figure` and `write_file`.

    Parameters
    ----------
    path : Path
        The file; its suffix names the format.
    ref, deg : ndarray, shape (n,)
        Original and coded speech at 8000 Hz.
    lsf : ndarray, shape (n_frames, p)
        Line spectral frequencies [radians].
    lag : ndarray, shape (n_subframes,)
        Lags of the adaptive codebook [samples].
    title : str
        Title of the picture.
    """
    figure = new_figure(10, 9)
    figure.suptitle(title)
    axes = figure.subplots(4, 1, sharex=True)
    peak = _level(ref).max()
    _spectrogram(axes[0], _level(ref), peak, "original [Hz]")
    _spectrogram(axes[1], _level(deg), peak, "coded [Hz]")
    subframes = (np.arange(lag.shape[0]) + 0.5) * SUBFRAME_LEN - DELAY  # their middles
    times = subframes / SAMPLERATE
    every = FRAME_LEN // SUBFRAME_LEN  # a frame's frequencies hold in its last subframe
    axes[2].plot(times[every - 1 :: every], lsf * SAMPLERATE / (2 * np.pi), linewidth=0.8)
    axes[2].set(ylabel="LSF [Hz]", ylim=(0, SAMPLERATE / 2))
    axes[3].plot(times, lag, ".", markersize=3)
    axes[3].set(ylabel="lag [samples]", xlabel="time [s]", xlim=(0, ref.size / SAMPLERATE))
    save_figure(figure, path)


def _level(signal: F64) -> F64:
    """Return the short-time power spectrum (n_subframes, n_bins) [dB]."""
    frames = np.lib.stride_tricks.sliding_window_view(signal, WINDOW_LEN)[::SUBFRAME_LEN]
    power = np.square(np.abs(np.fft.rfft(frames * np.hanning(WINDOW_LEN), 512)))
    return np.asarray(10 * np.log10(power + 1e-10))


def _spectrogram(axes: Any, level: F64, peak: float, label: str) -> None:
    """Draw the 60 dB below `peak`."""
    edge = (WINDOW_LEN - SUBFRAME_LEN) / 2 / SAMPLERATE
    axes.imshow(
        level.T, origin="lower", aspect="auto", cmap="magma", vmin=peak - 60, vmax=peak,
        extent=(edge, edge + len(level) * SUBFRAME_LEN / SAMPLERATE, 0, SAMPLERATE / 2),
    )  # fmt: skip
    axes.set(ylabel=label)
