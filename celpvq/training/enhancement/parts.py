"""Parts of coded clips that are trained on: equally long, drawn at random or from the middles."""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ..._types import I64
from ...codec.format.modes import modes
from ...errors import ArgumentError
from .material import Coded

Batch = list[Tensor]  # reference, speech, features and lag of some parts


class Parts:
    """Parts of coded clips, on the device that trains.

    A clip that is shorter than a part is repeated.
    """

    def __init__(self, coded: Sequence[Coded], n_frames: int, device: torch.device) -> None:
        self.n_frames = n_frames
        self._lengths = np.array([clip.n_frames for clip in coded], dtype=np.int64)
        self._starts = np.cumsum([0, *self._lengths])[:-1]
        n = int(self._lengths.sum())
        self._frames = [
            torch.from_numpy(np.concatenate(column)).to(device).reshape(n, -1, *column[0].shape[1:])
            for column in list(zip(*coded, strict=True))[1:]
        ]
        self._by_rate: list[I64] = []
        self._chance: list[npt.NDArray[np.float64]] = []
        for mode in modes():
            fit = np.flatnonzero([clip.bitrate == mode.bitrate for clip in coded])
            if not len(fit):
                raise ArgumentError(f"training: no clip for {mode.bitrate} bit/s; give more speech")
            self._by_rate.append(fit)
            room = np.sqrt(np.maximum(self._lengths[fit] - n_frames, 0) + 1)  # one voice only
            self._chance.append(room / room.sum())

    def draw(self, batch: int, rng: np.random.Generator) -> Batch:
        """Return a batch of parts drawn at random, as many of each bit rate, in turn."""
        clips, firsts = [], []
        for b in range(batch):
            fit, chance = (x[b % len(x)] for x in (self._by_rate, self._chance))
            clip = rng.choice(fit, p=chance)
            length = self._lengths[clip]
            clips.append(clip)
            room = length - self.n_frames + 1
            firsts.append(rng.integers(room if room > 0 else length))
        return self._take(np.array(clips), np.array(firsts))

    def middles(self, batch: int) -> Iterator[Batch]:
        """Yield batches of the middles of all clips."""
        firsts = np.maximum(self._lengths - self.n_frames, 0) // 2
        for i in range(0, len(firsts), batch):
            clips = np.arange(i, min(i + batch, len(firsts)))
            yield self._take(clips, firsts[clips])

    def _take(self, clips: I64, firsts: I64) -> Batch:
        """Return the parts of `clips` from the frames `firsts` on."""
        within = (firsts[:, None] + np.arange(self.n_frames)) % self._lengths[clips, None]
        where = torch.from_numpy(self._starts[clips, None] + within).to(self._frames[0].device)
        ref, speech, features, lag = (frames[where].flatten(1, 2) for frames in self._frames)
        return [ref, speech, features.float(), lag.long()]
