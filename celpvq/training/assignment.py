"""Index assignment, the last step of training: an order of each book that suits bit errors."""

import numpy as np

from .._types import F64
from ..vq import assign_indices, channel_distortion
from .checkpoint import Arrays
from .gain_books import DB_PER_UNIT
from .progress import Log

BIT_ERROR_RATE = 0.01  # an order that is good at one low rate is about as good at others
BOOKS = ("lsf", "fcb", "gain")
_NOT_BOOKS = ("lsf_mean", "lsf_rho")


def is_book(name: str) -> bool:
    """Return whether the array of this name is a book, whose rows may stand in any order."""
    return name.startswith(BOOKS) and name not in _NOT_BOOKS


def assign(arrays: Arrays, seed: int, log: Log) -> Arrays:
    """Return the arrays with the rows of each book ordered for transmission.

    Neighbouring indices, which differ in one bit, then stand for similar codewords. The codewords
    stay the same, so the speech does too, except where two codewords are equally good. Signs are
    separate bits and do not take part.
    """
    return {
        name: _ordered(name, a, seed, log) if is_book(name) else a for name, a in arrays.items()
    }


def _ordered(name: str, books: F64, seed: int, log: Log) -> F64:
    """Return the books (..., n, k), each (n, k) in an order of its own."""
    flat = books.reshape(-1, *books.shape[-2:])
    units = [1.0, DB_PER_UNIT] if name.startswith("gain") else [1.0]
    ordered = np.empty_like(flat)
    for i, book in enumerate(flat):
        order = assign_indices(
            book / units, bit_error_rate=BIT_ERROR_RATE, method="annealing", random_state=seed
        )
        ordered[i] = book[order]
        before, after = (channel_distortion(b / units, BIT_ERROR_RATE) for b in (book, ordered[i]))
        log(f"{name}: bit errors now cause {after / max(before, 1e-300):.3f} of the distortion")
    return ordered.reshape(books.shape)
