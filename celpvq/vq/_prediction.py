"""Predictors of sequences: their coefficients, and the loop around a quantizer."""

import numpy as np
from numpy.typing import ArrayLike

from .._numba import strict
from .._types import F64, I64, Floats
from ..errors import ArgumentError


def starts(lengths: ArrayLike | None, n: int) -> I64:
    """Return the first rows of the sequences of `lengths`, which must add up to `n`."""
    lengths = np.asarray([n] if lengths is None else lengths)
    if lengths.ndim != 1 or lengths.dtype.kind not in "iu" or (lengths < 0).any():
        raise ArgumentError(f"lengths: expected numbers of vectors, got {lengths}")
    if lengths.sum() != n:
        raise ArgumentError(f"lengths: expected a sum of {n} vectors, got {lengths.sum()}")
    starts: I64 = np.cumsum(lengths) - lengths
    return starts[lengths > 0].astype(np.int64)


def lagged(X: F64, starts: I64, order: int) -> F64:
    """Return the `order` rows before each row of X (n, k), zeros before a start: (n, order, k)."""
    age = np.arange(len(X)) - np.repeat(starts, np.diff(np.r_[starts, len(X)]))
    past = np.zeros((len(X), order, X.shape[1]))
    for j in range(order):
        past[j + 1 :, j] = X[: len(X) - j - 1]
        past[age <= j, j] = 0
    return past


def regression(X: F64, weight: Floats, past: F64, *, full: bool) -> F64:
    """Return the coefficients that predict X (n, k) from past (n, order, k) with the least error.

    Their shape is (order, k, k) if `full`: each component is predicted from all components of the
    past. Otherwise it is (order, k): from the same component only. weight : (n, k).
    """
    if not full:
        normal = np.einsum("nk,nik,njk->kij", weight, past, past)
        right = np.einsum("nk,nik,nk->ki", weight, past, X)
        coefs: F64 = np.einsum("kij,kj->ik", np.linalg.pinv(normal, hermitian=True), right)
        return coefs
    n, order, k = past.shape
    flat = past.reshape(n, order * k)
    columns = np.empty((order * k, k))
    alike = bool((weight == weight[:, :1]).all())
    for i in [slice(None)] if alike else [slice(i, i + 1) for i in range(k)]:
        weighted = weight[:, i][:, :1] * flat
        normal = np.einsum("na,nb->ab", weighted, flat)
        right = np.einsum("na,ni->ai", weighted, X[:, i])
        columns[:, i] = np.linalg.pinv(normal, hermitian=True) @ right
    return np.ascontiguousarray(columns.T.reshape(k, order, k).transpose(1, 0, 2))


def matrices(coefs: F64) -> F64:
    """Return coefficients (..., order, k, k), diagonal where `coefs` is (p, order, k)."""
    return coefs if coefs.ndim == 4 else coefs[..., None] * np.eye(coefs.shape[-1])


def stable(coefs: F64) -> F64:
    """Return coefs (order, k, k) or (order, k), shrunk so that predictions cannot grow."""
    order, k = coefs.shape[:2]
    companion = np.eye(order * k, k=-k)
    full = coefs if coefs.ndim == 3 else coefs[..., None] * np.eye(k)
    companion[:k] = full.transpose(1, 0, 2).reshape(k, order * k)
    radius = float(np.abs(np.linalg.eigvals(companion)).max())
    if radius <= 1:
        return coefs
    shrink = radius ** -(1.0 + np.arange(order))
    return coefs * shrink.reshape(-1, *[1] * (coefs.ndim - 1))


@strict(allocates=True)
def _predict(mem: F64, coef: F64, out: F64) -> None:
    """Write the prediction from mem (order, k) by coef (order, k, k) into out (k,)."""
    out[:] = 0
    for j in range(mem.shape[0]):
        for i in range(mem.shape[1]):
            for h in range(mem.shape[1]):
                out[i] += coef[j, i, h] * mem[j, h]


