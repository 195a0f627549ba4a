"""The band-pass of a telephone line, at 8 kHz and without delay."""

import functools
from typing import Any

import numpy as np

from .._types import F64
from ..codec.format.modes import SAMPLERATE

_ORDER = 4  # of each edge and each pass
_PADDING = 200  # samples by which the ends are continued, where there are as many


@functools.lru_cache(maxsize=64)
def _sections(low_hz: float | None, high_hz: float | None) -> Any:
    """Return the second-order sections of a Butterworth filter."""
    from scipy.signal import butter

    edges = [edge for edge in (low_hz, high_hz) if edge is not None]
    kind: Any = "lowpass" if low_hz is None else "highpass" if high_hz is None else "bandpass"
    return butter(_ORDER, edges if len(edges) > 1 else edges[0], kind, fs=SAMPLERATE, output="sos")


def limit(x: F64, low_hz: float | None, high_hz: float | None) -> F64:
    """Return x (n,) without the frequencies below `low_hz` and above `high_hz`; None is no limit.

    The filter runs forwards and backwards, so nothing is delayed. An edge is 6 dB down, and each
    octave beyond it 48 dB more.
    """
    if low_hz is None and high_hz is None:
        return x
    from scipy.signal import sosfiltfilt

    padding = min(_PADDING, len(x) - 1)
    return np.asarray(sosfiltfilt(_sections(low_hz, high_hz), x, padlen=padding))
