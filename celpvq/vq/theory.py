"""Limits of quantizers from theory, to compare measurements with."""

from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_banded
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from ..errors import ArgumentError
from . import _check

# the least known normalised second moment of a cell that fills space, by dimension
_GERSHO = MappingProxyType({
    1: 1 / 12,
    2: 5 / (36 * np.sqrt(3)),  # hexagon
    3: 19 / (192 * 2 ** (1 / 3)),  # body-centred cubic
    4: 0.076603,  # D4
    5: 0.075625,
    6: 0.074244,
    7: 0.073116,
    8: 0.071682,  # E8
    24: 0.065771,  # Leech
    np.inf: 1 / (2 * np.pi * np.e),  # sphere
})  # fmt: skip


def gersho_constant(k: float) -> float:
    """Return the normalised second moment of the best known cell in `k` dimensions.

    Parameters
    ----------
    k : int or inf
        Dimension: 1 to 8, 24 or infinite.

    Returns
    -------
    float
        Mean squared error per dimension of a cell of unit volume.

    Raises
    ------
    ArgumentError
        For any other dimension.

    References
    ----------
    .. [1] J. H. Conway and N. J. A. Sloane, "Sphere Packings, Lattices and Groups", 3rd ed.,
       Springer, 1999, table 2.3.
    """
    if k not in _GERSHO:
        raise ArgumentError(f"k: expected one of {', '.join(map(str, _GERSHO))}, got {k}")
    return float(_GERSHO[k])


def zador_bound(k: float, rate: float, variance: float = 1.0) -> float:
    """Return the least distortion at high rate of a fixed-rate quantizer of white Gaussian vectors.

    Parameters
    ----------
    k : int or inf
        Dimension of the vectors: 1 to 8, 24 or infinite.
    rate : float
        Bits per component.
    variance : float
        Variance of a component [> 0].

    Returns
    -------
    float
        Mean squared error per component. It holds at high rates: below about two bits per
        component a quantizer may do better, but never better than `shannon_distortion_gaussian`.

    Raises
    ------
    ArgumentError
        If the dimension has no known constant, or `rate` or `variance` is out of range.

    References
    ----------
    .. [1] A. Gersho and R. M. Gray, "Vector Quantization and Signal Compression", Kluwer, 1992,
       section 10.6.
    """
    gersho = gersho_constant(k)
    shape = np.e if k == np.inf else ((k + 2) / k) ** ((k + 2) / 2)
    return float(2 * np.pi * gersho * shape * shannon_distortion_gaussian(rate, variance))


def shannon_distortion_gaussian(rate: float, variance: float = 1.0) -> float:
    """Return the distortion-rate function of a white Gaussian source.

    Parameters
    ----------
    rate : float
        Bits per sample [>= 0].
    variance : float
        Variance of the source [> 0].

    Returns
    -------
    float
        The least mean squared error of any quantizer of this rate.

    Raises
    ------
    ArgumentError
        If `rate` or `variance` is out of range.

    References
    ----------
    .. [1] T. M. Cover and J. A. Thomas, "Elements of Information Theory", 2nd ed., Wiley, 2006,
       theorem 10.3.2.
    """
    if not rate >= 0:
        raise ArgumentError(f"rate: expected 0 bits or more, got {rate}")
    if not 0 < variance < np.inf:
        raise ArgumentError(f"variance: expected above 0 and finite, got {variance}")
    return float(variance * 2.0 ** (-2 * rate))


