"""Training of the excitation codebooks of a mode: fixed codebooks, gain predictor, gain books."""

import functools
from collections.abc import Sequence
from functools import partial

import numpy as np

from .._types import F64
from ..codec.common.table_set import TableSet
from ..codec.common.tables import fcb_names, gain_name, predictor_name
from ..codec.format.modes import SAMPLERATE, Mode
from . import code_vector_init, code_vectors, gain_books, gain_predictor, subframes, targets
from .checkpoint import Arrays, Books, Checkpoint, Errors, Make
from .plan import Plan
from .progress import Log
from .subframes import Subframes


class Excitation:
    """The training of one mode.

    arrays, start : finished arrays, and untrained ones for all others. A fixed codebook that is
    finished, since another mode shares it, stays.
    recordings : (n_samples,) each, at 8 kHz.
    """

    def __init__(
        self, mode: Mode, arrays: Arrays, start: Arrays, recordings: Sequence[F64], plan: Plan,
        checkpoint: Checkpoint, log: Log,
    ) -> None:  # fmt: skip
        self.mode, self.recordings, self.plan = mode, recordings, plan
        self.checkpoint, self.log = checkpoint, log
        self.arrays = start | arrays
        fcb_bits, gain_bits = (dict.fromkeys(mode.bits(field)) for field in ("fcb", "gain"))
        self.fcbs = {bits: fcb_names(bits) for bits in fcb_bits if fcb_names(bits)[0] not in arrays}
        self.gains = {bits: gain_name(mode, bits) for bits in gain_bits}
        self.errors: Errors = {}

    def train(self) -> tuple[Arrays, Errors]:
        """Return the new arrays and their errors.

        The first round takes little speech, coded with untrained tables. Each further round takes
        speech coded with the tables of the round before.
        """
        plan = self.plan
        self._train_fcbs("first", plan.first_minutes, "fast", plan.first_iterations)
        self._train_gains("first", plan.first_minutes, "fast")
        self._train_fcbs("second", plan.minutes / 3, plan.preset, -(-plan.iterations // 2))
        self._train_gains("second", plan.minutes / 6, plan.preset)
        self._train_fcbs("final", plan.minutes, plan.preset, plan.iterations)
        self._train_gains("final", plan.minutes / 2, plan.preset)
        names = [name for both in self.fcbs.values() for name in both]
        names += [predictor_name(self.mode), *self.gains.values()]
        return {name: self.arrays[name] for name in names}, self.errors

    def _train_fcbs(self, label: str, minutes: float, preset: str, n_iterations: int) -> None:
        """Train all fixed codebooks on the same subframes, each from its last state if any."""
        collected = functools.cache(partial(self._subframes, minutes, preset))
        seed, log = self.plan.seed, self.log

        def make(bits: int) -> Books:
            drawn = targets.draw(collected(), self.plan.targets, seed)
            log(f"{self.mode.name}: fixed codebook, {bits} bits, {len(drawn.target)} targets")
            if label == "first":
                stages = code_vector_init.stages(drawn, bits, seed, log)
            else:
                stages = [self.arrays[name] for name in self.fcbs[bits]]
            books, history = code_vectors.design(drawn, stages, n_iterations, seed, log)
            return books, min(history)

        new: Arrays = {}
        for bits, names in self.fcbs.items():
            new |= self._keep(label, f"fcb{bits}", names, partial(make, bits))
        self.arrays |= new

    def _train_gains(self, label: str, minutes: float, preset: str) -> None:
        """Train the gain predictor and the gain books on the same subframes."""
        collected = functools.cache(partial(self._subframes, minutes, preset))
        title = predictor_name(self.mode)

        def make_predictor() -> Books:
            predictor, error_db = gain_predictor.train(collected())
            self.log(f"{self.mode.name}: gain predictor {np.round(predictor, 3).tolist()}")
            return [predictor], error_db

        def make_book(bits: int) -> Books:
            book, error = gain_books.train(collected(), new[title], bits, self.plan.seed, self.log)
            return [book], error

        new = self._keep(label, title, [title], make_predictor)
        for bits, name in self.gains.items():
            new |= self._keep(label, name, [name], partial(make_book, bits))
        self.arrays |= new

    def _subframes(self, minutes: float, preset: str) -> Subframes:
        """Return the subframes of the first recordings that fill `minutes`."""
        ends = np.cumsum([len(x) for x in self.recordings]) / SAMPLERATE / 60
        some = self.recordings[: int(np.searchsorted(ends, minutes)) + 1]
        return subframes.collect(some, self.mode, TableSet(self.arrays), preset)

    def _keep(self, label: str, title: str, names: Sequence[str], make: Make) -> Arrays:
        """Return the arrays of `names` from the checkpoint, or make them; note their error."""
        kept = [f"{label}/{self.mode.name}/{name}" for name in names]
        books, self.errors[title] = self.checkpoint.get(kept, make)
        return dict(zip(names, books, strict=True))
