"""Split quantization: the parts of a vector are coded separately."""

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import KW_ONLY, dataclass
from types import MappingProxyType
from typing import ClassVar, Literal

import numpy as np

from .._random import generator
from .._types import I64, Floats
from ..errors import ArgumentError
from . import _params
from ._files import check_shape
from ._rows import Source
from .distributed import DistributedVQ
from .full_search import nearest
from .lbg import LBG


class PartsVQ(DistributedVQ):
    """A quantizer with one codebook for each part of a vector."""

    _fitted: ClassVar[tuple[str, ...]] = ("codebooks_", "n_iter_")
    _optional: ClassVar[tuple[str, ...]] = ("n_iter_",)

    tol: float
    max_iter: int
    random_state: int | np.random.Generator | None
    n_threads: int | None
    verbose: bool
    codebooks_: tuple[Floats, ...]
    n_iter_: int

    def _shapes(self, k: int) -> list[tuple[int, int]]:
        """Return the shape of each codebook for vectors of `k` components."""
        raise NotImplementedError

    def _fit(self, X: Source, sample_weight: Source | None,
             executor: Executor | None = None) -> None:  # fmt: skip
        data = self._training(X, sample_weight, executor, least=1)
        rng = generator(self.random_state, "random_state")
        codebooks, start, n_iter = [], 0, 0
        for n_codewords, width in self._shapes(data.X.shape[1]):
            design = LBG(n_codewords, distortion=self.distortion, tol=self.tol,  # type: ignore[arg-type]
                         max_iter=self.max_iter, random_state=rng, n_threads=self.n_threads,
                         verbose=self.verbose)  # fmt: skip
            part, weight = data.columns(slice(start, start + width))
            design.fit(part, sample_weight=weight, executor=executor)
            codebooks.append(design.codebook_)
            start, n_iter = start + width, n_iter + design.n_iter_
        self.codebooks_, self.n_iter_ = tuple(codebooks), n_iter

    @property
    def _n_components(self) -> int:
        return sum(book.shape[1] for book in self.codebooks_)

    @property
    def _code_sizes(self) -> tuple[int, ...]:
        return tuple(map(len, self.codebooks_))

    def _encode(self, X: Floats, weight: Floats) -> I64:
        codes = np.empty((len(X), len(self.codebooks_)), np.int64)
        start = 0
        for p, book in enumerate(self.codebooks_):
            part = slice(start, start + book.shape[1])
            w = weight[:, part] if len(weight) else None
            codes[:, p], _ = nearest(X[:, part], book, w, n_threads=self.n_threads)
            start += book.shape[1]
        return codes

    def _decode(self, indices: I64) -> Floats:
        return np.hstack([b[ix] for b, ix in zip(self.codebooks_, indices.T, strict=True)])

    def _check_restored(self) -> None:
        shapes = self._shapes(sum(np.shape(book)[-1] for book in self.codebooks_))
        for book, shape in zip(self.codebooks_, shapes, strict=True):
            check_shape("codebooks_", book, shape)


@dataclass(eq=False, repr=False)
class SplitVQ(PartsVQ):
    """A quantizer that cuts each vector into parts and codes each with its own codebook.

    Parameters
    ----------
    n_codewords : sequence of int
        Size of the codebook of each part.
    widths : sequence of int, optional
        Number of components of each part; equal ones if not given.
    distortion
        As in `VectorQuantizer`.
    tol : float
        Stop a design when an iteration lowers the distortion by less than this fraction of it.
    max_iter : int
        Stop a design after this many iterations for each size of the codebook.
    random_state, n_threads, verbose
        As in `VectorQuantizer`.

    Attributes
    ----------
    codebooks_ : tuple of ndarray, each of shape (n_codewords[i], widths[i])
        The codewords of the parts.
    n_iter_ : int
        Number of iterations, over all parts.

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

    n_codewords: Sequence[int] = (16, 16)
    _: KW_ONLY
    widths: Sequence[int] | None = None
    distortion: Literal["squared", "weighted"] = "squared"
    tol: float = 1e-4
    max_iter: int = 50
    random_state: int | np.random.Generator | None = None
    n_threads: int | None = None
    verbose: bool = False

    _checks = MappingProxyType({"n_codewords": _params.SIZES})

    def _shapes(self, k: int) -> list[tuple[int, int]]:
        sizes = tuple(self.n_codewords)
        if self.widths is None:
            return [(size, width_of_parts(k, len(sizes))) for size in sizes]
        widths = tuple(self.widths)
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
