"""Distortion of the spectral envelope."""

import numpy as np
from numpy.typing import ArrayLike

from .._types import F64
from ..codec.format.modes import SAMPLERATE
from ..errors import ArgumentError

N_BINS = 256  # points between 0 and half the sample rate


def spectral_distortion(
    lsf: ArrayLike, lsf_q: ArrayLike, band_hz: tuple[float, float] = (0.0, SAMPLERATE / 2)
) -> F64:
    """Return the spectral distortion of each frame between envelopes given as LSF [1]_.

    Parameters
    ----------
    lsf, lsf_q : array_like, shape (n_frames, p)
        Line spectral frequencies before and after quantization, rising [radians], p even.
    band_hz : tuple of float
        Lowest and highest frequency compared [Hz], at a sample rate of 8000 Hz.

    Returns
    -------
    ndarray, shape (n_frames,)
        Root mean square difference of the log power spectra [dB].

    Raises
    ------
    ArgumentError
        If the shapes differ, p is odd, or the band is empty.

    References
    ----------
    .. [1] K. K. Paliwal and B. S. Atal, "Efficient vector quantization of LPC parameters at
       24 bits/frame", IEEE Trans. Speech Audio Process. 1(1), 1993, eq. (1).

    Examples
    --------
    >>> import numpy as np
    >>> flat = np.arange(1, 11) * np.pi / 11
    >>> spectral_distortion([flat], [flat])
    array([0.])
    """
    a, b = _frames(lsf, lsf_q)
    if a.shape[1] % 2:
        raise ArgumentError(f"lsf: expected an even order, got {a.shape[1]}")
    omega = _grid(band_hz)
    return _rms(_lsf_log_power(a, omega) - _lsf_log_power(b, omega))


def lpc_spectral_distortion(
    lpc: ArrayLike, lpc_q: ArrayLike, band_hz: tuple[float, float] = (0.0, SAMPLERATE / 2)
) -> F64:
    """Return the spectral distortion of each frame between envelopes given as predictors.

    Parameters
    ----------
    lpc, lpc_q : array_like, shape (n_frames, p)
        Coefficients of A(z) = 1 + sum a_i z^-i, without the leading 1.
    band_hz : tuple of float
        Lowest and highest frequency compared [Hz], at a sample rate of 8000 Hz.

    Returns
    -------
    ndarray, shape (n_frames,)
        Root mean square difference of the log power spectra [dB].

    Raises
    ------
    ArgumentError
        If the shapes differ or the band is empty.
    """
    a, b = _frames(lpc, lpc_q)
    omega = _grid(band_hz)
    return _rms(_lpc_log_power(a, omega) - _lpc_log_power(b, omega))


def _frames(a: ArrayLike, b: ArrayLike) -> tuple[F64, F64]:
    """Return both as float64 (n_frames, p) or raise `ArgumentError`."""
    x, y = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if x.ndim != 2 or x.shape != y.shape:
        raise ArgumentError(f"expected two arrays of one shape (n, p), got {x.shape} and {y.shape}")
    return x, y


def _grid(band_hz: tuple[float, float]) -> F64:
    """Return the centres of the bins in the band [radians]; `N_BINS` equal bins reach to pi."""
    low, high = band_hz
    omega = (np.arange(N_BINS) + 0.5) * np.pi / N_BINS
    inside = omega[
        (omega * SAMPLERATE / 2 >= low * np.pi) & (omega * SAMPLERATE / 2 <= high * np.pi)
    ]
    if not inside.size:
        raise ArgumentError(
            f"band_hz: expected low < high in 0 .. {SAMPLERATE / 2} Hz, got {band_hz}"
        )
    return inside


def _lsf_log_power(lsf: F64, omega: F64) -> F64:
    """Return 10 log10 |A|^2 (n_frames, n_bins) without forming A.

    P and Q, the sum and the difference polynomial, are in quadrature: |A|^2 = (|P|^2 + |Q|^2) / 4.
    P has roots at the 1st, 3rd, ... frequency and -1; Q at the 2nd, 4th, ... frequency and 1.
    """
    factors = 4 * np.square(np.cos(omega) - np.cos(lsf)[:, :, np.newaxis])
    p2 = np.square(np.cos(omega / 2)) * factors[:, 0::2].prod(axis=1)
    q2 = np.square(np.sin(omega / 2)) * factors[:, 1::2].prod(axis=1)
    return np.asarray(10 * np.log10(p2 + q2))


def _lpc_log_power(lpc: F64, omega: F64) -> F64:
    """Return 10 log10 |A|^2 (n_frames, n_bins)."""
    delays = np.arange(1, lpc.shape[1] + 1)
    response = 1 + lpc @ np.exp(-1j * np.outer(delays, omega))
    return np.asarray(20 * np.log10(np.abs(response)))


def _rms(difference_db: F64) -> F64:
    """Return the root mean square of each row."""
    return np.asarray(np.sqrt(np.square(difference_db).mean(axis=1)))
