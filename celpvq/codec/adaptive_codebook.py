"""Adaptive codebook: past excitation, delayed by a lag in thirds of a sample.

The vector of a lag T is exc(n - T); where that is not past yet, the vector itself is repeated.
"""

import numpy as np

from .._types import F32, F64, I64
from . import filters, pitch, ranking
from .compiling import kernel, part, search, stack_array
from .modes import MAX_LAG, SUBFRAME_LEN
from .products import convolve
from .tuning import MAX_LAGS, MAX_PITCH_GAIN

REACH = 10  # of the interpolator to each side [samples]; causal, being less than the least lag
_COARSE_REACH = 4  # of the interpolator of correlations
_N_LAGS = MAX_LAG + 1  # places for what is known of each whole lag
_N_AROUND = _N_LAGS + 2 * _COARSE_REACH
_N_PAST = _N_LAGS + SUBFRAME_LEN
_N_ROWS = SUBFRAME_LEN + 1
MAX_TRIED = 2 * MAX_LAGS  # lags that are compared exactly
_MAX_GAIN = np.float32(MAX_PITCH_GAIN)


def _interpolator(reach: int) -> F64:
    """Return a Kaiser-windowed sinc (2, 2 reach) for 1/3 and 2/3 of a sample.

    Rounded to multiples of 2^-15, so that the last bits of the C library do not matter.
    """
    at = np.arange(1 - reach, reach + 1)[None, :] - np.array([[1.0], [2.0]]) / 3
    taps = np.sinc(at) * np.i0(5.0 * np.sqrt(1 - (at / (reach + 1)) ** 2)) / np.i0(5.0)
    taps /= taps.sum(axis=1, keepdims=True)
    return np.asarray(np.round(taps * 32768) / 32768)


_FINE_TAPS = _interpolator(REACH)
_COARSE_TAPS = _interpolator(_COARSE_REACH).astype(np.float32)


@kernel
def vector(lag3: int, exc: F64) -> None:
    """Write the vector of lag3 thirds after the past: exc (MAX_LAG + n,), the last n are set."""
    lag = (lag3 + 2) // 3
    third = 3 * lag - lag3
    if third == 0:
        for n in range(MAX_LAG, exc.shape[0]):
            exc[n] = exc[n - lag]
        return
    taps = _FINE_TAPS[third - 1]
    end = exc.shape[0]
    for start in range(MAX_LAG, end, lag - REACH):  # so many see nothing but their past
        now = exc[start : min(start + lag - REACH, end)]
        now[:] = 0.0
        for i in range(0, 2 * REACH, 4):
            first = start - lag + 1 - REACH + i
            a, b, c, d = taps[i], taps[i + 1], taps[i + 2], taps[i + 3]
            past = exc[first : first + now.shape[0] + 3]
            for n in range(now.shape[0]):
                now[n] = now[n] + a * past[n] + b * past[n + 1] + c * past[n + 2] + d * past[n + 3]


@part
def _match(
    target: F32, impulse: F32, exc: F64, low: int, high: int, corr: F32, energy: F32
) -> None:
    """Correlate target with each integer lag's filtered vector, low <= lag <= high, at index lag.

    Sample n of the filtered first period of lag T is sample n - 1 of that of T - 1, and one product
    more: h(n) exc(-T). So T - n is the column, and each row adds to the one above. Repetition then
    adds the same again, each T samples later.
    """
    first = low - SUBFRAME_LEN + 1  # of column 0
    past = stack_array(_N_PAST, np.float32)  # exc(-lag) at lag - first, 0 where it is not past
    for i in range(high + 1 - first):
        lag = first + i
        past[i] = exc[MAX_LAG - lag] if lag > 0 else 0.0
    period = stack_array((_N_ROWS, _N_PAST), np.float32)  # of sample n in row n + 1
    period[0, :] = 0.0
    for n in range(SUBFRAME_LEN):
        n_columns = high + 1 - first - n
        above, now, h = period[n, :n_columns], period[n + 1, :n_columns], impulse[n]
        newest = past[n : n + n_columns]
        for j in range(n_columns):
            now[j] = above[j] + h * newest[j]
    c, e = corr[low : high + 1], energy[low : high + 1]
    c[:], e[:] = 0.0, 0.0
    n_lags, last = high + 1 - low, SUBFRAME_LEN - 1
    for n in range(0, SUBFRAME_LEN, 4):
        row1, row2 = period[n + 1, last - n :][:n_lags], period[n + 2, last - n - 1 :][:n_lags]
        row3, row4 = period[n + 3, last - n - 2 :][:n_lags], period[n + 4, last - n - 3 :][:n_lags]
        t1, t2, t3, t4 = target[n], target[n + 1], target[n + 2], target[n + 3]
        for j in range(n_lags):
            c[j] += t1 * row1[j] + t2 * row2[j] + t3 * row3[j] + t4 * row4[j]
            e[j] += row1[j] ** 2 + row2[j] ** 2 + row3[j] ** 2 + row4[j] ** 2
    for lag in range(low, min(SUBFRAME_LEN, high + 1)):
        for n in range(lag, SUBFRAME_LEN):
            column = lag - n - first
            old = period[n + 1, column]
            new = old + period[n + 1 - lag, column + lag]
            period[n + 1, column] = new
            corr[lag] += target[n] * (new - old)
            energy[lag] += new * new - old * old


