"""Features of a subframe for the enhancement network: all that the decoder knows of it, and causal.

Powers are logarithms to base 2. Bands come from autocorrelations over the last four subframes,
which grow by one subframe at a time: a spectrum without a Fourier transform.
"""

import math

import numpy as np

from ..._numba import inlined, stack_array, strict
from ..._types import F64
from ..common import filters, gains, pitch
from ..common.enhancement_tables import N_FEATURES
from ..common.records import Record
from ..common.synthesis import SynthesisState
from ..format.frame_types import BAD, NO_DATA, REDUNDANT, SID, SPEECH
from ..format.modes import (
    FRAME_LEN,
    LPC_ORDER,
    MAX_LAG,
    MIN_LAG,
    N_SUBFRAMES,
    SAMPLERATE,
    SUBFRAME_LEN,
)
from .concealment import ConcealmentState

PAST_LEN = 200  # samples before a frame: the longest lag, its comb, and one subframe more
_EDGES_HZ = (
    0, 150, 300, 450, 600, 750, 950, 1150, 1350, 1600, 1850, 2100, 2400, 2700, 3050, 3450, 4000,
)  # fmt: skip
N_BANDS = len(_EDGES_HZ) - 1
COMFORT_NOISE = LPC_ORDER + 2 * N_BANDS + 15  # the feature that is 1 in SID and NO_DATA frames
N_LAGS = 40  # of the autocorrelations
_LANES = 8  # partial sums of an inner product
_MATCHED = 2 * SUBFRAME_LEN  # samples that are compared with those one lag before
_FLOOR = 1e-9  # power of silence: -90 dB of full scale
_BAND_FLOOR = 1e-5  # of a band, as a share of all power
_LN2 = 0.6931471805599453
_SQRT2 = 1.4142135623730951
_PEAK_DECAY = 0.01  # of the level of the loudest subframe, per subframe [log2 of power]
_LONGEST_LOSS = 8.0  # frames
_RECOVERED = 8.0  # subframes


def _band_weights() -> F64:
    """Return (lags N_LAGS - 1 .. 0, bands): the mean power of a band from autocorrelations.

    They are multiples of 2^-20, so that the last bits of the C library do not matter.
    """
    edges = 2 * np.pi * np.array(_EDGES_HZ) / SAMPLERATE
    k = np.arange(1, N_LAGS)[:, None]
    means = 2 * (np.sin(edges[1:] * k) - np.sin(edges[:-1] * k)) / k / np.diff(edges)
    taper = 0.5 + 0.5 * np.cos(np.pi * k / N_LAGS)
    weights = np.vstack([np.ones(N_BANDS), means * taper])[::-1]
    return np.ascontiguousarray(np.round(weights * 2.0**20) / 2.0**20)


_WEIGHTS = _band_weights()


class FeatureState(Record):
    """The signals and sums that a subframe leaves for the next one.

    speech:  |<-- past, PAST_LEN -->|<- this frame, FRAME_LEN ->|   oldest first
    """

    speech: F64 = np.zeros(PAST_LEN + FRAME_LEN)  # output of 1/A(z)
    speech_sums: F64 = np.zeros((N_SUBFRAMES, N_LAGS))  # autocorrelations of the last subframes
    exc_sums: F64 = np.zeros((N_SUBFRAMES, N_LAGS))
    peak: float = -30.0  # level of the loudest subframe, slowly forgotten [log2 of power]
    values: F64 = np.zeros((N_SUBFRAMES, N_FEATURES))
    lag: F64 = np.full(N_SUBFRAMES, float(MIN_LAG))  # whole samples


@strict
def log2(x: float) -> float:
    """Return the logarithm of x > 0, a normal number, to base 2; the error is below 1e-7.

    The exponent comes from the bits of x, the rest from the series of the inverse hyperbolic
    tangent: the C library has no part in it.
    """
    bits = np.float64(x).view(np.int64)
    exponent = (bits >> 52) - 1023
    mantissa = np.int64((bits & 0xFFFFFFFFFFFFF) | 0x3FF0000000000000).view(np.float64)
    z = (mantissa - _SQRT2) / (mantissa + _SQRT2)
    square = z * z
    series = 1.0 + square * (1.0 / 3.0 + square * (1.0 / 5.0 + square * (1.0 / 7.0)))
    return exponent + 0.5 + 2.0 / _LN2 * z * series


@strict
def _cepstrum(a: F64, out: F64) -> None:
    """Put the cepstrum of 1/A(z) of a (p,) into out[:p]."""
    for n in range(a.shape[0]):
        acc = 0.0
        for k in range(n):
            acc += (k + 1.0) * out[k] * a[n - k - 1]
        out[n] = -a[n] - acc / (n + 1.0)


@inlined
def _correlate(x: F64, out: F64) -> None:
    """Put the sums x[n] x[n-k] over the last subframe of x into out, for k = N_LAGS - 1 .. 0."""
    start = x.shape[0] - SUBFRAME_LEN
    filters.sum_of_shifts(x[start:], x, start - N_LAGS + 1, out)


@strict
def _bands(sums: F64, out: F64) -> float:
    """Put the levels of the bands from sums (N_SUBFRAMES, N_LAGS) into out; return their mean.

    Each pass adds four lags to all bands.
    """
    r, power = stack_array(N_LAGS), stack_array(N_BANDS)
    p, q, u, v = sums[0], sums[1], sums[2], sums[3]
    for k in range(p.shape[0]):
        r[k] = (p[k] + q[k] + u[k] + v[k]) * (1.0 / FRAME_LEN)
    power[:] = 0.0
    for k in range(0, N_LAGS, 4):
        p, q, u, v = _WEIGHTS[k], _WEIGHTS[k + 1], _WEIGHTS[k + 2], _WEIGHTS[k + 3]
        for b in range(out.shape[0]):
            power[b] = power[b] + r[k] * p[b] + r[k + 1] * q[b] + r[k + 2] * u[b] + r[k + 3] * v[b]
    floor = _FLOOR + _BAND_FLOOR * r[N_LAGS - 1]
    mean = 0.0
    for b in range(N_BANDS):
        power[b] = log2(max(power[b], 0.0) + floor)
    for b in range(N_BANDS):
        out[b] = power[b]
        mean += power[b]
    return mean * (1.0 / N_BANDS)


