"""The learning rule of the VQ-VAE, applied to given vectors."""

from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import ArrayLike

from .._threads import spans
from .._types import F64, I64, Floats
from ._incremental import IncrementalVQ

if TYPE_CHECKING:
    from .nn import StraightThrough


@dataclass(eq=False, repr=False)
class StraightThroughVQ(IncrementalVQ):
    """A vector quantizer that learns as `celpvq.vq.nn.StraightThrough` does within a network.

    Each batch moves the codewords towards the means of its vectors in their cells. Old batches
    are forgotten little by little. `layer` puts the quantizer into a network and `from_layer`
    takes it out. Learning needs the extra `torch`; coding does not.

    Parameters
    ----------
    n_codewords
        As in `VectorQuantizer`.
    batch_size
        As in `IncrementalVQ`.
    commitment : float
        Weight of the commitment loss of `layer` [>= 0]; it has no effect on `fit`.
    decay : float
        Fraction of the moving averages that a batch keeps [0 to 1].
    revive : float
        A codeword used less than this fraction of the mean use moves to a vector of the batch.
    init
        As in `VectorQuantizer`.
    tol, max_iter
        As in `IncrementalVQ`.
    random_state
        As in `VectorQuantizer`.
    n_threads : int, optional
        Number of threads of searches and measurements; PyTorch has its own setting.
    verbose
        As in `IncrementalVQ`.

    Attributes
    ----------
    codebook_
        As in `VectorQuantizer`.
    counts_ : ndarray, shape (n_codewords, k)
        Moving average of the weight in each cell of a batch, the same for all components.
    distortion_history_, n_iter_
        As in `IncrementalVQ`.

    References
    ----------
    .. [1] A. van den Oord, O. Vinyals and K. Kavukcuoglu, "Neural discrete representation
       learning", Advances in Neural Information Processing Systems 30, 2017, appendix A.1.
    """

    n_codewords: int = 256
    _: KW_ONLY
    batch_size: int = 1024
    commitment: float = 0.25
    decay: float = 0.99
    revive: float = 0.02
    init: str | ArrayLike = "kmeans++"
    tol: float = 1e-3
    max_iter: int = 30
    random_state: int | np.random.Generator | None = None
    n_threads: int | None = None
    verbose: bool = False

    _kept = 1.0

    def layer(self) -> "StraightThrough":
        """Return the quantizer as a layer of a network, to go on learning there.

        Returns
        -------
        StraightThrough
            A layer with a copy of the codebook, of its type.

        Raises
        ------
        MissingPackageError
            Without PyTorch.
        NotFittedError
            Before `fit`.
        """
        self._check_fitted()
        return self._layer(self.codebook_, self.counts_)

    @classmethod
    def from_layer(cls, layer: "StraightThrough") -> Self:
        """Return the quantizer that a network has learnt; it codes and is saved without PyTorch.

        Parameters
        ----------
        layer : StraightThrough
            A layer, on any device.

        Returns
        -------
        StraightThroughVQ
            A fitted quantizer with a copy of its codebook and an empty history.
        """
        codebook = layer.codebook.detach().cpu().numpy().copy()
        quantizer = cls(len(codebook), commitment=layer.commitment, revive=layer.revive,
                        decay=0.99 if layer.decay is None else layer.decay)  # fmt: skip
        quantizer.codebook_ = codebook
        counts = layer.counts.detach().cpu().numpy()
        quantizer.counts_ = np.repeat(counts[:, None], codebook.shape[1], axis=1).astype(np.float64)
        quantizer.distortion_history_, quantizer.n_iter_ = np.empty(0), 0
        return quantizer

    def _layer(self, codebook: Floats, counts: F64) -> "StraightThrough":
        from .nn import restored

        params = {"commitment": self.commitment, "decay": self.decay, "revive": self.revive}
        return restored(codebook, counts[:, 0], params)

    def _learn(self, codebook: Floats, counts: F64, X: Floats, weight: Floats,
               order: I64) -> tuple[Floats, F64]:  # fmt: skip
        layer = self._layer(codebook, counts)
        from .nn import learn

        for batch in spans(len(X), self.batch_size):
            rows = order[batch]
            learn(layer, X[rows], np.ascontiguousarray(weight[rows, 0]))
        learnt = self.from_layer(layer)
        return learnt.codebook_, learnt.counts_
