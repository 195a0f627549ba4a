"""Measures of quantized vectors, and of how evenly the codewords are used."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import ArgumentError
from . import _check


def distortion(X: ArrayLike, Y: ArrayLike, weight: ArrayLike | None = None) -> float:
    """Return the mean squared error per component.

    Parameters
    ----------
    X, Y : array_like, shape (n, k)
        Vectors, and the same vectors quantized.
    weight : array_like, shape (n,), (n, k) or (n, k, k), optional
        Weight of each vector, or of each of its components [>= 0]; or a matrix W per vector: an
        error e then counts as ``e' W e``, and its weight is the trace of W.

    Returns
    -------
    float
        Sum of the weighted squared errors over the sum of the weights.

    Raises
    ------
    ArgumentError
        If there is no vector or no weight, shapes differ, or a value is not finite.
    """
    X, Y = _pair(X, Y)
    w = _check.sample_weight(weight, X, ndims=(1, 2, 3))
    error = X - Y
    if w.ndim == 3:
        total, noise = np.einsum("nii->", w), np.einsum("ni,nij,nj->", error, w, error)
    else:
        w = np.broadcast_to(w, X.shape)
        total, noise = w.sum(), (w * error**2).sum()
    if total == 0:
        raise ArgumentError("weight: expected some weight above zero, got none")
    return float(noise / total)


def sqnr(X: ArrayLike, Y: ArrayLike) -> float:
    """Return the signal-to-quantization-noise ratio in dB.

    Parameters
    ----------
    X, Y : array_like, shape (n, k)
        Vectors, and the same vectors quantized.

    Returns
    -------
    float
        Mean square of X over the mean square of X - Y [dB]; infinite if X and Y are equal.
        Subtract the mean of X first if it carries no information.

    Raises
    ------
    ArgumentError
        If there is no vector, shapes differ, or a value is not finite.
    """
    X, Y = _pair(X, Y)
    noise = float(((X - Y) ** 2).sum())
    if noise == 0:
        return np.inf
    signal = float((X**2).sum())
    return float(10 * np.log10(signal / noise)) if signal > 0 else -np.inf


def psnr(X: ArrayLike, Y: ArrayLike, peak: float = 255.0) -> float:
    """Return the peak signal-to-noise ratio in dB.

    Parameters
    ----------
    X, Y : array_like, shape (n, k)
        Vectors, and the same vectors quantized.
    peak : float
        Greatest value that a component can have [> 0]; 255 for images of 8 bits.

    Returns
    -------
    float
        Square of `peak` over the mean squared error [dB]; infinite if X and Y are equal.

    Raises
    ------
    ArgumentError
        If there is no vector, shapes differ, a value is not finite, or `peak` is out of range.
    """
    _check.number(peak, "peak")
    if not 0 < peak < np.inf:
        raise ArgumentError(f"peak: expected above 0 and finite, got {peak}")
    noise = distortion(X, Y)
    return float(20 * np.log10(peak) - 10 * np.log10(noise)) if noise > 0 else np.inf


def index_entropy(indices: ArrayLike) -> float:
    """Return the entropy of indices in bits.

    Parameters
    ----------
    indices : array_like of int, shape (n,)
        Indices [>= 0].

    Returns
    -------
    float
        First-order entropy of their relative frequencies [bit]: the least mean length of a
        memoryless entropy code.

    Raises
    ------
    ArgumentError
        If there is no index, or one is negative.
    """
    p = _frequencies(indices)
    p = p[p > 0]
    return float(-(p * np.log2(p)).sum()) + 0.0  # not -0.0


def perplexity(indices: ArrayLike) -> float:
    """Return 2 to the power of `index_entropy`: so many codewords, used evenly, have it."""
    return float(2.0 ** index_entropy(indices))


def cell_usage(indices: ArrayLike, n_codewords: int) -> float:
    """Return the fraction of the codewords that is used at all.

    Parameters
    ----------
    indices : array_like of int, shape (n,)
        Indices.
    n_codewords : int
        Size of the codebook.

    Returns
    -------
    float
        From 0 to 1.

    Raises
    ------
    ArgumentError
        If there is no index, or one is not below `n_codewords`.
    """
    _check.count(n_codewords, "n_codewords", least=1)
    used = np.count_nonzero(_frequencies(indices, n_codewords))
    return used / n_codewords


def _pair(X: ArrayLike, Y: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    x = _check.vectors(_check.doubles(X, "X"), "X", least=1)
    y = _check.vectors(_check.doubles(Y, "Y"), "Y", k=x.shape[1])
    if len(y) != len(x):
        raise ArgumentError(f"Y: expected {len(x)} vectors, got {len(y)}")
    return x.astype(np.float64, copy=False), y.astype(np.float64, copy=False)


def _frequencies(indices: ArrayLike, n_codewords: float = np.inf) -> NDArray[Any]:
    """Return how often each index occurs, relative to all."""
    values = _check.indices(indices, n_codewords).ravel()
    if values.size == 0:
        raise ArgumentError("indices: expected one or more, got none")
    return np.bincount(values) / values.size
