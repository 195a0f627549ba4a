"""Search of the adaptive codebook: the lags T whose filtered vectors y match the target x best.

The match is <x,y>^2 / <y,y>, the energy that the best gain removes from x. A first pass computes
the match of whole lags, interpolates it at thirds, and keeps a few lags. The second pass filters
the vectors of these and compares them exactly.
"""

import numpy as np

from ..._numba import fast, inlined, stack_array
from ..._types import F32, F64, I64
from ..common import adaptive_codebook, filters, gains, pitch, synthesis
from ..common.adaptive_codebook import interpolator
from ..format.modes import MAX_LAG, SUBFRAME_LEN
from . import ranking
from .pairs import Pairs
from .presets import MAX_LAGS, MAX_PITCH_GAIN
from .products import convolve_all, inner
from .survivors import Survivor

_N_EXC = MAX_LAG + SUBFRAME_LEN
_COARSE_REACH = 4  # of the interpolator of correlations, to each side
_N_LAGS = MAX_LAG + 1  # places for one value per whole lag
_N_AROUND = _N_LAGS + 2 * _COARSE_REACH
_N_SCORES = 3 * _N_LAGS
_N_PAST = _N_LAGS + SUBFRAME_LEN
_N_ROWS = SUBFRAME_LEN + 1
MAX_LAGS_TRIED = 2 * MAX_LAGS  # compared exactly
_MAX_GAIN = np.float32(MAX_PITCH_GAIN)
_COARSE_TAPS = interpolator(_COARSE_REACH).astype(np.float32)
_FINE_TAPS = interpolator(adaptive_codebook.REACH).astype(np.float32)