@inlined
def _total(parts: F64) -> float:
    """Return the sum of parts (_LANES,)."""
    low = (parts[0] + parts[1]) + (parts[2] + parts[3])
    return low + ((parts[4] + parts[5]) + (parts[6] + parts[7]))


@strict
def _products(x: F64, y: F64) -> tuple[float, float]:
    """Return the sums of x[n] y[n] and y[n]^2, x and y (n,), n a multiple of _LANES.

    Each is the sum of partial sums, which are independent of each other.
    """
    xy, yy = stack_array(_LANES), stack_array(_LANES)
    for i in range(_LANES):
        xy[i] = yy[i] = 0.0
    for n in range(0, x.shape[0], _LANES):
        a, b = x[n : n + _LANES], y[n : n + _LANES]
        for i in range(_LANES):
            xy[i] += a[i] * b[i]
            yy[i] += b[i] * b[i]
    return _total(xy), _total(yy)


@strict
def _match(x: F64, power: float, lag: int) -> float:
    """Return the normalized correlation of the last samples of x with those `lag` before.

    power: sum of the squares of the last samples.
    """
    start = x.shape[0] - _MATCHED
    xy, yy = _products(x[start:], x[start - lag : x.shape[0] - lag])
    return xy / math.sqrt((power + _FLOOR) * (yy + _FLOOR))


@strict
def _power(x: F64) -> tuple[float, float]:
    """Return the level of x (n,) and that of its largest sample above it, as log2 of power."""
    largest = 0.0
    for n in range(x.shape[0]):
        square = x[n] * x[n]
        largest = square if square > largest else largest
    power = _products(x, x)[0] / x.shape[0] + _FLOOR
    return log2(power), log2((largest + _FLOOR) / power)


@inlined
def begin(state: FeatureState) -> None:
    """Start a frame: move the signal on by one."""
    filters.keep_past(state.speech[:], state.speech.shape[0] - FRAME_LEN)


@strict(apart=True)
def observe(
    index: int, frame_type: int, rate: float, a: F64, synth: SynthesisState,
    conceal: ConcealmentState, state: FeatureState,
) -> None:  # fmt: skip
    """Find the features of subframe `index`, just synthesized with the predictor a (p,).

    rate: of the last speech packet [bit/s].
    """
    end = PAST_LEN + (index + 1) * SUBFRAME_LEN
    filters.copy(synth.speech[LPC_ORDER:], state.speech[end - SUBFRAME_LEN : end])
    speech, exc = state.speech[:end], synth.exc[:]
    lag = min(max(pitch.rounded(synth.lag3), MIN_LAG), MAX_LAG)
    out = state.values[index]

    _cepstrum(a, out)
    _correlate(speech, state.speech_sums[index])
    _correlate(exc, state.exc_sums[index])
    first, second, rest = LPC_ORDER, LPC_ORDER + N_BANDS, LPC_ORDER + 2 * N_BANDS
    level = _bands(state.speech_sums[:], out[first:second])
    exc_level = _bands(state.exc_sums[:], out[second:rest])
    for b in range(N_BANDS):
        out[first + b] -= level
        out[second + b] -= exc_level

    now, crest = _power(speech[end - SUBFRAME_LEN :])
    total, exc_crest = _power(exc[MAX_LAG:])
    fixed = synth.gain[1] * (gains.rms(synth.code[:]) if frame_type == SPEECH else 1.0)
    fixed_level = log2(fixed * fixed + _FLOOR)
    state.peak = max(now, state.peak - _PEAK_DECAY)
    r1, r0 = state.speech_sums[index, N_LAGS - 2], state.speech_sums[index, N_LAGS - 1]
    loss = frame_type in (BAD, REDUNDANT)

    newest = speech[end - _MATCHED :]
    power, _ = _products(newest, newest)
    out[rest] = _match(speech, power, lag - 1)
    out[rest + 1] = _match(speech, power, lag)
    out[rest + 2] = _match(speech, power, lag + 1)
    out[rest + 3] = _match(speech, power, lag // 2)
    out[rest + 4] = level
    out[rest + 5] = now
    out[rest + 6] = fixed_level
    out[rest + 7] = total
    out[rest + 8] = fixed_level - total
    out[rest + 9] = min(synth.gain[0], 1.3)
    out[rest + 10] = log2(lag / 50.0)
    out[rest + 11] = lag / 100.0
    out[rest + 12] = (rate - 6400.0) / 1600.0
    out[rest + 13] = 1.0 if frame_type == BAD else 0.0
    out[rest + 14] = 1.0 if frame_type == REDUNDANT else 0.0
    out[rest + 15] = 1.0 if frame_type in (SID, NO_DATA) else 0.0
    out[rest + 16] = min(conceal.age / _LONGEST_LOSS, 1.0) if loss else 0.0
    out[rest + 17] = 0.0 if loss else _RECOVERED / (_RECOVERED + conceal.since)
    out[rest + 18] = crest
    out[rest + 19] = exc_crest
    out[rest + 20] = now - state.peak
    out[rest + 21] = r1 / (r0 + _FLOOR)
    state.lag[index] = lag
