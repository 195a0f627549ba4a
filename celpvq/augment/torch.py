"""A telephone line as a module of PyTorch, for batches."""

from collections.abc import Mapping
from typing import Any

from .. import _threads
from .._packages import needed_by
from ..audio import check_samplerate
from ..errors import ArgumentError
from ._lines import as_line
from .drawn_line import DrawnLine
from .line import TelephoneLine

with needed_by("celpvq.augment.torch", "celpvq[torch]"):
    import torch
    from torch import Tensor


class TelephoneLineModule(torch.nn.Module):
    """Pass each signal of a batch through a telephone line of its own.

    It acts in training mode only. The codec runs on the processor, whatever the device of the
    batch, and no gradient passes through it.

    Parameters
    ----------
    line : TelephoneLine, or dict as made by `TelephoneLine.to_dict`
        The lines that may occur.
    sample_rate : int
        Rate of the signals [Hz].
    n_threads : int, optional
        Number of threads that work on a batch; None for one per processor. In the workers of a data
        loader, one is right.

    Attributes
    ----------
    last_lines : list of DrawnLine
        The lines of the last batch.
    """

    def __init__(
        self, line: TelephoneLine | Mapping[str, Any] | None, sample_rate: int, *,
        n_threads: int | None = 1,
    ) -> None:  # fmt: skip
        super().__init__()
        self.line = as_line(line)
        self.sample_rate = check_samplerate(sample_rate, "sample_rate")
        self.n_threads = n_threads
        self.last_lines: list[DrawnLine] = []

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Return a batch after the lines.

        Parameters
        ----------
        x : Tensor, shape (n,), (batch, n) or (batch, n_channels, n)
            Floats, full scale 1.
        lengths : Tensor, shape (batch,), optional
            Length of each signal relative to n, as in SpeechBrain [0 to 1]. The padding behind a
            signal stays as it is.

        Returns
        -------
        Tensor
            Of the shape, the type and the device of `x`.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If the shapes do not agree, if a length is out of range, or as `TelephoneLine` does.
        """
        if not self.training:
            return x
        self.last_lines = [self.line.draw(seed) for seed in draw_seeds(len(x) if x.ndim > 1 else 1)]
        return apply_lines(self.last_lines, x, self.sample_rate, lengths, self.n_threads)


def draw_seeds(n: int) -> list[int]:
    """Return n seeds from PyTorch's generator of the processor."""
    seeds: list[int] = torch.randint(0, 1 << 62, (n,)).tolist()
    return seeds


def apply_lines(
    lines: list[DrawnLine], x: Tensor, sample_rate: int, lengths: Tensor | None = None,
    n_threads: int | None = 1,
) -> Tensor:  # fmt: skip
    """Return the signals of a batch, each after its line; `TelephoneLineModule` explains the rest.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        As `TelephoneLineModule` does.
    """
    if x.ndim not in (1, 2, 3):
        raise ArgumentError(
            f"x: expected shape (n,), (batch, n) or (batch, n_channels, n), got {tuple(x.shape)}"
        )
    batch = (x if x.ndim > 1 else x[None]).detach()
    if len(lines) != len(batch):
        raise ArgumentError(f"lines: expected {len(batch)}, one for each signal, got {len(lines)}")
    wide = batch.dtype in (torch.float32, torch.float64)
    signals = batch.to("cpu", batch.dtype if wide else torch.float32).numpy()
    ends = _ends(lengths, len(batch), batch.shape[-1])

    def work(row: int) -> Tensor:
        return torch.from_numpy(lines[row](signals[row, ..., : ends[row]], sample_rate))

    result = batch.clone()
    for row, y in enumerate(_threads.in_order(work, range(len(batch)), n_threads)):
        result[row, ..., : ends[row]] = y.to(batch.device, batch.dtype)
    return result.reshape(x.shape)


def _ends(lengths: Tensor | None, n_signals: int, n: int) -> list[int]:
    """Return where the signals of a batch end [samples]."""
    if lengths is None:
        return [n] * n_signals
    shares = [float(share) for share in torch.as_tensor(lengths).reshape(-1)]
    if len(shares) != n_signals:
        raise ArgumentError(f"lengths: expected {n_signals} numbers, got {len(shares)}")
    if not all(0 <= share <= 1 + 1e-6 for share in shares):  # a quotient in float32 may exceed 1
        raise ArgumentError(f"lengths: expected numbers from 0 to 1, got {shares}")
    return [min(round(share * n), n) for share in shares]
