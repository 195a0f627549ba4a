"""Index assignment: an order of the codewords in which bit errors do little harm."""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from .._numba import fast
from .._random import generator
from .._types import F64, I64, Floats
from ..errors import ArgumentError
from . import _check


def channel_distortion(codebook: ArrayLike, bit_error_rate: float,
                       probability: ArrayLike | None = None) -> float:  # fmt: skip
    """Return the distortion added by independent bit errors in the indices.

    Parameters
    ----------
    codebook : array_like, shape (n_codewords, k)
        Codewords in the order of their indices; their number is a power of two.
    bit_error_rate : float
        Probability that a bit is received wrong [0 to 0.5].
    probability : array_like, shape (n_codewords,), optional
        How often each codeword is sent, in any unit; equally often if not given.

    Returns
    -------
    float
        Mean squared error per component between codewords sent and received. If codewords are the
        centroids of their cells, quantizer and channel together have the sum of their distortions.

    Raises
    ------
    ArgumentError
        If a shape or a value is wrong.

    References
    ----------
    .. [1] K. Zeger and A. Gersho, "Pseudo-Gray coding", IEEE Trans. Commun. 38(12), 1990,
       section II.
    """
    book, share = _checked(codebook, bit_error_rate, probability)
    # the mean received for each index sent: the channel acts on one bit at a time
    received = np.hstack([book, (book**2).sum(axis=1, keepdims=True)])
    expected = received
    for bit in range(len(book).bit_length() - 1):
        flipped = expected[np.arange(len(book)) ^ (1 << bit)]
        expected = (1 - bit_error_rate) * expected + bit_error_rate * flipped
    error = received[:, -1] - 2 * (book * expected[:, :-1]).sum(axis=1) + expected[:, -1]
    return float(max((share * error).sum() / book.shape[1], 0.0))


def assign_indices(codebook: ArrayLike, *, bit_error_rate: float = 0.01,
                   probability: ArrayLike | None = None,
                   method: Literal["switching", "annealing"] = "switching",
                   random_state: int | np.random.Generator | None = None) -> I64:  # fmt: skip
    """Find an order of the codewords in which bit errors of the indices add little distortion.

    Parameters
    ----------
    codebook : array_like, shape (n_codewords, k)
        The codewords; the search starts from their order. Their number is a power of two.
    bit_error_rate : float
        Probability of a bit error to prepare for [0 to 0.5]. The best orders for all small
        probabilities are nearly equal.
    probability : array_like, shape (n_codewords,), optional
        How often each codeword is sent, in any unit; equally often if not given.
    method : {"switching", "annealing"}
        "switching" exchanges two codewords while that helps, and begins with the codeword that
        contributes most. "annealing" first exchanges codewords at random, and accepts a loss less
        and less often.
    random_state : int, numpy.random.Generator or None
        Seed of annealing; a number makes the result repeat exactly.

    Returns
    -------
    ndarray of int64, shape (n_codewords,)
        The order: ``codebook[order]`` is the codebook to use, with ``probability[order]``. Its
        `channel_distortion` is never greater than before.

    Raises
    ------
    ArgumentError
        If a shape or a value is wrong.

    References
    ----------
    .. [1] K. Zeger and A. Gersho, "Pseudo-Gray coding", IEEE Trans. Commun. 38(12), 1990.
    .. [2] N. Farvardin, "A study of vector quantization for noisy channels", IEEE Trans. Inform.
       Theory 36(4), 1990.

    Examples
    --------
    >>> import numpy as np
    >>> codebook = np.random.default_rng(1).normal(size=(16, 2))
    >>> order = assign_indices(codebook)
    >>> channel_distortion(codebook[order], 0.01) < channel_distortion(codebook, 0.01)
    True
    """
    book, share = _checked(codebook, bit_error_rate, probability)
    _check.choice(method, "method", ("switching", "annealing"))
    n = len(book)
    harm = _harm(book, share)
    chance = np.array([_chance(difference, n, bit_error_rate) for difference in range(n)])
    chance[0] = 0  # an index without errors costs nothing
    order = np.arange(n)
    if method == "annealing" and n > 2:
        rng = generator(random_state, "random_state")
        annealed = order.copy()
        pairs = rng.integers(n, size=(1000, 2))
        changes = np.array([abs(_change(harm, chance, annealed, i, j)) for i, j in pairs])
        hot = max(float(changes.mean()), 1e-300)
        for temperature in np.geomspace(hot, 1e-3 * hot, 100):
            pairs = rng.integers(n, size=(10 * n, 2))
            _anneal(harm, chance, annealed, pairs, rng.exponential(temperature, 10 * n))
        _switch(harm, chance, annealed)
        if _cost(harm, chance, annealed) < _cost(harm, chance, order):
            order = annealed
    _switch(harm, chance, order)
    return order


