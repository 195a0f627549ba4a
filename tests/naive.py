"""Slow, obvious twins of the codec's kernels: the textbook's formula, one line where it can be."""

import numpy as np
from scipy.linalg import toeplitz
from scipy.signal import lfilter, lfiltic


def polynomial(lpc):
    """A(z) with its leading 1."""
    return np.r_[1.0, lpc]


def is_stable(lpc):
    """Whether all poles of 1/A(z) lie within the unit circle."""
    return np.abs(np.roots(polynomial(lpc))).max() < 1


def lpc_of(lsf):
    """The predictor of line spectral frequencies, by multiplying out its conjugate zeros."""
    zeros = np.exp(1j * np.asarray(lsf))
    p = np.poly(np.r_[zeros[0::2], zeros[0::2].conj(), -1.0]).real
    q = np.poly(np.r_[zeros[1::2], zeros[1::2].conj(), 1.0]).real
    return ((p + q) / 2)[1:-1]


def lsf_of(lpc):
    """The angles of the zeros of P(z) and Q(z), without those at 0 and pi."""
    a = np.r_[polynomial(lpc), 0.0]
    angles = [np.angle(np.roots(a + sign * a[::-1])) for sign in (1, -1)]
    return np.sort([w for part in angles for w in part if 1e-6 < w < np.pi - 1e-6])


def lsf_weights(lsf, r):
    """The diagonal of J R J^T by finite differences, scaled to a mean of 1."""
    step = 1e-6
    shifted = lsf + step * np.eye(len(lsf))
    jacobian = np.array([lpc_of(row) for row in shifted]) - lpc_of(lsf)
    diagonal = np.einsum("ij,jk,ik->i", jacobian, toeplitz(r[: len(lsf)]), jacobian)
    return diagonal / diagonal.mean()


def lsf_of_indices(tables, indices, prev):
    """The LSF of a frame's indices after `prev`, before stabilization."""
    switch, stage1, low, high = indices
    predicted = tables.mean + tables.rho[switch] * (prev - tables.mean)
    stage2 = np.r_[tables.low[switch, low], tables.high[switch, high]]
    return predicted + tables.stage1[switch, stage1] + stage2


def lags_of_indices(bits, lag3_prev):
    """The lags [thirds] of all indices of 8 or 5 bits, as the documentation lists them."""
    if bits == 8:
        thirds = range(3 * 20, 3 * 85)
        return [*thirds, *(3 * lag for lag in range(85, 144)), 3 * 143, 3 * 143]
    centre = min(max(round(lag3_prev / 3), 20 + 11), 143 - 12)
    below, above = range(centre - 11, centre - 2), range(centre + 3, centre + 13)
    fine = range(3 * (centre - 2), 3 * (centre + 2) + 1)
    return [*(3 * lag for lag in below), *fine, *(3 * lag for lag in above)]


def adaptive_vector(lag3, past, n, taps):
    """The delayed excitation: one sample after another, by interpolation of the samples so far."""
    exc = list(past)
    lag = -(-lag3 // 3)
    third = 3 * lag - lag3
    for _ in range(n):
        if third == 0:
            exc.append(exc[-lag])
            continue
        reach = len(taps[0]) // 2
        middle = len(exc) - lag
        span = exc[middle + 1 - reach : middle + 1 + reach]
        exc.append(sum(h * x for h, x in zip(taps[third - 1], span, strict=True)))
    return np.array(exc[len(past) :])


def convolution_matrix(impulse):
    """H, lower triangular: H x is x filtered with zero memory."""
    return np.tril(toeplitz(impulse))


def sharpened(x, lag, beta):
    """x through 1 / (1 - beta z^-lag)."""
    return lfilter([1.0], np.r_[1.0, np.zeros(lag - 1), -beta], x)


def code_vector(index, stages, book):
    """The signed sum of the code vectors of the stages ((first row, bits), ...) in an index."""
    fields = [bits for _, bits in stages] + [1] * len(stages)
    parts = []
    for bits in reversed(fields):
        parts.insert(0, index % 2**bits)
        index //= 2**bits
    n = len(stages)
    return sum((-1) ** parts[n + i] * book[start + parts[i]] for i, (start, _) in enumerate(stages))


def octets(text):
    """The bytes of a text of zeros and ones, the first one highest in the first byte."""
    return bytes(int(text[i : i + 8], 2) for i in range(0, len(text), 8))


def gain_error(target, adaptive, fixed, entry, scale):
    """The squared error |x - g_p y - g_c z|^2 of a gain entry (pitch gain, correction [dB])."""
    error = target - entry[0] * adaptive - scale * 10 ** (entry[1] / 20) * fixed
    return error @ error


def filter_memory(lpc, past):
    """The state of 1/A(z), as scipy wants it, after the outputs `past`, oldest first."""
    return lfiltic([1.0], polynomial(lpc), past[::-1])


def noise(seed, scale, n):
    """Uniform noise of rms `scale` from Knuth's generator, and the next seed, in exact integers."""
    seed, found = int(seed), []
    for _ in range(n):
        seed = (1664525 * seed + 1013904223) % 2**32
        found.append(scale * 1.7320508075688772 * (seed / 2**31 - 1))
    return np.array(found), seed
