"""Sound that is being read from a file."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._types import F64
from ..codec.common.samples import scaled
from .arrays import check_channel, mix


class Sound:
    """Sound that is being read: its format, and its samples block by block.

    Attributes
    ----------
    samplerate : int
        Rate [Hz].
    channels : int
        Number of channels.
    n_samples : int or None
        Length of each channel, None if it is known at the end only.
    notes : list of str
        What is wrong with the file: sound that is missing, headers that do not agree with the data.
        Complete when all blocks have been read.
    blocks : iterator of ndarray, (n, channels) each
        Samples, float64 or int16.
    n_clipped : int
        How many samples that were read by `mono` are beyond full scale.
    peak : float
        The largest of them.
    """

    def __init__(
        self, samplerate: int, channels: int, n_samples: int | None, notes: list[str]
    ) -> None:
        self.samplerate, self.channels, self.n_samples = samplerate, channels, n_samples
        self.notes = notes
        self.blocks: Iterator[NDArray[Any]] = iter(())
        self.n_clipped = 0
        self.peak = 1.0

    def mono(self, channel: int | None = None) -> Iterator[F64]:
        """Yield one channel (n,) of float64 in [-1, 1]: the mean of all, or the one asked for.

        Raises
        ------
        ArgumentError
            If there is no such channel, or a sample is not finite.
        """
        check_channel(channel, self.channels)
        for block in self.blocks:
            samples = scaled(block)
            if block.dtype.kind == "f":
                beyond = np.abs(block)
                self.n_clipped += int(np.count_nonzero(beyond > 1))
                self.peak = max(self.peak, float(beyond.max(initial=0)))
            yield mix(samples.T, channel)

    @property
    def clipping(self) -> str | None:
        """What `mono` has clipped so far, in words; None if nothing."""
        if not self.n_clipped:
            return None
        return f"{self.n_clipped} samples beyond full scale were clipped, the largest {self.peak:g}"
