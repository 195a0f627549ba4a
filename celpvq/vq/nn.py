"""Vector quantization as a layer of PyTorch networks. Importing it needs the extra `torch`."""

from typing import NamedTuple

import numpy as np

from .._packages import needed_by
from .._types import F64, Floats
from ..errors import ArgumentError
from . import _check

with needed_by("celpvq.vq.nn", "celpvq[torch]"):
    import torch
    from torch import Tensor


class Quantized(NamedTuple):
    """A quantized batch."""

    vectors: Tensor  # (..., k), codewords; the gradient passes through to the layer's input
    indices: Tensor  # (...,), int64
    loss: Tensor  # (), to be added to the loss of the network


class StraightThrough(torch.nn.Module):
    """A quantizer between an encoder and a decoder that are trained with it, as in a VQ-VAE.

    Forward, the layer replaces vectors by their nearest codewords. Backward, it passes the
    decoder's gradient to the encoder unchanged. The commitment loss keeps the encoder near the
    codewords. In training mode the codewords follow the encoder: by moving averages of the vectors
    in their cells, or by their own loss. They start from vectors of the first batch.

    Parameters
    ----------
    n_codewords : int
        Size of the codebook.
    k : int
        Number of components of a vector.
    commitment : float
        Weight of the commitment loss [>= 0].
    decay : float or None
        Fraction of the moving averages that a batch keeps [0 to 1]. With None the codebook learns
        by gradient: it is a parameter for the optimizer, and `revive` has no effect.
    revive : float
        A codeword used less than this fraction of the mean use moves to a vector of the batch.

    Attributes
    ----------
    codebook : Tensor, shape (n_codewords, k)
        The codewords.
    counts : Tensor, shape (n_codewords,)
        Moving average of the number of vectors of a batch in each cell.
    n_batches : Tensor, shape ()
        Number of batches in training mode.

    Raises
    ------
    ArgumentError
        If a parameter is out of range.

    References
    ----------
    .. [1] A. van den Oord, O. Vinyals and K. Kavukcuoglu, "Neural discrete representation
       learning", Advances in Neural Information Processing Systems 30, 2017, equation 3 and
       appendix A.1.

    Examples
    --------
    >>> layer = StraightThrough(16, 4)
    >>> vectors, indices, loss = layer(torch.randn(100, 4))
    >>> vectors.shape, indices.shape
    (torch.Size([100, 4]), torch.Size([100]))
    """

    codebook: Tensor
    counts: Tensor
    n_batches: Tensor

    def __init__(self, n_codewords: int, k: int, *, commitment: float = 0.25,
                 decay: float | None = 0.99, revive: float = 0.02) -> None:  # fmt: skip
        super().__init__()
        _check.count(n_codewords, "n_codewords", least=1)
        _check.count(k, "k", least=1)
        _check.number(commitment, "commitment")
        _check.number(0.0 if decay is None else decay, "decay", most=1)
        _check.number(revive, "revive", most=1)
        self.commitment, self.decay, self.revive = commitment, decay, revive
        codebook = torch.nn.Parameter(torch.randn(n_codewords, k), requires_grad=decay is None)
        self.register_parameter("codebook", codebook)
        self.register_buffer("counts", torch.zeros(n_codewords))
        self.register_buffer("n_batches", torch.zeros((), dtype=torch.int64))

    def forward(self, z: Tensor, weight: Tensor | None = None) -> Quantized:
        """Quantize a batch, and learn from it in training mode.

        Parameters
        ----------
        z : Tensor, shape (..., k)
            Vectors, at least one.
        weight : Tensor, shape (...,), optional
            Weight of each vector, 0 for padding [>= 0].

        Returns
        -------
        Quantized
            Codewords, indices and loss: the weighted mean over all components.

        Raises
        ------
        ArgumentError
            If a shape is wrong.
        """
        k = self.codebook.shape[1]
        if z.ndim < 2 or z.shape[-1] != k:
            raise ArgumentError(f"z: expected shape (..., {k}), got {tuple(z.shape)}")
        weight = torch.ones_like(z[..., 0]) if weight is None else weight.to(z.dtype)
        if weight.shape != z.shape[:-1]:
            expected, got = tuple(z.shape[:-1]), tuple(weight.shape)
            raise ArgumentError(f"weight: expected shape {expected}, got {got}")
        flat, share = z.detach().flatten(0, -2), weight.detach().flatten()
        if self.training and self.n_batches == 0:
            self.codebook.data.copy_(self._drawn(flat, share))
        indices = self.encode(z)
        codewords = self.decode(indices)
        loss = self.commitment * _mean_square(z - codewords.detach(), weight)
        if self.decay is None:
            loss = loss + _mean_square(codewords - z.detach(), weight)
        if self.training:
            if self.decay is not None:
                self._follow(flat, share, indices.flatten(), self.decay)
            self.n_batches += 1
        return Quantized(codewords.detach() + (z - z.detach()), indices, loss)

    def encode(self, z: Tensor) -> Tensor:
        """Return the index (...,) of the nearest codeword of each of the vectors z (..., k)."""
        codebook = self.codebook.detach()
        centre = codebook.mean(dim=0)  # far from the origin the products below would cancel
        book = codebook - centre
        nearness = (z.detach().flatten(0, -2) - centre) @ book.T - (book**2).sum(dim=1) / 2
        return nearness.argmax(dim=1).view(z.shape[:-1])

    def decode(self, indices: Tensor) -> Tensor:
        """Return the codewords (..., k) of indices (...,)."""
        return self.codebook[indices]

    def extra_repr(self) -> str:
        """Return the parameters, as PyTorch prints them."""
        n_codewords, k = self.codebook.shape
        return (f"{n_codewords}, {k}, commitment={self.commitment}, decay={self.decay}, "
                f"revive={self.revive}")  # fmt: skip

    @torch.no_grad()
    def _follow(self, z: Tensor, weight: Tensor, indices: Tensor, decay: float) -> None:
        """Move the codewords towards the means of their cells of z (n, k), and revive idle ones."""
        used = torch.zeros_like(self.counts).index_add_(0, indices, weight)
        sums = torch.zeros_like(self.codebook).index_add_(0, indices, weight[:, None] * z)
        self.counts.mul_(decay).add_(used, alpha=1 - decay)
        step = (1 - decay) / self.counts.clamp(min=torch.finfo(z.dtype).tiny)[:, None]
        self.codebook += step * (sums - used[:, None] * self.codebook)
        even = self.counts.mean()
        idle = (self.counts < self.revive * even) & weight.any()  # no codeword if all is padding
        self.codebook.copy_(torch.where(idle[:, None], self._drawn(z, weight), self.codebook))
        self.counts.copy_(torch.where(idle, even, self.counts))

    def _drawn(self, z: Tensor, weight: Tensor) -> Tensor:
        """Return as many rows of z (n, k) as there are codewords, drawn by their weight (n,)."""
        some = weight + torch.finfo(weight.dtype).tiny  # even if all is padding
        return z[torch.multinomial(some, len(self.codebook), replacement=True)]


def _mean_square(error: Tensor, weight: Tensor) -> Tensor:
    """Return the mean of the squares of error (..., k), weighted by weight (...,)."""
    return (weight * (error**2).mean(dim=-1)).sum() / weight.sum().clamp(
        min=torch.finfo(weight.dtype).tiny
    )


@torch.no_grad()
def restored(codebook: Floats, counts: F64, params: dict[str, float]) -> StraightThrough:
    """Return a layer that goes on from codebook (K, k), whose type it has, and counts (K,)."""
    n_codewords, k = codebook.shape
    with torch.random.fork_rng(devices=[]):
        layer = StraightThrough(n_codewords, k, **params)
    layer.to(torch.tensor(codebook).dtype)
    layer.codebook.copy_(torch.tensor(codebook))
    layer.counts.copy_(torch.tensor(counts))
    layer.n_batches += 1  # so that the next batch is not taken for the first
    return layer


@torch.no_grad()
def learn(layer: StraightThrough, X: Floats, weight: Floats) -> None:
    """Let `layer` learn from X (n, k) with weight (n,), the same each time."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(layer.n_batches))  # the same draws wherever it is called from
        layer(torch.from_numpy(np.ascontiguousarray(X)), torch.from_numpy(weight))