def _checked(codebook: ArrayLike, bit_error_rate: float,
             probability: ArrayLike | None) -> tuple[F64, F64]:  # fmt: skip
    book = _check.vectors(codebook, "codebook", least=1).astype(np.float64)
    n = len(book)
    if n & (n - 1):
        raise ArgumentError(f"codebook: expected a power of two of codewords, got {n}")
    _check.number(bit_error_rate, "bit_error_rate", most=0.5)
    share = np.ones(n) if probability is None else _check.weights(probability, "probability")
    if share.shape != (n,):
        raise ArgumentError(f"probability: expected shape ({n},), got {share.shape}")
    if not share.any():
        raise ArgumentError("probability: expected one or more above 0, got none")
    return book, share / share.sum()


def _chance(difference: int, n: int, bit_error_rate: float) -> float:
    """Return the probability that exactly the bits of `difference` are wrong."""
    n_wrong, n_bits = difference.bit_count(), n.bit_length() - 1
    return float(bit_error_rate**n_wrong * (1 - bit_error_rate) ** (n_bits - n_wrong))


def _harm(book: Floats, share: F64) -> F64:
    """Return the weighted squared errors (n, n) of confusing two codewords, both ways added."""
    energy = (book**2).sum(axis=1)
    distance = np.maximum(energy[:, None] + energy - 2 * book @ book.T, 0)
    harm: F64 = (share[:, None] + share) * distance
    return harm


@fast(allocates=True)
def _change(harm: F64, chance: F64, order: I64, i: int, j: int) -> float:
    """Return the change of the cost if the codewords with indices i and j are exchanged."""
    a, b = order[i], order[j]
    total = 0.0
    for m in range(order.shape[0]):
        if m not in (i, j):
            c = order[m]
            total += (chance[i ^ m] - chance[j ^ m]) * (harm[b, c] - harm[a, c])
    return total


@fast(allocates=True)
def _cost(harm: F64, chance: F64, order: I64) -> float:
    """Return the cost of an order: the sum over all pairs of indices of harm times chance."""
    total = 0.0
    for i in range(order.shape[0]):
        for j in range(i):
            total += chance[i ^ j] * harm[order[i], order[j]]
    return total


@fast(allocates=True)
def _switch(harm: F64, chance: F64, order: I64) -> None:
    """Exchange codewords in order (n,), in place, while that lowers the cost; the worst first."""
    n = order.shape[0]
    suffering = np.empty(n)
    improved = True
    while improved:
        improved = False
        least = 1e-12 * _cost(harm, chance, order)  # less is rounding
        for i in range(n):
            suffering[i] = 0
            for j in range(n):
                suffering[i] += chance[i ^ j] * harm[order[i], order[j]]
        for i in np.argsort(-suffering):
            best, lowest = i, -least
            for j in range(n):
                if j != i:
                    change = _change(harm, chance, order, i, j)
                    if change < lowest:
                        best, lowest = j, change
            if best != i:
                order[i], order[best] = order[best], order[i]
                improved = True


@fast(allocates=True)
def _anneal(harm: F64, chance: F64, order: I64, pairs: I64, allowed: F64) -> None:
    """Exchange, in place, each of pairs (m, 2) in order (n,) if the cost grows by less."""
    for t in range(pairs.shape[0]):
        i, j = pairs[t, 0], pairs[t, 1]
        if i != j and _change(harm, chance, order, i, j) < allowed[t]:
            order[i], order[j] = order[j], order[i]
