"""Tree-structured quantization: the search takes logarithmic time."""

from concurrent.futures import Executor
from dataclasses import KW_ONLY, dataclass, field
from functools import partial
from typing import ClassVar, Literal

import numpy as np

from .._numba import fast
from .._random import generator
from .._threads import in_order, spans
from .._types import I64, Floats
from ..errors import ArgumentError
from . import _check
from ._files import check_shape
from ._rows import Source
from .cells import Cells, survey
from .distributed import DistributedVQ
from .lloyd import Design, State

_ROWS = 4096


@dataclass(eq=False, repr=False)
class TreeVQ(DistributedVQ):
    """A quantizer that descends a tree, from each node to its nearest child.

    It compares a vector with only ``branching * depth`` of the ``branching ** depth`` codewords.
    The levels are designed from the root down, all nodes of a level together.

    Parameters
    ----------
    n_codewords : int
        Number of leaves: a power of `branching`.
    branching : int
        Number of children of each node.
    distortion
        As in `VectorQuantizer`.
    tol : float
        End a level when an iteration lowers the distortion by less than this fraction of it.
    max_iter : int
        End a level after this many iterations.
    random_state, n_threads, verbose
        As in `VectorQuantizer`.

    Attributes
    ----------
    levels_ : tuple of ndarray, at depth d of shape (branching ** d, k)
        The nodes below the root. The children of node j of a level are the `branching` nodes from
        ``branching * j`` of the next level.
    distortion_history_ : ndarray
        Weighted mean squared error per component at the start, after each iteration and at the
        start of each level; it never rises, and its last value belongs to the leaves.
    n_iter_ : int
        Number of iterations, over all levels.

    References
    ----------
    .. [1] A. Buzo, A. H. Gray, R. M. Gray and J. D. Markel, "Speech coding based upon vector
       quantization", IEEE Trans. Acoust., Speech, Signal Process. 28(5), 1980.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.random.default_rng(1).normal(size=(2000, 2))
    >>> quantizer = TreeVQ(64, random_state=1).fit(X)
    >>> len(quantizer.levels_)
    6
    """

    n_codewords: int = 256
    _: KW_ONLY
    branching: int = 2
    distortion: Literal["squared", "weighted"] = "squared"
    tol: float = 1e-4
    max_iter: int = 50
    random_state: int | np.random.Generator | None = None
    n_threads: int | None = None
    verbose: bool = False

    _fitted: ClassVar[tuple[str, ...]] = ("levels_", "distortion_history_", "n_iter_")

    levels_: tuple[Floats, ...] = field(init=False)

    @property
    def codebook_(self) -> Floats:
        """The leaves, shape (n_codewords, k)."""
        return self.levels_[-1]

    def _fit(self, X: Source, sample_weight: Source | None,
             executor: Executor | None = None) -> None:  # fmt: skip
        depth = self._depth()
        data = self._training(X, sample_weight, executor, least=self.n_codewords)
        if not data.n_weighty:
            raise ArgumentError("sample_weight: expected some weight above zero, got none")
        rng = generator(self.random_state, "random_state")
        design = _LevelDesign(data.X, data.weight, self, rng, executor=executor)
        nodes = design.root()
        for _ in range(depth):
            nodes = design.refine(design.children(nodes))
            design.levels += (nodes,)
        self.levels_ = design.levels
        self._keep(design.record)

    @property
    def _n_components(self) -> int:
        return int(self.codebook_.shape[1])

    @property
    def _code_sizes(self) -> int:
        return len(self.codebook_)

    def _encode(self, X: Floats, weight: Floats) -> I64:
        levels = tuple(level.astype(X.dtype, copy=False) for level in self.levels_)

        def work(rows: slice) -> I64:
            return _leaf(X[rows], weight[rows], levels=levels)

        found = in_order(work, spans(len(X), _ROWS), self.n_threads)
        return np.concatenate([np.empty(0, np.int64), *found])

    def _decode(self, indices: I64) -> Floats:
        return self.codebook_[indices]

    def _depth(self) -> int:
        _check.count(self.n_codewords, "n_codewords", least=self.branching)
        depth, n = 0, 1
        while n < self.n_codewords:
            depth, n = depth + 1, n * self.branching
        if n != self.n_codewords:
            expected = f"a power of branching={self.branching}"
            raise ArgumentError(f"n_codewords: expected {expected}, got {self.n_codewords}")
        return depth

    def _check_restored(self) -> None:
        check_shape("levels_", self.levels_[0], (self.branching, "k"))
        k = self.levels_[0].shape[1]
        for depth, level in zip(range(self._depth()), self.levels_, strict=True):
            check_shape("levels_", level, (self.branching ** (depth + 1), k))


