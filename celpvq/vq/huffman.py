"""Huffman codes of indices: their lengths and their rate."""

import heapq

import numpy as np
from numpy.typing import ArrayLike

from .._types import I64
from ..errors import ArgumentError
from . import _check


def huffman_lengths(probability: ArrayLike) -> I64:
    """Return the length of the Huffman code of each index.

    Parameters
    ----------
    probability : array_like, shape (n_codewords,)
        How often each index occurs, in any unit [>= 0].

    Returns
    -------
    ndarray of int64, shape (n_codewords,)
        Length of each code [bit]; 0 means no code, where the probability is 0. A single index
        takes one bit.

    Raises
    ------
    ArgumentError
        If no probability is above 0, or one is negative or not finite.

    References
    ----------
    .. [1] D. A. Huffman, "A method for the construction of minimum-redundancy codes", Proc. IRE
       40(9), 1952.
    """
    p = _check.weights(probability, "probability")
    used = np.flatnonzero(p)
    if p.ndim != 1 or len(used) == 0:
        raise ArgumentError("probability: expected one or more above 0, got none")
    lengths = np.zeros(len(p), np.int64)
    if len(used) == 1:
        lengths[used] = 1
        return lengths
    # leaves and, as they are made, inner nodes by number; the heap orders equals by number
    heap = [(float(p[row]), node) for node, row in enumerate(used)]
    heapq.heapify(heap)
    parent = np.zeros(2 * len(used) - 1, np.int64)
    for node in range(len(used), len(parent)):
        a, b = heapq.heappop(heap), heapq.heappop(heap)
        parent[a[1]] = parent[b[1]] = node
        heapq.heappush(heap, (a[0] + b[0], node))
    depth = np.zeros(len(parent), np.int64)
    for node in range(len(parent) - 2, -1, -1):
        depth[node] = depth[parent[node]] + 1
    lengths[used] = depth[: len(used)]
    return lengths


def average_rate(indices: ArrayLike, lengths: ArrayLike) -> float:
    """Return the mean length of the codes of indices.

    Parameters
    ----------
    indices : array_like of int, shape (n,)
        Indices.
    lengths : array_like, shape (n_codewords,)
        Length of the code of each index [bit]; 0 means no code.

    Returns
    -------
    float
        Bits per index.

    Raises
    ------
    ArgumentError
        If there is no index, or an index has no code.
    """
    table = _check.weights(lengths, "lengths")
    values = _check.indices(indices, len(table))
    if values.size == 0:
        raise ArgumentError("indices: expected one or more, got none")
    if len(table) > 1 and not table[values].all():
        missing = int(values.ravel()[np.argmin(table[values].ravel())])
        raise ArgumentError(f"lengths: expected a code for index {missing}, got none")
    return float(table[values].mean())
