"""Codebooks for iterative design to start from."""

import numpy as np
from numpy.typing import ArrayLike

from .._numba import strict
from .._types import F64, Floats
from ..errors import ArgumentError
from . import _check
from ._rows import FileRows

NAMES = ("random", "kmeans++", "maximin")


def start(init: str | ArrayLike, X: Floats, mass: F64, n_codewords: int,
          rng: np.random.Generator) -> Floats:  # fmt: skip
    """Return the codebook that `init` describes, of the dtype of X (n, k).

    init : one of `NAMES`, or a codebook (n_codewords, k).
    mass : (n,), weight of each vector; a vector without weight is never drawn.
    """
    if not isinstance(init, str):
        return given(init, X.shape[1], n_codewords).astype(X.dtype)
    if init == "random":
        return random(X, mass / mass.sum(), n_codewords, rng)
    if init == "kmeans++":
        return kmeans_pp(X, mass / mass.sum(), n_codewords, rng)
    return maximin(X, mass, n_codewords)


def given(codebook: ArrayLike, k: int, n_codewords: int) -> Floats:
    """Return `codebook` as an array of shape (n_codewords, k)."""
    codebook = _check.vectors(codebook, "init", k=k)
    if len(codebook) != n_codewords:
        raise ArgumentError(f"init: expected {n_codewords} codewords, got {len(codebook)}")
    return codebook


def random(X: Floats | FileRows, probability: F64, n_codewords: int,
           rng: np.random.Generator) -> Floats:  # fmt: skip
    """Return `n_codewords` different rows of X (n, k), drawn with probability (n,)."""
    return X[rng.choice(len(X), n_codewords, replace=False, p=probability)]


def kmeans_pp(X: Floats, probability: F64, n_codewords: int, rng: np.random.Generator) -> Floats:
    """Return `n_codewords` rows of X (n, k), each likely to be far from the rows before it.

    A row's chance is its probability (n,) times its squared distance to the nearest row so far.

    References
    ----------
    .. [1] D. Arthur and S. Vassilvitskii, "k-means++: the advantages of careful seeding", Proc.
       ACM-SIAM Symposium on Discrete Algorithms, 2007, section 2.2.
    """
    codebook = np.empty((n_codewords, X.shape[1]), X.dtype)
    codebook[0] = X[rng.choice(len(X), p=probability)]
    lowest = np.full(len(X), np.inf)
    for j in range(1, n_codewords):
        _approach(X, codebook[j - 1], lowest)
        chances = np.cumsum(probability * lowest)
        if chances[-1] == 0:  # every vector is a codeword already
            codebook[j:] = codebook[0]
            break
        row = np.searchsorted(chances, rng.random() * chances[-1], side="right")
        codebook[j] = X[min(row, len(X) - 1)]
    return codebook


def maximin(X: Floats, mass: F64, n_codewords: int) -> Floats:
    """Return `n_codewords` rows of X (n, k): the farthest from the mean, then from all rows so far.

    mass : (n,), the weight in the mean; rows without weight are passed over.

    References
    ----------
    .. [1] I. Katsavounidis, C.-C. J. Kuo and Z. Zhang, "A new initialization technique for
       generalized Lloyd iteration", IEEE Signal Process. Lett. 1(10), 1994.
    """
    X = X[mass > 0]
    codebook = np.empty((n_codewords, X.shape[1]), X.dtype)
    lowest = np.full(len(X), np.inf)
    _approach(X, np.average(X, axis=0, weights=mass[mass > 0]).astype(X.dtype), lowest)
    codebook[0] = X[np.argmax(lowest)]
    lowest[:] = np.inf
    for j in range(1, n_codewords):
        _approach(X, codebook[j - 1], lowest)
        codebook[j] = X[np.argmax(lowest)]
    return codebook


@strict(allocates=True)
def _approach(X: Floats, codeword: Floats, lowest: F64) -> None:
    """Lower lowest (n,) to the squared errors of X (n, k) against codeword (k,)."""
    for r in range(X.shape[0]):
        error = 0.0
        for i in range(X.shape[1]):
            error += np.float64(X[r, i] - codeword[i]) ** 2
        lowest[r] = min(lowest[r], error)