@inlined
def _match(
    target: F32, impulse: F32, exc: F64, low: int, high: int, corr: F32, energy: F32
) -> None:
    """Put <x,y> and <y,y> of each integer lag, low <= lag <= high, into corr[lag] and energy[lag].

    The first period of lag T, its T samples of past excitation, gives after the filter
    y_T(n) = y_(T-1)(n - 1) + h(n) exc(-T). So T - n is the column, and each row adds to the one
    above. Where the vector repeats itself, y adds to itself, T samples later.
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
    for lag in range(low, min(SUBFRAME_LEN, high + 1)):
        for n in range(lag, SUBFRAME_LEN):
            column = lag - n - first
            period[n + 1, column] += period[n + 1 - lag, column + lag]
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


@fast
def _score(corr: F32, energy: F32, out: F32) -> None:
    """Put corr^2 / energy into out where corr is positive, else 0."""
    for j in range(out.shape[0]):
        c = max(corr[j], np.float32(0.0))
        out[j] = c * c / (energy[j] + np.float32(1e-12))


@fast
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


@fast
def update_target(target: F32, filtered: F32, out: F32) -> float:
    """Put x - g y with the best gain g into out (n,), and return its energy.

    target x, filtered y (n,).
    """
    xy, yy, energy = np.float32(0.0), np.float32(1e-12), np.float32(0.0)
    for n in range(out.shape[0]):
        xy += target[n] * filtered[n]
        yy += filtered[n] * filtered[n]
    gain = min(max(xy / yy, np.float32(0.0)), _MAX_GAIN)
    for n in range(out.shape[0]):
        out[n] = target[n] - gain * filtered[n]
        energy += out[n] * out[n]
    return energy  # type: ignore[return-value]


@fast(apart=True)
def preselect(target: F32, response: F32, exc: F64, bits: int, lag3_prev: int, lags: I64) -> None:
    """Put the lags [thirds] of best estimated match with target (n,) into lags (K,).

    exc (MAX_LAG,): past excitation.
    """
    low, high = pitch.whole_lags(bits, lag3_prev)
    fine_low, fine_high = pitch.fine_lags(bits, lag3_prev)
    corr, energy = stack_array(_N_AROUND, np.float32), stack_array(_N_AROUND, np.float32)
    corr[:], energy[:] = 0.0, 0.0
    _match(target, response[0, SUBFRAME_LEN:], exc, max(low - _COARSE_REACH, 1),
           min(high + _COARSE_REACH, MAX_LAG), corr, energy)  # fmt: skip
    n_whole, n_fine = high + 1 - low, fine_high + 1 - fine_low
    score = stack_array(_N_SCORES, np.float32)[: n_whole + 2 * n_fine]  # whole lags, then thirds
    _score(corr[low : high + 1], energy[low : high + 1], score[:n_whole])
    for third in range(1, 3):
        start = n_whole + (third - 1) * n_fine
        _score_thirds(third, fine_low, fine_high, corr, energy, score[start : start + n_fine])
    ranking.largest(score, lags)
    for k in range(lags.shape[0]):
        if lags[k] < n_whole:
            lags[k] = 3 * (low + lags[k])
        else:
            at = lags[k] - n_whole
            lags[k] = 3 * (fine_low + at % n_fine) - 1 - at // n_fine


@fast
def _vector(lag3: int, exc: F32) -> None:
    """Put the vector of a lag [thirds] into the last n of exc (MAX_LAG + n,).

    As `adaptive_codebook.vector`, in single precision.
    """
    lag = (lag3 + 2) // 3
    third = 3 * lag - lag3
    step = lag if third == 0 else lag - adaptive_codebook.REACH
    for start in range(MAX_LAG, _N_EXC, step):  # these samples depend on past ones only
        now = exc[start : min(start + step, _N_EXC)]
        if third == 0:
            filters.copy(exc[start - lag : start], now)
            continue
        acc = stack_array(SUBFRAME_LEN, np.float32)
        acc[:] = 0.0
        for i in range(0, 2 * adaptive_codebook.REACH, 4):
            taps = _FINE_TAPS[third - 1, i : i + 4]
            a, b, c, d = taps[0], taps[1], taps[2], taps[3]
            x = exc[start - lag + 1 - adaptive_codebook.REACH + i :]
            for n in range(now.shape[0]):
                acc[n] += a * x[n] + b * x[n + 1] + c * x[n + 2] + d * x[n + 3]
        filters.copy(acc[: now.shape[0]], now)


@fast
def search(
    lags: I64, target: F32, response: F32, past: F64, bits: int, lag3_prev: int, indices: I64,
    filtered: F32,
) -> None:  # fmt: skip
    """Find the lags [thirds] among `lags` whose filtered vectors match target (n,) best.

    past (MAX_LAG,): excitation.
    indices (K,), filtered (K, n): receive lag indices and filtered vectors, best first.
    """
    n_best, n_lags = indices.shape[0], lags.shape[0]
    assert n_best <= MAX_LAGS
    x = stack_array((MAX_LAGS_TRIED, SUBFRAME_LEN), np.float32)[:n_lags]
    y = stack_array((MAX_LAGS_TRIED, SUBFRAME_LEN), np.float32)[:n_lags]
    scores = stack_array(MAX_LAGS)[:n_best]
    places = stack_array(MAX_LAGS, np.int64)[:n_best]
    exc = stack_array(_N_EXC, np.float32)
    filters.copy(past, exc[:MAX_LAG])
    for k in range(n_lags):
        _vector(lags[k], exc)
        filters.copy(exc[MAX_LAG:], x[k])
    convolve_all(x, response, y)
    places[:], scores[:] = 0, -1.0
    for k in range(n_lags):
        c, e = inner(target, y[k]), inner(y[k], y[k]) + 1e-12
        score = max(c, 0.0) * c / e
        if score > scores[n_best - 1]:
            ranking.insert(k, score, places, scores)
    for k in range(n_best):
        indices[k] = pitch.quantize(lags[places[k]], bits, lag3_prev)
        filters.copy(y[places[k]], filtered[k])


@fast(apart=True)
def search_pairs(
    i: int, n_lags: int, survivor: Survivor, response: F32, bits: int, predictor: F64, lags: I64,
    pairs: Pairs,
) -> None:  # fmt: skip
    """Find the best of lags [thirds] for survivor i, whose target is in pairs; fill its pairs."""
    target, state = pairs.target[i], survivor.synthesis
    rows = slice(i * n_lags, (i + 1) * n_lags)
    search(
        lags, target, response, state.exc[SUBFRAME_LEN:], bits, state.lag3, pairs.lag_index[rows],
        pairs.filtered[rows],
    )  # fmt: skip
    for row in range(i * n_lags, (i + 1) * n_lags):
        lag3 = pitch.dequantize(pairs.lag_index[row], bits, state.lag3)
        pairs.lag[row] = min(pitch.rounded(lag3), SUBFRAME_LEN)
        pairs.cost[row] = survivor.cost + update_target(
            target, pairs.filtered[row], pairs.updated_target[row]
        )
    pairs.beta[i] = synthesis.sharpening(state)
    pairs.predicted_gain[i] = gains.decibel_to_linear(gains.predicted_db(predictor, state.gain_mem))
