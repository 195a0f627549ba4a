"""The codebooks that iterative design starts from."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._jit import search

Floats = NDArray[np.floating[Any]]
F64 = NDArray[np.float64]


def random(X: Floats, probability: F64, n_codewords: int, rng: np.random.Generator) -> Floats:
    """Return `n_codewords` different rows of X (n, k), drawn with probability (n,)."""
    return X[rng.choice(len(X), n_codewords, replace=False, p=probability)]


def kmeans_pp(X: Floats, probability: F64, n_codewords: int, rng: np.random.Generator) -> Floats:
    """Return `n_codewords` rows of X (n, k), each likely to be far from those before it.

    A row's chance is its probability (n,) times its squared distance to the nearest one so far.

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


@search
def _approach(X: Floats, codeword: Floats, lowest: F64) -> None:
    """Lower lowest (n,) to the squared errors of X (n, k) against codeword (k,)."""
    for r in range(X.shape[0]):
        error = 0.0
        for i in range(X.shape[1]):
            error += np.float64(X[r, i] - codeword[i]) ** 2
        lowest[r] = min(lowest[r], error)
