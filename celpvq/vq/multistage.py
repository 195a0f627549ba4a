"""Multistage (residual) quantization: each stage codes the residual of the stages before it."""

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, field
from types import MappingProxyType
from typing import ClassVar, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from .._random import generator
from .._threads import in_order, spans
from .._types import I64, Floats
from . import _check, _params
from ._files import check_shape
from ._joint import distortion, jointly, sums
from .base import VectorQuantizer
from .full_search import Tiles, m_best_block, tiled
from .lbg import LBG
from .lloyd import descend, record_of

_ROWS = 1024  # vectors per call of a kernel; each has several residuals


class _State(NamedTuple):
    """The codebooks of the stages, and the codes and distortion of the training vectors."""

    codebooks: tuple[Floats, ...]
    codes: I64
    distortion: float


@dataclass(eq=False, repr=False)
class MultistageVQ(VectorQuantizer):
    """A quantizer that codes a vector as a sum of codewords, one from each of several stages.

    Stage by stage, the search keeps the partial sums nearest to the vector, called survivors. Each
    stage is first designed for the residuals of the stages before it. Then all are designed
    together, so that the sums have the least mean error for the vectors coded with them.

    Parameters
    ----------
    n_codewords : sequence of int
        Size of the codebook of each stage.
    n_survivors : int
        Number of partial sums that the search keeps; 1 decides stage by stage.
    redesign : bool
        Whether to design the stages jointly after the separate designs.
    distortion
        As in `VectorQuantizer`.
    tol : float
        Stop a design when an iteration lowers the distortion by less than this fraction of it.
    max_iter : int
        Stop a design, of a stage or of all, after this many iterations.
    random_state, n_threads
        As in `VectorQuantizer`.
    verbose : bool
        Print the distortion after each joint iteration.

    Attributes
    ----------
    codebooks_ : tuple of ndarray, each of shape (n_codewords[i], k)
        The codewords of the stages.
    distortion_history_ : ndarray, shape (n_iter_ + 1,)
        Weighted mean squared error per component before and after each joint iteration, as
        found by the search. It never rises, and its last value belongs to `codebooks_`.
    n_iter_ : int
        Number of joint iterations.

    References
    ----------
    .. [1] W. P. LeBlanc, B. Bhattacharya, S. A. Mahmoud and V. Cuperman, "Efficient search and
       design procedures for robust multi-stage VQ of LPC parameters for 4 kb/s speech coding",
       IEEE Trans. Speech Audio Process. 1(4), 1993.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.random.default_rng(1).normal(size=(2000, 4))
    >>> quantizer = MultistageVQ([16, 16], random_state=1).fit(X)
    >>> quantizer.encode(X).shape
    (2000, 2)
    """

    n_codewords: Sequence[int] = (16, 16)
    _: KW_ONLY
    n_survivors: int = 8
    redesign: bool = True
    distortion: Literal["squared", "weighted"] = "squared"
    tol: float = 1e-4
    max_iter: int = 50
    random_state: int | np.random.Generator | None = None
    n_threads: int | None = None
    verbose: bool = False

    _fitted: ClassVar[tuple[str, ...]] = ("codebooks_", "distortion_history_", "n_iter_")

    codebooks_: tuple[Floats, ...] = field(init=False)

    _checks = MappingProxyType({"n_codewords": _params.SIZES})

    def _fit(self, X: ArrayLike, sample_weight: ArrayLike | None) -> None:
        sizes = tuple(self.n_codewords)
        X = _check.vectors(X, "X", least=max(sizes))
        weight = self._weight(sample_weight, X)
        rng = generator(self.random_state, "random_state")
        codebooks = self._stages(X, weight, sizes, rng)
        full = np.broadcast_to(weight, X.shape)
        searched = full if weight.shape[1] > 1 else full[:0]

        def state(codebooks: tuple[Floats, ...]) -> _State:
            codes = self._search(X, searched, codebooks)
            return _State(codebooks, codes, distortion(X, full, codebooks, codes))

        record, start = record_of(self), state(codebooks)
        record.start(start.distortion)
        best, _ = descend(
            start, lambda now: state(jointly(X, full, now.codebooks, now.codes)),
            lambda now: now.distortion, max_iter=self.max_iter if self.redesign else 0,
            tol=self.tol, report=lambda _, least: record.add(least),
        )  # fmt: skip
        self.codebooks_ = best.codebooks
        self._keep(record)

    @property
    def _n_components(self) -> int:
        return int(self.codebooks_[0].shape[1])

    @property
    def _code_sizes(self) -> tuple[int, ...]:
        return tuple(map(len, self.codebooks_))

    def _encode(self, X: Floats, weight: Floats) -> I64:
        return self._search(X, weight, self.codebooks_)

    def _decode(self, indices: I64) -> Floats:
        return sums(self.codebooks_, indices)

    def _stages(self, X: Floats, weight: Floats, sizes: Sequence[int],
                rng: np.random.Generator) -> tuple[Floats, ...]:  # fmt: skip
        """Return one codebook per stage, each designed for the residuals of those before."""
        given = weight if weight.shape[1] > 1 else np.broadcast_to(weight, (len(X), 1))[:, 0]
        codebooks: list[Floats] = []
        for n_codewords in sizes:
            stage = LBG(n_codewords, distortion=self.distortion, tol=self.tol,
                        max_iter=self.max_iter, random_state=rng,
                        n_threads=self.n_threads).fit(X, sample_weight=given)  # fmt: skip
            X = X - stage.decode(stage.encode(X, given if given.ndim == 2 else None))
            codebooks.append(stage.codebook_)
        return tuple(codebooks)

    def _search(self, X: Floats, weight: Floats, codebooks: tuple[Floats, ...]) -> I64:
        """Return the codes (n, n_stages) of X (n, k) with weight (n, k), or (0, k) for none."""
        codes = np.empty((len(X), len(codebooks)), np.int64)
        books = [tiled(book.astype(X.dtype, copy=False)) for book in codebooks]

        def work(rows: slice) -> None:
            codes[rows] = _survivors(X[rows], weight[rows], codebooks, books, self.n_survivors)

        for _ in in_order(work, spans(len(X), _ROWS), self.n_threads):
            pass
        return codes

    def _check_restored(self) -> None:
        sizes = self.n_codewords
        check_shape("codebooks_", self.codebooks_[0], (sizes[0], "k"))
        for book, size in zip(self.codebooks_, sizes, strict=True):
            check_shape("codebooks_", book, (size, self.codebooks_[0].shape[1]))


def _survivors(X: Floats, weight: Floats, codebooks: tuple[Floats, ...], books: list[Tiles],
               m: int) -> I64:  # fmt: skip
    """Return the codes of the best of the m sums that survive all stages."""
    row = np.arange(len(X))[:, None]
    residuals = X[:, None]
    codes = np.empty((len(X), 1, 0), np.int64)
    for codebook, book in zip(codebooks, books, strict=True):
        n_survivors = min(m, residuals.shape[1] * len(codebook))
        found, _ = m_best_block(residuals, weight, book, n_survivors)
        before, index = np.divmod(found, len(codebook))
        codes = np.concatenate([codes[row, before], index[:, :, None]], axis=2)
        residuals = residuals[row, before] - codebook[index].astype(X.dtype, copy=False)
    return codes[:, 0]
