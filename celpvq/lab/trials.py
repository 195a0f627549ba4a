"""Design quantizers at several rates and measure them on vectors."""

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
    """A fitted quantizer and its measurements."""

    quantizer: VectorQuantizer
    rate: float  # bits per vector: length of the indices, or entropy if the design minimizes it
    entropy: float  # of the indices of the training vectors, summed over the indices of a vector
    train: float  # mean squared error per component
    test: float  # of the vectors held back; nan without any
    seconds: float  # duration of the design
    indices: I64  # (n, n_indices) of the training vectors


class Study(NamedTuple):
    """Quantizers of one class at several rates, and their data."""

    vectors: Vectors
    model: Gaussian  # mean and covariance of the training vectors
    main: Trial
    trials: list[Trial]  # by rate, including the main one

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
        Sizes of its codebooks: one, unless it takes several; by default 256 or 16 + 16.
    seed : int
        Seed of all random numbers.
    params : mapping of str to any
        Other parameters of its constructor.

    Raises
    ------
    ArgumentError
        If the number of sizes or a size does not fit, or a parameter does not exist.
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
    """Return the same quantizer, not fitted, with `bits` spread evenly over its indices.

    Raises
    ------
    ArgumentError
        If there are too many bits, or they cannot be spread.
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
    """Return `quantizer`, and others with other numbers of bits.

    Parameters
    ----------
    quantizer : VectorQuantizer
        Not fitted.
    bits : sequence of int, optional
        Bits of all indices of a vector; by default about a quarter, a half and three quarters of
        the bits of `quantizer`.

    Raises
    ------
    ArgumentError
        If the quantizer cannot have a number of bits.
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
    """Design quantizers for the training vectors; the first one is the main one.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If a parameter is out of range, or there are too few vectors, or too large ones.
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
    """Design `quantizer` for the training vectors and measure it on them and on the others."""
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
