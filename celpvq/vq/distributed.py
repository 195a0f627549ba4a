"""Quantizers whose design takes files, and workers anywhere."""

from abc import abstractmethod
from concurrent.futures import Executor
from typing import Self

from ..errors import ArgumentTypeError
from ._rows import Source
from ._training import Training
from .base import VectorQuantizer


class DistributedVQ(VectorQuantizer):
    """A quantizer whose design only needs sums over parts of the vectors."""

    n_threads: int | None

    def fit(self, X: Source, y: object = None, sample_weight: Source | None = None, *,
            executor: Executor | None = None) -> Self:  # fmt: skip
        """Design the quantizer.

        Parameters
        ----------
        X : array_like, shape (n, k), memory map, path or list of paths
            Training vectors, at least as many as codewords in a codebook; or the ``.npy`` files
            that hold them, one after the other. Files are never read as a whole.
        y : object
            Ignored; scikit-learn passes it.
        sample_weight : array_like, memory map, path or list of paths, optional
            Weight of each vector, shape (n,) [>= 0]. With ``distortion="weighted"`` also one of
            each of its components, (n, k). With ``"matrix"`` also a positive semidefinite matrix W
            for each vector, (n, k, k); an error e then counts as ``e' W e``.
        executor : concurrent.futures.Executor, optional
            The workers for the parts of the vectors, instead of the threads of this process: a
            process pool, or a cluster's ``dask.distributed.Client(...).get_executor()``. Workers
            read files themselves, at the same paths; arrays are sent to them in each iteration.
            The result is the same to the bit on machines of one kind.

        Returns
        -------
        Self
            Itself.

        Raises
        ------
        ArgumentError
            If a parameter or a shape is wrong, a value is not finite or its square too large, a
            weight is negative, fewer vectors than codewords have a weight above 0, the covariance
            has no inverse, or `init` needs the vectors of a file in memory.
        FormatError
            If a file is not a NumPy array of numbers.
        """
        if not isinstance(executor, Executor | None):
            expected = "a concurrent.futures.Executor"
            raise ArgumentTypeError(f"executor: expected {expected}, got {executor!r}")
        self._check_params()
        self._fit(X, sample_weight, executor)
        return self

    @abstractmethod
    def _fit(self, X: Source, sample_weight: Source | None,
             executor: Executor | None = None) -> None:  # fmt: skip
        """Check the vectors and set the fitted attributes; the parameters are checked already."""

    def _training(self, X: Source, sample_weight: Source | None, executor: Executor | None, *,
                  least: int) -> Training:  # fmt: skip
        """Return the arguments of `fit`, checked to be `least` vectors or more."""
        return Training(X, sample_weight, ndims=self._weight_ndims, least=least,
                        n_threads=self.n_threads, executor=executor)  # fmt: skip
