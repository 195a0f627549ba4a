"""What the quantizers have in common whose design takes files, and workers anywhere."""

from abc import abstractmethod
from concurrent.futures import Executor
from typing import Self

from ..errors import ArgumentTypeError
from ._rows import Source
from ._training import Training
from .base import VectorQuantizer


class DistributedVQ(VectorQuantizer):
    """A quantizer whose design adds up what it learns from each part of the vectors."""

    n_threads: int | None

    def fit(self, X: Source, sample_weight: Source | None = None, *,
            executor: Executor | None = None) -> Self:  # fmt: skip
        """Design the quantizer.

        Parameters
        ----------
        X : array_like, shape (n, k), memory map, path or list of paths
            Training vectors, at least as many as codewords in a codebook; or the ``.npy`` files
            that hold them, one after the other. Files are never read as a whole.
        sample_weight : array_like, memory map, path or list of paths, optional
            Weight of each vector, shape (n,) [>= 0]; with ``distortion="weighted"`` also of each
            of its components, (n, k); with ``"matrix"`` also a positive semidefinite matrix W for
            each, (n, k, k), by which an error e counts as ``e' W e``.
        executor : concurrent.futures.Executor, optional
            Whoever works on the parts of the vectors, instead of the threads of this process:
            a process pool, or a cluster's ``dask.distributed.Client(...).get_executor()``. The
            workers read files themselves, at the same paths; arrays are sent to them in each
            iteration. The result is the same to the bit on machines of one kind.

        Returns
        -------
        Self
            Itself.

        Raises
        ------
        ArgumentError
            If a parameter or a shape is wrong, a value is not finite, a weight negative, fewer
            vectors than codewords have any weight, the covariance has no inverse, or `init` needs
            vectors in memory that are not.
        FormatError
            If a file is not a NumPy array of numbers.
        """
        if not isinstance(executor, Executor | None):
            expected = "a concurrent.futures.Executor"
            raise ArgumentTypeError(f"executor: expected {expected}, got {executor!r}")
        self._fit(X, sample_weight, executor)
        return self

    @abstractmethod
    def _fit(self, X: Source, sample_weight: Source | None,
             executor: Executor | None = None) -> None:  # fmt: skip
        """Check the arguments of `fit`, and set the fitted attributes."""

    def _training(self, X: Source, sample_weight: Source | None, executor: Executor | None, *,
                  least: int) -> Training:  # fmt: skip
        """Return the arguments of `fit`, checked: `least` vectors or more."""
        return Training(X, sample_weight, ndims=self._weight_ndims, least=least,
                        n_threads=self.n_threads, executor=executor)  # fmt: skip