@search
def _score(corr: F32, energy: F32, out: F32) -> None:
    """Put corr^2 / energy into out where corr is positive, else 0."""
    for j in range(out.shape[0]):
        c = max(corr[j], np.float32(0.0))
        out[j] = c * c / (energy[j] + np.float32(1e-12))


@search
def _score_thirds(third: int, low: int, high: int, corr: F32, energy: F32, out: F32) -> None:
    """Score lag - third/3, low <= lag <= high, from interpolated values at the integers around."""
    n_lags = high + 1 - low
    c, e = stack_array(_N_LAGS, np.float32)[:n_lags], stack_array(_N_LAGS, np.float32)[:n_lags]
    c[:] = 0.0
    for i in range(2 * _COARSE_REACH):
        tap = _COARSE_TAPS[third - 1, i]
        near = corr[low - 1 + _COARSE_REACH - i : high + _COARSE_REACH - i]
        for j in range(c.shape[0]):
            c[j] += tap * near[j]
    share = np.float32(third / 3.0)
    below, above = energy[low - 1 : high], energy[low : high + 1]
    for j in range(e.shape[0]):
        e[j] = above[j] + share * (below[j] - above[j])
    _score(c, e, out)


@search
def subtract(target: F32, filtered: F32, rest: F32) -> float:
    """Put target (n,) less filtered (n,) with its best gain into rest (n,); return its energy."""
    xy, yy, energy = np.float32(0.0), np.float32(1e-12), np.float32(0.0)
    for n in range(rest.shape[0]):
        xy += target[n] * filtered[n]
        yy += filtered[n] * filtered[n]
    gain = min(max(xy / yy, np.float32(0.0)), _MAX_GAIN)
    for n in range(rest.shape[0]):
        rest[n] = target[n] - gain * filtered[n]
        energy += rest[n] * rest[n]
    return energy  # type: ignore[return-value]


@search
def preselect(target: F32, response: F32, exc: F64, bits: int, lag3_prev: int, lags: I64) -> None:
    """Put the lags [thirds] that match target (n,) best by estimated correlations into lags (K,).

    exc (MAX_LAG,): past excitation.
    """
    low, high = pitch.whole_lags(bits, lag3_prev)
    low3, high3 = pitch.fine_lags(bits, lag3_prev)
    corr, energy = stack_array(_N_AROUND, np.float32), stack_array(_N_AROUND, np.float32)
    corr[:], energy[:] = 0.0, 0.0
    _match(target, response[0, SUBFRAME_LEN:], exc, max(low - _COARSE_REACH, 1),
           min(high + _COARSE_REACH, MAX_LAG), corr, energy)  # fmt: skip
    values = stack_array(MAX_TRIED)[: lags.shape[0]]
    lags[:], values[:] = 3 * low, -1.0
    score = stack_array(_N_LAGS, np.float32)[: high + 1 - low]
    _score(corr[low : high + 1], energy[low : high + 1], score)
    ranking.take(score, 3 * low, 3, lags, values)
    for third in range(1, 3):
        thirds = score[: high3 + 1 - low3]
        _score_thirds(third, low3, high3, corr, energy, thirds)
        ranking.take(thirds, 3 * low3 - third, 3, lags, values)


@search
def search_lags(
    lags: I64, target: F32, response: F32, exc: F64, bits: int, lag3_prev: int, codes: I64,
    filtered: F32,
) -> None:  # fmt: skip
    """Find those of lags [thirds] whose filtered vectors match target (n,) best, exactly.

    exc (MAX_LAG + n,): past excitation; its last n are overwritten.
    codes (K,), filtered (K, n): receive the codes and filtered vectors, best first.
    """
    n_best = codes.shape[0]
    assert n_best <= MAX_LAGS
    now, y = stack_array(SUBFRAME_LEN, np.float32), stack_array(SUBFRAME_LEN, np.float32)
    scores = stack_array(MAX_LAGS)[:n_best]
    codes[:], scores[:] = 0, -1.0
    for lag3 in lags:
        vector(lag3, exc)
        for n in range(SUBFRAME_LEN):
            now[n] = exc[MAX_LAG + n]
        convolve(now, response, y)
        c, e = np.float32(0.0), np.float32(1e-12)
        for n in range(y.shape[0]):
            c += target[n] * y[n]
            e += y[n] * y[n]
        value = max(c, np.float32(0.0)) * c / e
        if value > scores[n_best - 1]:
            code = pitch.quantize(lag3, bits, lag3_prev)
            at = ranking.insert(code, float(value), codes, scores)
            for k in range(n_best - 1, at, -1):
                filters.copy(filtered[k - 1], filtered[k])
            filters.copy(y, filtered[at])
