"""Parts of coded clips that are trained on: equally long, drawn at random or from the middles."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ...codec.format.modes import FRAME_LEN, N_SUBFRAMES, modes
from ...errors import ArgumentError
from .material import Coded

Arrays = list[npt.NDArray[Any]]  # reference, speech, features and lag of a batch


class Parts:
    """Parts of coded clips, drawn at random, as many of each bit rate."""

    def __init__(self, coded: Sequence[Coded], n_frames: int) -> None:
        self.coded, self.n_frames = coded, n_frames
        self.by_rate: list[list[int]] = []
        for mode in modes():
            fit = [
                i for i, clip in enumerate(coded)
                if clip.bitrate == mode.bitrate and len(clip.ref) >= n_frames * FRAME_LEN
            ]  # fmt: skip
            if not fit:
                raise ArgumentError(
                    f"training: no clip of {n_frames} frames for {mode.bitrate} bit/s"
                )
            self.by_rate.append(fit)
        self.chance = []
        for fit in self.by_rate:
            room = np.array([len(coded[i].ref) // FRAME_LEN - n_frames + 1 for i in fit], float)
            room = np.sqrt(room)  # a long clip is one voice only
            self.chance.append(room / room.sum())

    def draw(self, batch: int, rng: np.random.Generator) -> Arrays:
        """Return reference, speech, features and lag of a batch of parts."""
        picked = []
        for b in range(batch):
            fit, chance = (x[b % len(x)] for x in (self.by_rate, self.chance))
            clip = self.coded[int(rng.choice(fit, p=chance))]
            first = int(rng.integers(len(clip.ref) // FRAME_LEN - self.n_frames + 1))
            picked.append((clip, first))
        return _stack(picked, self.n_frames)


def _stack(picked: Sequence[tuple[Coded, int]], n_frames: int) -> Arrays:
    """Return the arrays of parts, given as clips and their first frames."""

    def cut(name: str, per_frame: int) -> npt.NDArray[Any]:
        return np.stack(
            [
                getattr(clip, name)[first * per_frame : (first + n_frames) * per_frame]
                for clip, first in picked
            ]
        )

    arrays = [cut("ref", FRAME_LEN), cut("speech", FRAME_LEN)]
    arrays += [cut("features", N_SUBFRAMES), cut("lag", N_SUBFRAMES).astype(np.int64)]
    return arrays


def middles(coded: Sequence[Coded], n_frames: int, batch: int) -> Iterator[Arrays]:
    """Yield batches of parts of n_frames, one from the middle of each clip that is long enough."""
    long = [clip for clip in coded if len(clip.ref) >= n_frames * FRAME_LEN]
    picked = [(clip, (len(clip.ref) // FRAME_LEN - n_frames) // 2) for clip in long]
    for i in range(0, len(picked), batch):
        yield _stack(picked[i : i + batch], n_frames)
