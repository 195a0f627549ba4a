"""A telephone line as a transform of torch-audiomentations."""

from collections.abc import Mapping
from typing import Any

from .._packages import needed_by
from ..audio import check_samplerate
from ._lines import as_line
from .line import TelephoneLine
from .torch import apply_lines, draw_seeds

with needed_by("celpvq.augment.torch_audiomentations", "torch-audiomentations"):
    from torch import Tensor
    from torch_audiomentations.core.transforms_interface import BaseWaveformTransform
    from torch_audiomentations.utils.object_dict import ObjectDict


class ApplyTelephoneLine(BaseWaveformTransform):
    """Pass the signals of a batch (batch, n_channels, n) through telephone lines.

    The codec runs on the processor, whatever the device of the batch, and no gradient passes
    through it. Targets stay as they are.

    Parameters
    ----------
    line : TelephoneLine, or dict as made by `TelephoneLine.to_dict`
        The lines that may occur.
    n_threads : int, optional
        Number of threads that work on a batch; None for one per processor.
    **options
        As for any transform of torch-audiomentations: ``mode``, ``p``, ``p_mode``,
        ``sample_rate``, ``target_rate``, ``output_type``.

    Notes
    -----
    The seeds come from PyTorch's generator. ``transform_parameters["lines"]`` holds the lines of
    the last batch.
    """

    def __init__(
        self, line: TelephoneLine | Mapping[str, Any] | None = None, *,
        n_threads: int | None = 1, **options: Any,
    ) -> None:  # fmt: skip
        super().__init__(**options)
        self.line = as_line(line)
        self.n_threads = n_threads

    def randomize_parameters(
        self, samples: Tensor, sample_rate: int | None = None, targets: Tensor | None = None,
        target_rate: int | None = None,
    ) -> None:  # fmt: skip
        """Draw a line for each signal."""
        seeds = draw_seeds(len(samples))
        self.transform_parameters["lines"] = [self.line.draw(seed) for seed in seeds]

    def apply_transform(
        self, samples: Tensor, sample_rate: int | None = None, targets: Tensor | None = None,
        target_rate: int | None = None,
    ) -> ObjectDict:  # fmt: skip
        """Return the batch after the lines."""
        lines = self.transform_parameters["lines"]
        rate = check_samplerate(sample_rate, "sample_rate")
        return ObjectDict(
            samples=apply_lines(lines, samples, rate, n_threads=self.n_threads),
            sample_rate=sample_rate,
            targets=targets,
            target_rate=target_rate,
        )
