"""The joint design of codebooks whose codewords are added up."""

import numpy as np

from .._numba import strict
from .._types import F64, I64, Floats


def sums(codebooks: tuple[Floats, ...], codes: I64) -> Floats:
    """Return the sums (n, k) of the codewords with the indices codes (n, s) in s codebooks."""
    total = codebooks[0][codes[:, 0]]
    for book, index in zip(codebooks[1:], codes.T[1:], strict=True):
        total += book[index]
    return total


def distortion(X: Floats, weight: Floats, codebooks: tuple[Floats, ...], codes: I64) -> float:
    """Return the weighted mean squared error of X (n, k) coded as codes (n, n_stages)."""
    error = X - sums(codebooks, codes)
    return float((weight * error**2).sum(dtype=np.float64) / weight.sum(dtype=np.float64))


def jointly(X: Floats, weight: Floats, codebooks: tuple[Floats, ...],
             codes: I64) -> tuple[Floats, ...]:  # fmt: skip
    """Return the codebooks of least distortion for X (n, k) coded as codes (n, n_stages).

    The normal equations ``sum B'WB c = sum B'Wx`` of each component are solved by conjugate
    gradients: every step lowers the distortion, and sums that no vector uses stay as they are.
    """
    ends = np.cumsum([len(book) for book in codebooks])
    rows = codes + np.r_[0, ends[:-1]]
    book = np.concatenate(codebooks).astype(np.float64)
    residual, use = np.zeros_like(book), np.zeros_like(book)
    _scatter(rows, weight, (X - sums(codebooks, codes)).astype(np.float64), residual)
    _scatter(rows, weight, np.ones(X.shape), use)
    scale = np.where(use > 0, 1 / np.where(use > 0, use, 1), 0)  # of the Jacobi preconditioner
    direction = scale * residual
    energy = (residual * direction).sum(axis=0)
    first = energy
    for _ in range(50):
        if (energy <= 1e-16 * first).all():
            break
        image = np.zeros_like(book)
        _scatter_sums(rows, weight, direction, image)
        curvature = (direction * image).sum(axis=0)
        length = np.where(curvature > 0, energy / np.where(curvature > 0, curvature, 1), 0)
        book += length * direction
        residual -= length * image
        before, energy = energy, (residual * scale * residual).sum(axis=0)
        direction = scale * residual + energy / np.where(before > 0, before, 1) * direction
    return tuple(np.split(book.astype(X.dtype), ends[:-1]))


@strict(allocates=True)
def _scatter(rows: I64, weight: Floats, values: F64, out: F64) -> None:
    """Add weight * values, both (n, k), to the rows (n, s) of out (K, k)."""
    for r in range(rows.shape[0]):
        for s in range(rows.shape[1]):
            for i in range(values.shape[1]):
                out[rows[r, s], i] += weight[r, i] * values[r, i]


@strict(allocates=True)
def _scatter_sums(rows: I64, weight: Floats, book: F64, out: F64) -> None:
    """Add weight (n, k) times the sums of the rows (n, s) of book (K, k) to these rows of out."""
    value = np.empty(book.shape[1])
    for r in range(rows.shape[0]):
        value[:] = 0
        for s in range(rows.shape[1]):
            for i in range(value.shape[0]):
                value[i] += book[rows[r, s], i]
        for i in range(value.shape[0]):
            value[i] *= weight[r, i]
        for s in range(rows.shape[1]):
            for i in range(value.shape[0]):
                out[rows[r, s], i] += value[i]