@strict(allocates=True)
def _remember(mem: F64, predicted: F64, codeword: F64, ar: bool) -> None:
    """Put a vector first in mem (order, k): quantized for AR, its codeword for MA.

    Element by element here and in `_encode`: copies of rows take seconds to compile.
    """
    for i in range(mem.shape[1]):
        for j in range(mem.shape[0] - 1, 0, -1):
            mem[j, i] = mem[j - 1, i]
        mem[0, i] = predicted[i] + codeword[i] if ar else codeword[i]


def encode(X: Floats, weight: Floats, starts: I64, coefs: F64, books: Floats,
           ar: bool) -> tuple[I64, F64]:  # fmt: skip
    """Return the codes (n, 2) of X (n, k), and the memory (n, order, k) before each vector.

    weight : (n, k), or (0, k) for none.    books : (n_predictors, K, k).
    """
    coefs = matrices(coefs)
    codes, past = np.empty((len(X), 2), np.int64), np.empty((len(X), *coefs.shape[1:3]))
    searched = np.ascontiguousarray(weight, np.float64)
    _encode(X.astype(np.float64, copy=False), searched, starts, coefs,
            books.astype(np.float64, copy=False), ar, codes, past)  # fmt: skip
    return codes, past


def decode(codes: I64, starts: I64, coefs: F64, books: Floats, ar: bool) -> F64:
    """Return the vectors (n, k) of codes (n, 2)."""
    out = np.empty((len(codes), books.shape[2]))
    _decode(codes, starts, matrices(coefs), books.astype(np.float64, copy=False), ar, out)
    return out


@strict(allocates=True)
def _encode(X: F64, weight: F64, starts: I64, coefs: F64, books: F64, ar: bool,
            codes: I64, past: F64) -> None:  # fmt: skip
    """Write predictor and index of each row of X (n, k) into codes (n, 2); the first wins a tie.

    weight : (n, k), or (0, k) for none.    coefs : (n_predictors, order, k, k).
    past : (n, order, k), set to the memory before each row.
    """
    n, k = X.shape
    n_predictors, n_codewords = books.shape[0], books.shape[1]
    order = coefs.shape[1]
    mem, predicted = np.zeros((order, k)), np.empty((n_predictors, k))
    s = 0
    for r in range(n):
        if s < starts.shape[0] and r == starts[s]:
            mem[:] = 0
            s += 1
        for j in range(order):
            for i in range(k):
                past[r, j, i] = mem[j, i]
        lowest = np.inf
        codes[r, 0] = codes[r, 1] = 0
        for p in range(n_predictors):
            _predict(mem, coefs[p], predicted[p])
            for c in range(n_codewords):
                error = 0.0
                for i in range(k):
                    diff = X[r, i] - predicted[p, i] - books[p, c, i]
                    error += weight[r, i] * (diff * diff) if weight.shape[0] else diff * diff
                    if error >= lowest:
                        break
                if error < lowest:
                    lowest = error
                    codes[r, 0], codes[r, 1] = p, c
        p = codes[r, 0]
        _remember(mem, predicted[p], books[p, codes[r, 1]], ar)


@strict(allocates=True)
def _decode(codes: I64, starts: I64, coefs: F64, books: F64, ar: bool, out: F64) -> None:
    """Write the vectors of codes (n, 2) into out (n, k)."""
    mem, predicted = np.zeros((coefs.shape[1], out.shape[1])), np.empty(out.shape[1])
    s = 0
    for r in range(codes.shape[0]):
        if s < starts.shape[0] and r == starts[s]:
            mem[:] = 0
            s += 1
        codeword = books[codes[r, 0], codes[r, 1]]
        _predict(mem, coefs[codes[r, 0]], predicted)
        for i in range(out.shape[1]):
            out[r, i] = predicted[i] + codeword[i]
        _remember(mem, predicted, codeword, ar)
