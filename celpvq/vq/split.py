"""Split quantization: the parts of a vector are coded on their own."""

from collections.abc import Sequence
from concurrent.futures import Executor
from typing import ClassVar, Literal

import numpy as np

from .._random import generator
from ..errors import ArgumentError
from . import _check
from ._rows import Source
from ._types import Floats, Indices
from .base import check_shape
from .distributed import DistributedVQ
from .full_search import nearest
from .lbg import LBG


class PartsVQ(DistributedVQ):
    """What split and product quantizers share: one codebook for each part of a vector."""

    _fitted: ClassVar[tuple[str, ...]] = ("codebooks_",)

    tol: float
    max_iter: int
    random_state: int | np.random.Generator | None
    n_threads: int | None
    verbose: bool
    codebooks_: tuple[Floats, ...]

    def _shapes(self, k: int) -> list[tuple[int, int]]:
        """Return the shape of each codebook for vectors of `k` components."""
        raise NotImplementedError

    def _fit(self, X: Source, sample_weight: Source | None,
             executor: Executor | None = None) -> None:  # fmt: skip
        data = self._training(X, sample_weight, executor, least=1)
        rng = generator(self.random_state, "random_state")
        codebooks, start = [], 0
        for n_codewords, width in self._shapes(data.X.shape[1]):
            design = LBG(n_codewords, distortion=self.distortion, tol=self.tol,  # type: ignore[arg-type]
                         max_iter=self.max_iter, random_state=rng, n_threads=self.n_threads,
                         verbose=self.verbose)  # fmt: skip
            design.fit(*data.columns(slice(start, start + width)), executor=executor)
            codebooks.append(design.codebook_)
            start += width
        self.codebooks_ = tuple(codebooks)

    @property
    def _n_components(self) -> int:
        return sum(book.shape[1] for book in self.codebooks_)

    @property
    def _code_sizes(self) -> tuple[int, ...]:
        return tuple(map(len, self.codebooks_))

    def _encode(self, X: Floats, weight: Floats) -> Indices:
        codes = np.empty((len(X), len(self.codebooks_)), np.int64)
        start = 0
        for p, book in enumerate(self.codebooks_):
            part = slice(start, start + book.shape[1])
            w = weight[:, part] if len(weight) else None
            codes[:, p], _ = nearest(X[:, part], book, w, n_threads=self.n_threads)
            start += book.shape[1]
        return codes

    def _decode(self, indices: Indices) -> Floats:
        return np.hstack([b[ix] for b, ix in zip(self.codebooks_, indices.T, strict=True)])

    def _check_restored(self) -> None:
        shapes = self._shapes(sum(np.shape(book)[-1] for book in self.codebooks_))
        for book, shape in zip(self.codebooks_, shapes, strict=True):
            check_shape("codebooks_", book, shape)


class SplitVQ(PartsVQ):
    """A quantizer that cuts each vector in parts and codes each with a codebook of its own.

    Parameters
    ----------
    n_codewords : sequence of int
        Size of the codebook of each part.
    widths : sequence of int, optional
        Number of components of each part; equal ones if not given.
    distortion : {"squared", "weighted"}
        Whether errors may have weights per component, those of `fit`'s `sample_weight`.
    tol : float
        Stop a design when an iteration lowers the distortion by less than this part of it.
    max_iter : int
        Stop a design after this many iterations for each size of the codebook.
    random_state : int, numpy.random.Generator or None
        Seed of whatever is drawn; a number makes the result repeat exactly.
    n_threads : int, optional
        Number of threads; all processors of this process if not given. The result is the same.
    verbose : bool
        Print the distortion after each iteration.

    Attributes
    ----------
    codebooks_ : tuple of ndarray, each of shape (n_codewords[i], widths[i])
        The codewords of the parts.

    References
    ----------
    .. [1] K. K. Paliwal and B. S. Atal, "Efficient vector quantization of LPC parameters at 24
       bits/frame", IEEE Trans. Speech Audio Process. 1(1), 1993.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.random.default_rng(1).normal(size=(2000, 5))
    >>> quantizer = SplitVQ([16, 32], widths=[2, 3], random_state=1).fit(X)
    >>> quantizer.encode(X).shape
    (2000, 2)
    """

    def __init__(self, n_codewords: Sequence[int], *, widths: Sequence[int] | None = None,
                 distortion: Literal["squared", "weighted"] = "squared",
                 tol: float = 1e-4, max_iter: int = 50,
                 random_state: int | np.random.Generator | None = None,
                 n_threads: int | None = None, verbose: bool = False) -> None:  # fmt: skip
        self.n_codewords = n_codewords
        self.widths = widths
        self.distortion = distortion
        self.tol = tol
        self.max_iter = max_iter
        self.random_state = random_state
        self.n_threads = n_threads
        self.verbose = verbose

    def _shapes(self, k: int) -> list[tuple[int, int]]:
        sizes = _check.counts(self.n_codewords, "n_codewords", least=1)
        if self.widths is None:
            return [(size, width_of_parts(k, len(sizes))) for size in sizes]
        widths = _check.counts(self.widths, "widths", least=1)
        if len(widths) != len(sizes):
            raise ArgumentError(f"widths: expected {len(sizes)} parts, got {len(widths)}")
        if sum(widths) != k:
            raise ArgumentError(f"X: expected vectors of {sum(widths)} components, got {k}")
        return list(zip(sizes, widths, strict=True))


def width_of_parts(k: int, n_parts: int) -> int:
    """Return the number of components of `n_parts` equal parts of a vector of `k`."""
    if k % n_parts:
        raise ArgumentError(f"X: expected a multiple of {n_parts} components, got {k}")
    return k // n_parts
