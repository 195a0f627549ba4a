"""Code vectors to start a design from: targets drawn at random and inverse filtered."""

import numpy as np

from .._types import F64, I64
from ..codec.format.modes import SUBFRAME_LEN, fcb_stages
from ..vq.cells import solved
from .code_vectors import Design, design
from .filtering import matrices
from .progress import Log
from .targets import Targets

_RIDGE = 0.1  # of the mean diagonal of H^T H: an exact inverse filter would amplify noise
_STAGE2 = 0.6  # norm of the code vectors of stage 2
_STAGE1_ITERATIONS = 4  # before stage 2 exists


def stages(targets: Targets, bits: int, seed: int, log: Log) -> list[F64]:
    """Return stages to start a book of `bits` index bits from."""
    bits1, *bits2 = fcb_stages(bits)
    first = first_stage(targets, 1 << bits1, seed)
    if not bits2:
        return [first]
    [first], _ = design(targets, [first], _STAGE1_ITERATIONS, seed, log)
    return [first, second_stage(targets, first, 1 << bits2[0], seed)]


def first_stage(targets: Targets, n_codewords: int, seed: int) -> F64:
    """Return code vectors (n_codewords, SUBFRAME_LEN) of norm 1 that match targets."""
    drawn = _draw(targets, n_codewords, seed)
    return _inverse_filtered(targets.target[drawn], matrices(targets.impulse[drawn]))


def second_stage(targets: Targets, first: F64, n_codewords: int, seed: int) -> F64:
    """Return code vectors that match the remainders of targets after the first stage."""
    _, indices, gain, _ = Design(targets, [len(first)], seed).start([first])
    drawn = _draw(targets, n_codewords, seed + 1)
    filters = matrices(targets.impulse[drawn])
    scale = gain[drawn] * (1.0 - 2.0 * (indices[drawn] & 1))
    coded = np.einsum("tij,tj->ti", filters, first[indices[drawn] >> 1])
    return _STAGE2 * _inverse_filtered(targets.target[drawn] - scale[:, None] * coded, filters)


def _draw(targets: Targets, n: int, seed: int) -> I64:
    """Return the rows of n targets, different ones if there are enough."""
    n_targets = len(targets.target)
    return np.random.default_rng(seed).choice(n_targets, n, replace=n_targets < n)


def _inverse_filtered(x: F64, filters: F64) -> F64:
    """Return x (n, SUBFRAME_LEN) without the effect of filters (n, ...), with norm 1."""
    back = filters.transpose(0, 2, 1)
    normal = back @ filters
    ridge = _RIDGE * np.trace(normal, axis1=1, axis2=2) / SUBFRAME_LEN
    vectors = solved(normal, np.einsum("tij,tj->ti", back, x), np.zeros_like(x), ridge)
    return np.asarray(vectors / (np.linalg.norm(vectors, axis=1, keepdims=True) + 1e-12))
