"""A picture of a clip and its coded form."""

from pathlib import Path

import numpy as np

from .._types import F64
from ..codec.format.modes import DELAY, FRAME_LEN, SAMPLERATE, SUBFRAME_LEN
from .figures import new_figure, save_figure
from .spectrogram import draw_spectrogram, level


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
    peak = level(ref).max()
    draw_spectrogram(axes[0], level(ref), peak, "original [Hz]")
    draw_spectrogram(axes[1], level(deg), peak, "coded [Hz]")
    subframes = (np.arange(lag.shape[0]) + 0.5) * SUBFRAME_LEN - DELAY  # their middles
    times = subframes / SAMPLERATE
    every = FRAME_LEN // SUBFRAME_LEN  # a frame's frequencies hold in its last subframe
    axes[2].plot(times[every - 1 :: every], lsf * SAMPLERATE / (2 * np.pi), linewidth=0.8)
    axes[2].set(ylabel="LSF [Hz]", ylim=(0, SAMPLERATE / 2))
    axes[3].plot(times, lag, ".", markersize=3)
    axes[3].set(ylabel="lag [samples]", xlabel="time [s]", xlim=(0, ref.size / SAMPLERATE))
    save_figure(figure, path)