def shannon_distortion_gauss_markov(rate: float, a: float, variance: float = 1.0) -> float:
    """Return the distortion-rate function of a Gauss-Markov source ``x[n] = a x[n-1] + e[n]``.

    Parameters
    ----------
    rate : float
        Bits per sample [>= 0].
    a : float
        Correlation of neighbouring samples [-1 < a < 1].
    variance : float
        Variance of the source [> 0].

    Returns
    -------
    float
        The least mean squared error of any quantizer of this rate, of any dimension.

    Raises
    ------
    ArgumentError
        If an argument is out of range.

    Notes
    -----
    By reverse water-filling of the power spectrum S: a level D costs the mean of
    ``log2(S / D) / 2`` over the frequencies where ``S > D``, and leaves the distortion
    ``mean(min(S, D))``. While D is at most the least value of S, ``variance (1 - a) / (1 + a)``,
    the distortion is ``variance (1 - a^2) 2^(-2 rate)``.

    References
    ----------
    .. [1] T. Berger, "Rate Distortion Theory", Prentice-Hall, 1971, section 4.5.
    """
    white = shannon_distortion_gaussian(rate, variance)
    if not -1 < a < 1:
        raise ArgumentError(f"a: expected above -1 and below 1, got {a}")
    if a == 0 or white * (1 - a * a) <= variance * (1 - abs(a)) / (1 + abs(a)):
        return float(white * (1 - a * a))
    omega = (np.arange(1 << 16) + 0.5) * (np.pi / (1 << 16))  # a mean over it is an integral
    spectrum = (1 - a * a) / (1 - 2 * abs(a) * np.cos(omega) + a * a)

    def excess(log_level: float) -> float:
        return float(np.maximum(np.log2(spectrum) - log_level, 0).mean()) / 2 - rate

    low, high = np.log2(spectrum[-1]) - 1, np.log2(spectrum[0])
    level = 2.0 ** brentq(excess, low, high) if rate > 0 else np.inf
    return float(variance * np.minimum(spectrum, level).mean())


def lloyd_max_gaussian(
    n_levels: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Return the best scalar quantizer of a Gaussian variable of zero mean and unit variance.

    Parameters
    ----------
    n_levels : int
        Number of levels.

    Returns
    -------
    levels : ndarray, shape (n_levels,)
        The output levels, rising.
    thresholds : ndarray, shape (n_levels - 1,)
        The borders between their cells.
    distortion : float
        The mean squared error.

    Raises
    ------
    ArgumentError
        If `n_levels` is not positive.

    References
    ----------
    .. [1] J. Max, "Quantizing for minimum distortion", IRE Trans. Inform. Theory 6(1), 1960.
    """
    _check.count(n_levels, "n_levels", least=1)
    levels = np.sqrt(3) * ndtri((np.arange(n_levels) + 0.5) / n_levels)
    for _ in range(50):  # Newton's method on: each level is the centroid of its cell
        centroids, probability, low, high = _gaussian_cells(levels)
        step = solve_banded((1, 1), _jacobian(low, high), levels - centroids)
        levels = levels - step
        if np.abs(step).max() < 1e-13:
            break
    levels = (levels - levels[::-1]) / 2  # symmetric to the last bit
    centroids, probability, *_ = _gaussian_cells(levels)
    distortion = 1 - float((probability * (2 * centroids - levels) * levels).sum())
    return levels, (levels[:-1] + levels[1:]) / 2, distortion


def _gaussian_cells(levels: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    """Return centroids and probabilities of the cells, and derivatives of centroids to borders."""
    borders = np.r_[-np.inf, (levels[:-1] + levels[1:]) / 2, np.inf]
    a, b = borders[:-1], borders[1:]
    probability = np.where(a > 0, ndtr(-a) - ndtr(-b), ndtr(b) - ndtr(a))  # no cancellation
    density = np.exp(-(borders**2) / 2) / np.sqrt(2 * np.pi)
    centroids = (density[:-1] - density[1:]) / probability
    low = density[:-1] * np.where(np.isinf(a), 0, centroids - a) / probability
    high = density[1:] * np.where(np.isinf(b), 0, b - centroids) / probability
    return centroids, probability, low, high


def _jacobian(low: NDArray[np.float64], high: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the derivative of (level - centroid) to the levels, as a band (3, n)."""
    band = np.zeros((3, len(low)))
    band[0, 1:] = -high[:-1] / 2
    band[1] = 1 - (low + high) / 2
    band[2, :-1] = -low[1:] / 2
    return band
