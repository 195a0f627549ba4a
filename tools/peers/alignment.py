"""Delay of a signal: the peak of its cross-correlation with the original."""

from collections.abc import Iterable

import numpy as np

from celpvq._types import F64, I16

MAX_LAG = 400  # samples, 50 ms
_ENVELOPE_LEN = 81  # samples, 10 ms


def lag(pairs: Iterable[tuple[I16, I16]], *, waveform: bool) -> int:
    """Return the delay of coded speech [samples], over all pairs of original and coded.

    Parameters
    ----------
    pairs : iterable of two ndarray, shape (n,)
        Original and coded speech; every pair has the same weight.
    waveform : bool
        Whether to compare waveforms; otherwise their envelopes, to a few milliseconds.

    Returns
    -------
    int
        The lag of the peak, within `MAX_LAG` to either side; negative if the coded speech is early.
    """
    total = np.zeros(2 * MAX_LAG + 1)
    for ref, deg in pairs:
        x, y = (_normalized(s, waveform=waveform) for s in (ref, deg))
        total += _correlation(x, y)
    return int(np.argmax(total)) - MAX_LAG


def _normalized(samples: I16, *, waveform: bool) -> F64:
    """Return the waveform or the envelope, without its mean, at unit energy."""
    signal = samples.astype(np.float64)
    if not waveform:
        signal = np.convolve(np.abs(signal), np.hanning(_ENVELOPE_LEN), "same")
    signal -= signal.mean()
    energy = np.sqrt(signal @ signal)
    return signal / energy if energy else signal


def _correlation(x: F64, y: F64) -> F64:
    """Return the correlation of x (n,) with y (n,) at lags from -MAX_LAG to MAX_LAG."""
    size = 1 << (x.size + MAX_LAG).bit_length()
    circular = np.fft.irfft(np.conj(np.fft.rfft(x, size)) * np.fft.rfft(y, size), size)
    return np.concatenate([circular[-MAX_LAG:], circular[: MAX_LAG + 1]])
