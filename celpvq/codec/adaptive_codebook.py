"""Adaptive codebook: past excitation, delayed by a lag in thirds of a sample.

The vector of a lag T is exc(n - T); where that is not past yet, the vector itself is repeated.
"""

import numpy as np

from .._jit import kernel, search
from .._types import F64, I64
from . import filters, pitch, ranking
from .modes import MAX_LAG, MIN_LAG

REACH = 10  # of the interpolator to each side [samples]; less than MIN_LAG, so that it stays causal
_COARSE_REACH = 4  # of the interpolator of correlations


def _interpolator(reach: int) -> F64:
    """Return a Kaiser-windowed sinc (2, 2 reach) for 1/3 and 2/3 of a sample.

    Rounded to multiples of 2^-15, so that the last bits of the C library do not matter.
    """
    at = np.arange(1 - reach, reach + 1)[None, :] - np.array([[1.0], [2.0]]) / 3
    taps = np.sinc(at) * np.i0(5.0 * np.sqrt(1 - (at / (reach + 1)) ** 2)) / np.i0(5.0)
    taps /= taps.sum(axis=1, keepdims=True)
    return np.asarray(np.round(taps * 32768) / 32768)


_FINE_TAPS = _interpolator(REACH)
_COARSE_TAPS = _interpolator(_COARSE_REACH)


@kernel
def vector(lag3: int, exc: F64) -> None:
    """Write the vector of lag3 thirds after the past: exc (MAX_LAG + n,), the last n are set."""
    lag = (lag3 + 2) // 3
    third = 3 * lag - lag3
    if third == 0:
        for n in range(MAX_LAG, exc.shape[0]):
            exc[n] = exc[n - lag]
        return
    for n in range(MAX_LAG, exc.shape[0]):
        acc = 0.0
        for i in range(2 * REACH):
            acc += _FINE_TAPS[third - 1, i] * exc[n - lag + 1 - REACH + i]
        exc[n] = acc


@search
def _match(
    target: F64, impulse: F64, exc: F64, low: int, high: int, corr: F64, energy: F64
) -> None:
    """Correlate target with each integer lag's filtered vector, low <= lag <= high, at index lag.

    The filtered first period of lag T is that of T - 1, one sample later, plus exc(-T) h(n);
    repetition then adds the same, each T samples later.
    """
    n_sub = target.shape[0]
    period = np.zeros(n_sub)
    y = np.empty(n_sub)
    for lag in range(1, high + 1):
        newest = exc[MAX_LAG - lag]
        for n in range(n_sub - 1, 0, -1):
            period[n] = period[n - 1] + newest * impulse[n]
        period[0] = newest * impulse[0]
        if lag < low:
            continue
        c, e = 0.0, 0.0
        if lag >= n_sub:
            for n in range(n_sub):
                c += target[n] * period[n]
                e += period[n] * period[n]
        else:
            filters.copy(period, y)
            for n in range(lag, n_sub):
                y[n] += y[n - lag]
            for n in range(n_sub):
                c += target[n] * y[n]
                e += y[n] * y[n]
        corr[lag] = c
        energy[lag] = e


@search
def _score(lag3: int, corr: F64, energy: F64) -> float:
    """Return corr^2 / energy at a lag in thirds, interpolated from the integers around."""
    lag = (lag3 + 2) // 3
    third = 3 * lag - lag3
    if third == 0:
        c, e = corr[lag], energy[lag]
    else:
        c = 0.0
        for i in range(2 * _COARSE_REACH):
            c += _COARSE_TAPS[third - 1, i] * corr[lag - 1 + _COARSE_REACH - i]
        e = (third * energy[lag - 1] + (3 - third) * energy[lag]) / 3.0
    return c * c / (e + 1e-12) if c > 0.0 else 0.0


@search
def search_lags(
    target: F64, impulse: F64, exc: F64, bits: int, lag3_prev: int, codes: I64, filtered: F64
) -> None:
    """Find the lags whose filtered vectors match target (n,) best, by exact normalized correlation.

    exc (MAX_LAG + n,): past excitation; its last n are overwritten.
    codes (K,), filtered (K, n): receive the codes and filtered vectors, best first.
    """
    n_sub = target.shape[0]
    n_best = codes.shape[0]
    if bits == pitch.ABSOLUTE_BITS:
        low, high = MIN_LAG, MAX_LAG
    else:
        centre = pitch.delta_centre(lag3_prev)
        low, high = centre - pitch.DELTA_BELOW, centre + pitch.DELTA_ABOVE
    corr = np.zeros(MAX_LAG + 2 * _COARSE_REACH)
    energy = np.zeros(MAX_LAG + 2 * _COARSE_REACH)
    _match(target, impulse, exc, max(low - _COARSE_REACH, 1), min(high + _COARSE_REACH, MAX_LAG),
           corr, energy)  # fmt: skip

    n_tried = min(2 * n_best, 1 << bits)
    tried = np.zeros(n_tried, dtype=np.int64)
    tried_score = np.empty(n_tried)
    tried_score[:] = -1.0
    for code in range(1 << bits):
        value = _score(pitch.dequantize(code, bits, lag3_prev), corr, energy)
        if value > tried_score[n_tried - 1]:
            ranking.insert(code, value, tried, tried_score)

    y = np.empty(n_sub)
    best_score = np.empty(n_best)
    best_score[:] = -1.0
    for i in range(n_tried):
        vector(pitch.dequantize(tried[i], bits, lag3_prev), exc)
        convolve(exc[MAX_LAG:], impulse, y)
        c, e = 0.0, 1e-12
        for n in range(n_sub):
            c += target[n] * y[n]
            e += y[n] * y[n]
        value = c * c / e if c > 0.0 else 0.0
        if value > best_score[n_best - 1]:
            at = ranking.insert(tried[i], value, codes, best_score)
            for k in range(n_best - 1, at, -1):
                filters.copy(filtered[k - 1], filtered[k])
            filters.copy(y, filtered[at])


@search
def convolve(x: F64, impulse: F64, out: F64) -> None:
    """Filter x (n,) by the impulse response (n,) from rest into out (n,)."""
    out[:] = 0.0
    for i in range(x.shape[0]):
        for n in range(x.shape[0] - i):
            out[i + n] += x[i] * impulse[n]
