"""Quantizers by name, and what they reach on some vectors."""

import inspect
import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from .. import vq
from .._types import I64, Floats
from ..errors import ArgumentError
from ..vq import _check
from ..vq.base import VectorQuantizer
from .gaussian import Gaussian
from .vectors import Vectors

MAX_BITS = 24  # of an index


class Trial(NamedTuple):
    """A quantizer, and what it reaches."""

    quantizer: VectorQuantizer
    rate: float  # bits per vector: of the indices, or their entropy if that is what is minimised
    entropy: float  # of the indices of the training vectors, summed over the indices of a vector
    train: float  # mean squared error per component
    test: float  # of the vectors held back, nan without
    seconds: float  # that the design took
    indices: I64  # (n, n_indices) of the training vectors


class Study(NamedTuple):
    """Quantizers of one kind, and what they were tried on."""

    vectors: Vectors
    model: Gaussian  # mean and covariance of the training vectors
    main: Trial
    trials: list[Trial]  # by rate, the main one among them

    def sqnr(self, error: float) -> float:
        """Return the mean variance of a component over the mean squared `error` [dB]."""
        variance = float(self.model.variances.mean())
        return 10 * math.log10(variance / error) if min(variance, error) > 0 else math.inf


def make(
    method: str, codewords: Sequence[int] | None, seed: int, params: Mapping[str, Any]
) -> VectorQuantizer:
    """Return a quantizer that is not fitted yet.

    Parameters
    ----------
    method : str
        Name of a class of `celpvq.vq`.
    codewords : sequence of int, optional
        Sizes of its codebooks: one, unless it takes several; 256 or 16 + 16 if not given.
    seed : int
        Seed of all draws.
    params : mapping of str to any
        Other parameters of its constructor.

    Raises
    ------
    ArgumentError
        If it does not take so many sizes or one of them, or there is no such parameter.
    """
    cls = getattr(vq, method)
    single = inspect.signature(cls).parameters["n_codewords"].annotation is int
    sizes = codewords or ([256] if single else [16, 16])
    for size in sizes:
        _check.count(size, "codewords", least=1, most=1 << MAX_BITS)
    if single and len(sizes) != 1:
        raise ArgumentError(f"codewords: expected one size for {method}, got {len(sizes)}")
    quantizer: VectorQuantizer = cls(sizes[0] if single else tuple(sizes))
    quantizer.set_params(random_state=seed, **params)
    for name in params.keys() & {"n_parts", "n_predictors"}:
        _check.count(params[name], name, least=1)
    return quantizer


def index_bits(quantizer: VectorQuantizer) -> float:
    """Return the bits of all indices of a vector."""
    params = quantizer.get_params()
    sizes = np.atleast_1d(params["n_codewords"])
    bits = np.log2(sizes).sum() * params.get("n_parts", 1)
    return float(bits + np.log2(params.get("n_predictors", 1)))


def variable_rate(quantizer: VectorQuantizer) -> bool:
    """Return whether the quantizer is designed for an entropy code of its indices."""
    return isinstance(quantizer, vq.EntropyConstrainedVQ)


def resized(quantizer: VectorQuantizer, bits: int) -> VectorQuantizer:
    """Return the same quantizer, not fitted, with indices of so many bits, spread evenly.

    Raises
    ------
    ArgumentError
        If that many bits are too many, or cannot be spread.
    """
    params = quantizer.get_params()
    sizes, parts = params["n_codewords"], params.get("n_parts", 1)
    n = np.size(sizes)
    if bits % parts:
        raise ArgumentError(
            f"bits: expected a multiple of {parts}, the number of parts, got {bits}"
        )
    each = [(bits // parts + n - 1 - i) // n for i in range(n)]
    if not 0 <= bits <= MAX_BITS * n * parts:
        raise ArgumentError(f"bits: expected from 0 to {MAX_BITS * n * parts}, got {bits}")
    params["n_codewords"] = 1 << each[0] if np.ndim(sizes) == 0 else tuple(1 << b for b in each)
    return type(quantizer)(**params)


def plan(quantizer: VectorQuantizer, bits: Sequence[int] | None) -> list[VectorQuantizer]:
    """Return `quantizer`, and others that differ in the bits of their indices.

    Parameters
    ----------
    quantizer : VectorQuantizer
        Not fitted.
    bits : sequence of int, optional
        Bits of all indices of a vector; about a quarter, a half and three quarters of those of
        `quantizer` if not given.

    Raises
    ------
    ArgumentError
        If it cannot have so many.
    """
    if bits is None:
        params = quantizer.get_params()
        n_indices = np.size(params["n_codewords"]) * params.get("n_parts", 1)
        each = np.log2(params["n_codewords"]).mean()
        bits = [max(round(each * share), 1) * n_indices for share in (0.25, 0.5, 0.75)]
    designs = {index_bits(quantizer): quantizer}
    for other in (resized(quantizer, n) for n in bits):
        designs.setdefault(index_bits(other), other)
    return list(designs.values())


def study(
    designs: Sequence[VectorQuantizer], vectors: Vectors, log: Callable[[str], None]
) -> Study:
    """Design quantizers for the training vectors, the first of them the main one.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If a parameter is out of range, or the vectors are too few or too large.
    """
    model = Gaussian.of(vectors.train)
    log(f"{vectors.name}: {len(vectors.train)} vectors of {len(model.mean)}, "
        f"{len(vectors.test)} held back")  # fmt: skip
    trials = []
    for quantizer in designs:
        trials.append(run(quantizer, vectors))
        log(f"{quantizer!r}: {trials[-1].seconds:.1f} s")
    return Study(vectors, model, trials[0], sorted(trials, key=lambda trial: trial.rate))


def run(quantizer: VectorQuantizer, vectors: Vectors) -> Trial:
    """Design `quantizer` for the training vectors and measure it on both parts."""
    start = time.perf_counter()
    quantizer.fit(vectors.train)
    seconds = time.perf_counter() - start
    indices, train = _coded(quantizer, vectors.train)
    test = _coded(quantizer, vectors.test)[1] if len(vectors.test) else math.nan
    entropy = sum(vq.index_entropy(column) for column in indices.T)
    rate = entropy if variable_rate(quantizer) else index_bits(quantizer)
    return Trial(quantizer, rate, entropy, train, test, seconds, indices)


def _coded(quantizer: VectorQuantizer, X: Floats) -> tuple[I64, float]:
    """Return the indices (n, n_indices) of X (n, k), and its mean squared error."""
    indices = quantizer.encode(X)
    return indices.reshape(len(X), -1), vq.distortion(X, quantizer.decode(indices))
