"""The last step of training: an order of each book's rows that wrong bits do least harm in."""

import numpy as np

from .._types import F64
from ..vq import assign_indices, channel_distortion
from .checkpoint import Arrays
from .gain_books import DB_PER_UNIT
from .progress import Log

BIT_ERROR_RATE = 0.01  # what is good for one rate is, nearly, for all small ones
BOOKS = ("lsf", "fcb", "gain")
_NOT_BOOKS = ("lsf_mean", "lsf_rho")


def is_book(name: str) -> bool:
    """Return whether the rows of an array of this name are codewords, of any order."""
    return name.startswith(BOOKS) and name not in _NOT_BOOKS


def assign(arrays: Arrays, seed: int, log: Log) -> Arrays:
    """Return the arrays, the codewords of each book in the order to transmit their indices by.

    Only the order changes: the search sees the same codewords, and where two of them are equally
    good, it may take the other one. Signs are bits of their own and stay outside.

    Parameters
    ----------
    arrays : dict of str to ndarray
        Those of a set of tables; books are (..., n_codewords, k).
    seed : int
        Of the annealing.
    log : callable
        Takes lines of text about the progress.
    """
    return {
        name: _ordered(name, a, seed, log) if is_book(name) else a for name, a in arrays.items()
    }


def _ordered(name: str, books: F64, seed: int, log: Log) -> F64:
    """Return the books (..., n, k), each of them (n, k) in an order of its own."""
    flat = books.reshape(-1, *books.shape[-2:])
    units = [1.0, DB_PER_UNIT] if name.startswith("gain") else [1.0]
    ordered = np.empty_like(flat)
    for i, book in enumerate(flat):
        order = assign_indices(
            book / units, bit_error_rate=BIT_ERROR_RATE, method="annealing", random_state=seed
        )
        ordered[i] = book[order]
        before, after = (channel_distortion(b / units, BIT_ERROR_RATE) for b in (book, ordered[i]))
        log(f"{name}: wrong bits do {after / max(before, 1e-300):.3f} of the harm")
    return ordered.reshape(books.shape)