class _LevelDesign(Design):
    """Lloyd iterations over all nodes of a level; vectors reach them through the levels above."""

    levels: tuple[Floats, ...] = ()  # finished, above the level that is designed
    params: TreeVQ

    def survey(self, codebook: Floats) -> Cells:
        assign = partial(_leaf, levels=(*self.levels, codebook))
        return survey(self.X, self.weight, codebook, self.params.n_threads,
                      executor=self.executor, assign=assign)  # fmt: skip

    def root(self) -> Floats:
        """Return the mean (1, k) of all vectors, with its cell in `cells`."""
        first = self.X[:1]
        mean = super().survey(first).centroids(first)
        self.cells = super().survey(mean)
        return mean

    def children(self, nodes: Floats) -> Floats:
        """Return the children of nodes (K, k): a copy of each node, and points around it."""
        branching = self.params.branching
        children = np.repeat(nodes, branching, axis=0)
        rows = np.arange(len(children))
        rows = rows[rows % branching > 0]
        children[rows] += self.step(rows // branching)
        return children

    def refill(self, codebook: Floats, rows: I64) -> Floats:
        """Move each of the codewords `rows` next to the worst of its siblings."""
        worst = self._worst()[rows // self.params.branching]
        codebook[rows] = codebook[worst] + self.step(worst)
        return codebook

    def _worst(self) -> I64:
        """Return the child with the greatest distortion of each node."""
        errors = self.cells.errors.sum(axis=1).reshape(-1, self.params.branching)
        worst: I64 = errors.argmax(axis=1) + errors.shape[1] * np.arange(len(errors))
        return worst

    def _can_refill(self, state: State) -> bool:
        errors = state.cells.errors.sum(axis=1).reshape(-1, self.params.branching)
        empty = state.cells.empty.reshape(errors.shape)
        return bool((errors.any(axis=1) & empty.any(axis=1)).any())


def _leaf(X: Floats, weight: Floats, *, levels: tuple[Floats, ...]) -> I64:
    """Return the node (n,) of the last of some levels that each row of X (n, k) reaches.

    weight : (n, k), or (0, k) for none.
    """
    node, n_above = np.zeros(len(X), np.int64), 1
    for level in levels:
        _descend(X, weight, level, len(level) // n_above, node)
        n_above = len(level)
    return node


@fast(allocates=True)
def _descend(X: Floats, weight: Floats, codebook: Floats, branching: int, node: I64) -> None:
    """Move node (n,), in place, to the nearest of its children for each row of X (n, k).

    codebook : (K, k), the children of all nodes.    weight : (n, k), or (0, k) for none.
    """
    for r in range(X.shape[0]):
        first = node[r] * branching
        lowest = np.inf
        for c in range(first, first + branching):
            error = 0.0
            for i in range(X.shape[1]):
                diff = np.float64(X[r, i] - codebook[c, i])
                if weight.shape[0]:
                    error += weight[r, i] * (diff * diff)
                else:
                    error += diff * diff
            if error < lowest:
                lowest = error
                node[r] = c
