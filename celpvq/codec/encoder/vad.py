"""Voice activity detection (VAD): separates frames of speech from the noise of pauses.

The noise floor of a band is the least of its smoothed levels over two seconds, speech included
[1]_. A frame is speech if its bands stand well above their floors on average. Some frames after it
count as speech too.

.. [1] R. Martin, "Noise power spectral density estimation based on optimal smoothing and minimum
   statistics", IEEE Trans. Speech Audio Process. 9(5), 2001.
"""

import numpy as np

from ..._numba import fast, stack_array
from ..._types import F64, I64
from ..common import filters
from ..common.records import Record
from ..format.modes import FRAME_LEN, SAMPLERATE
from .window import WINDOW, WINDOW_LEN

HANGOVER = 10  # frames after speech that are coded as speech
_EDGES_HZ = (100, 250, 400, 600, 850, 1150, 1500, 1900, 2400, 3000, 3800)
_N_BANDS = len(_EDGES_HZ) - 1
_RESOLUTION_HZ = 50.0
_N_SPANS = 8
_SPAN_LEN = 12  # frames: the floor forgets after 8 such spans
_SMOOTHING = 0.6
_BIAS_DB = 3.0  # how far the least smoothed level of steady noise lies below the mean
_QUIETEST_DB = -78.0  # of full scale: the lowest floor
_FIRST_FLOOR_DB = -68.0  # until a quieter frame comes
_MARGIN_DB = 3.0  # mean excess over the floors that makes a frame speech


def _spectrum_rows() -> tuple[F64, I64]:
    """Return (2 n, WINDOW_LEN), windowed cosines and sines, and the band of each pair (n,)."""
    hz = np.arange(_EDGES_HZ[0], _EDGES_HZ[-1], _RESOLUTION_HZ)
    angle = 2 * np.pi * hz[:, None] / SAMPLERATE * np.arange(WINDOW_LEN)
    window = WINDOW / np.sqrt((WINDOW**2).sum())
    rows = np.stack([np.cos(angle), np.sin(angle)], axis=1) * window
    band = np.searchsorted(_EDGES_HZ, hz, side="right") - 1
    return rows.reshape(-1, WINDOW_LEN), band.astype(np.int64)


_ROWS, _BAND = _spectrum_rows()


class VadState(Record):
    """The memory that a frame leaves for the next one."""

    input: F64 = np.zeros(WINDOW_LEN)
    smooth: F64 = np.full(_N_BANDS, _FIRST_FLOOR_DB)  # levels [dB]
    # the least ones of the last spans [dB], newest first
    least: F64 = np.full((_N_SPANS, _N_BANDS), _FIRST_FLOOR_DB)
    n_frames: int = 0
    quiet: int = HANGOVER + 1  # frames since the last speech


@fast
def band_levels(x: F64, out: F64) -> None:
    """Put the mean power of each band of x (WINDOW_LEN,) into out (bands,) [dB of full scale]."""
    power, count = stack_array(_N_BANDS), stack_array(_N_BANDS)
    power[:], count[:] = 0.0, 0.0
    for i in range(_BAND.shape[0]):
        re, im = 0.0, 0.0
        for n in range(x.shape[0]):
            re += _ROWS[2 * i, n] * x[n]
            im += _ROWS[2 * i + 1, n] * x[n]
        power[_BAND[i]] += re * re + im * im
        count[_BAND[i]] += 1.0
    for b in range(_N_BANDS):
        out[b] = 10.0 * np.log10(power[b] / count[b] + 1e-12)


@fast
def _follow_floor(level: F64, state: VadState) -> None:
    """Smooth level (bands,) [dB] and keep the least of each span."""
    for b in range(_N_BANDS):
        state.smooth[b] = _SMOOTHING * state.smooth[b] + (1.0 - _SMOOTHING) * level[b]
    if state.n_frames % _SPAN_LEN == 0:
        for i in range(_N_SPANS - 1, 0, -1):
            filters.copy(state.least[i - 1], state.least[i])
        if state.n_frames > 0:
            state.least[0, :] = np.inf
    for b in range(_N_BANDS):
        state.least[0, b] = min(state.least[0, b], state.smooth[b])
    state.n_frames += 1


@fast
def update(x: F64, state: VadState) -> int:
    """Classify the frame x (FRAME_LEN,); return the number of frames since the last speech."""
    filters.keep_past(state.input[:], state.input.shape[0] - FRAME_LEN)
    filters.copy(x, state.input[WINDOW_LEN - FRAME_LEN :])
    level = stack_array(_N_BANDS)
    band_levels(state.input, level)
    _follow_floor(level, state)
    excess = 0.0
    for b in range(_N_BANDS):
        floor = np.inf
        for i in range(_N_SPANS):
            floor = min(floor, state.least[i, b])
        excess += max(level[b] - max(floor + _BIAS_DB, _QUIETEST_DB), 0.0) / _N_BANDS
    state.quiet = 0 if excess > _MARGIN_DB else state.quiet + 1
    return state.quiet
