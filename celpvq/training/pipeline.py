"""From a folder of speech to a set of tables, book by book, with a checkpoint after each."""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .._numba import CACHE_DIR
from .._threads import in_order
from .._types import F64
from ..codec.common.table_set import TableSet
from ..codec.common.tables import (
    SID_BOOK,
    expected,
    fcb_names,
    gain_name,
    lsf_names,
    predictor_name,
)
from ..codec.format.modes import (
    FRAME_LEN,
    LPC_ORDER,
    SAMPLERATE,
    SID_LSF_BITS,
    SUBFRAME_LEN,
    Mode,
    bit_table,
    fcb_stages,
    modes,
)
from ..errors import ArgumentError
from . import gain_books, lsf_books, shape_books, silence_book
from .assignment import assign
from .checkpoint import Arrays, Checkpoint, Make
from .corpus import Clip, hold_back, in_turn
from .harvest import Harvest, harvest
from .loudness import error_weights
from .progress import Log
from .shape_books import Targets

Errors = dict[str, float]

_SILENT = 1e-10  # energy of a target below which it is not trained on


@dataclass(frozen=True, slots=True)
class Plan:
    """How much of everything; the provenance of the tables records it."""

    seed: int = 1
    held_back: float = 0.08  # share of the clips, other speakers
    level_db: float = 10.0  # recordings are scaled by up to this, triangularly distributed
    lsf_rounds: int = 12
    first_minutes: float = 6.0  # of the harvest by untrained books
    first_iterations: int = 6
    minutes: float = 36.0  # of the last harvest in the loop
    targets: int = 200_000
    iterations: int = 12
    preset: str = "default"  # of the harvest in the loop


def train(clips: Sequence[Clip], plan: Plan, work: Path, log: Log) -> TableSet:
    """Return tables trained on the clips.

    Parameters
    ----------
    clips : sequence of Clip
        Recordings of at least some minutes in all.
    plan : Plan
        How much of everything.
    work : Path
        Where the checkpoint is kept; a run of the same plan on the same clips goes on from there.
    log : callable
        Takes lines of text about the progress.
    """
    kept, held = hold_back(clips, plan.held_back, plan.seed)
    kept = in_turn(kept, plan.seed)
    sizes = [(str(clip.path), clip.path.stat().st_size) for clip in kept]
    identity = [asdict(plan), bit_table(), CACHE_DIR.name, sizes]  # of the sources, by their cache
    checkpoint = Checkpoint(work, json.dumps(identity), log)
    recordings = list(in_order(Clip.read, kept))
    provenance = _provenance(kept, recordings, plan)
    log(f"{len(kept)} clips, {provenance['minutes']} minutes; {len(held)} clips held back")
    recordings = [x for x in recordings if len(x) >= 4 * FRAME_LEN]
    if not recordings:
        raise ArgumentError("training: no recording is as long as four frames")

    arrays: Arrays = {}
    errors = _train_lsf(arrays, recordings, plan, checkpoint, log)
    varied = _vary_levels(recordings, plan)
    for mode in modes():
        excitation = _Excitation(mode, arrays, varied, plan, checkpoint, log)
        excitation.train()
        arrays.update({name: excitation.own[name] for name in excitation.names})
        errors.update(excitation.errors)
    arrays = assign(arrays, plan.seed, log)
    provenance["errors"] = {name: float(f"{error:.5g}") for name, error in errors.items()}
    return TableSet(arrays, provenance)


def _provenance(clips: Sequence[Clip], recordings: Sequence[F64], plan: Plan) -> dict[str, Any]:
    """Return where tables trained on the clips come from: sources, not persons."""
    minutes: dict[str, float] = defaultdict(float)
    for clip, x in zip(clips, recordings, strict=True):
        minutes[clip.source] += len(x) / SAMPLERATE / 60
    return {
        "sources": {source: round(minutes[source], 1) for source in sorted(minutes)},
        "clips": len(clips),
        "minutes": round(sum(minutes.values()), 1),
        "plan": asdict(plan),
    }


def _train_lsf(
    arrays: Arrays, recordings: Sequence[F64], plan: Plan, checkpoint: Checkpoint, log: Log
) -> Errors:
    """Add the LSF quantizers of all modes and the silence descriptors; return their errors."""
    found: list[lsf_books.Spectra] = []
    errors: Errors = {}

    def spectra() -> lsf_books.Spectra:  # made when first needed
        if not found:
            found.append(lsf_books.analyze(recordings))
        return found[0]

    for mode in modes():
        bits = mode.bits("lsf")
        names = ("lsf_mean", "lsf_rho", *lsf_names(mode))

        def make(bits: tuple[int, ...] = bits) -> tuple[Sequence[F64], float]:
            return lsf_books.train(spectra(), bits[1:], plan.lsf_rounds, plan.seed, log)

        books, errors[f"lsf{sum(bits)}"] = checkpoint.get(names, make)
        arrays.update(zip(names, books, strict=True))

    def make_silence() -> tuple[Sequence[F64], float]:
        book, error = silence_book.train(spectra(), recordings, SID_LSF_BITS, plan.seed, log)
        return [book], error

    [arrays[SID_BOOK]], errors[SID_BOOK] = checkpoint.get([SID_BOOK], make_silence)
    return errors


def _vary_levels(recordings: Sequence[F64], plan: Plan) -> list[F64]:
    """Return the recordings at levels around their own."""
    levels = np.random.default_rng(plan.seed).triangular(-1, 0, 1, len(recordings)) * plan.level_db
    return [
        np.clip(x * 10 ** (level / 20), -1, 1) for x, level in zip(recordings, levels, strict=True)
    ]


def _first(recordings: Sequence[F64], minutes: float) -> list[F64]:
    """Return the first recordings that fill `minutes`."""
    ends = np.cumsum([len(x) for x in recordings]) / SAMPLERATE / 60
    return list(recordings[: int(np.searchsorted(ends, minutes)) + 1])


class _Excitation:
    """The training of a mode's fixed codebooks, gain predictor and gain books."""

    def __init__(
        self, mode: Mode, arrays: Arrays, recordings: Sequence[F64], plan: Plan,
        checkpoint: Checkpoint, log: Log,
    ) -> None:  # fmt: skip
        self.mode, self.recordings, self.plan = mode, recordings, plan
        self.checkpoint, self.log = checkpoint, log
        # LSF, and the fixed codebooks that an earlier mode shares with this one
        self.own = {**_untrained(plan.seed), **arrays}
        self.sizes = [
            bits for bits in dict.fromkeys(mode.bits("fcb")) if fcb_names(bits)[0] not in arrays
        ]
        self.names: list[str] = []
        self.errors: Errors = {}

    def train(self) -> None:
        """Train on little speech with untrained books, then twice in the loop of what that gave."""
        plan = self.plan
        self._shapes("first", plan.first_minutes, "fast", plan.first_iterations)
        self._gains("first", plan.first_minutes, "fast")
        self._shapes("second", plan.minutes / 3, plan.preset, -(-plan.iterations // 2))
        self._gains("second", plan.minutes / 6, plan.preset)
        self._shapes("final", plan.minutes, plan.preset, plan.iterations)
        self._gains("final", plan.minutes / 2, plan.preset)

    def _harvest(self, minutes: float, preset: str) -> Harvest:
        some = _first(self.recordings, minutes)
        return harvest(some, self.mode, TableSet(self.own), preset)

    def _shapes(self, label: str, minutes: float, preset: str, iterations: int) -> None:
        """Train all fixed codebooks on one harvest, each from its last state if it has one."""
        found: list[Targets] = []  # made when first needed
        new: Arrays = {}  # they change together: one harvest serves all
        for bits in self.sizes:
            names = fcb_names(bits)

            def make(bits: int = bits, names: Sequence[str] = names) -> tuple[Sequence[F64], float]:
                if not found:
                    found.append(_targets(self._harvest(minutes, preset), self.plan))
                    self.log(f"{self.mode.name}: {len(found[0].rest)} targets")
                if label == "first":
                    stages = _first_stages(found[0], bits, self.plan.seed, self.log)
                else:
                    stages = [self.own[name] for name in names]
                sizes = [len(stage) for stage in stages]
                self.log(f"{self.mode.name}: fixed codebook of {bits} bits, {sizes} shapes")
                books, errors = shape_books.design(
                    found[0], stages, iterations, self.plan.seed, self.log
                )
                return books, errors[-1]

            self._keep(label, f"fcb{bits}", names, make, new)
        self.own.update(new)

    def _gains(self, label: str, minutes: float, preset: str) -> None:
        """Train predictor and books of the gains on one harvest."""
        found: list[Harvest] = []
        new: Arrays = {}

        def harvested() -> Harvest:
            if not found:
                found.append(self._harvest(minutes, preset))
            return found[0]

        predictor = predictor_name(self.mode)

        def make_predictor() -> tuple[Sequence[F64], float]:
            taps, error_db = gain_books.train_predictor(harvested())
            self.log(f"{self.mode.name}: gain predictor {np.round(taps, 3).tolist()}")
            return [taps], error_db

        self._keep(label, predictor, [predictor], make_predictor, new)
        for bits in dict.fromkeys(self.mode.bits("gain")):
            name = gain_name(self.mode, bits)

            def make(bits: int = bits) -> tuple[Sequence[F64], float]:
                taps, seed = new[predictor], self.plan.seed
                book, error = gain_books.train_book(harvested(), taps, bits, seed, self.log)
                return [book], error

            self._keep(label, name, [name], make, new)
        self.own.update(new)

    def _keep(self, label: str, title: str, names: Sequence[str], make: Make, new: Arrays) -> None:
        """Put what the checkpoint has, or `make` makes, into `new`; note names and error."""
        kept = [f"{label}/{self.mode.name}/{name}" for name in names]
        books, self.errors[title] = self.checkpoint.get(kept, make)
        new.update(zip(names, books, strict=True))
        if label == "final":
            self.names += names


def _targets(found: Harvest, plan: Plan) -> Targets:
    """Return audible subframes drawn at random, their targets scaled by what an error counts."""
    energy = (found.rest**2).sum(axis=1)
    audible = np.flatnonzero((energy > _SILENT) & (found.moments[:, 0] > _SILENT))
    drawn = np.random.default_rng(plan.seed).permutation(audible)[: plan.targets]
    weight = error_weights(found.moments[drawn, 0])
    weight /= (weight * energy[drawn]).mean()
    rest = found.rest[drawn] * np.sqrt(weight)[:, None]
    return Targets(rest, np.ascontiguousarray(found.impulse[drawn]))


def _first_stages(targets: Targets, bits: int, seed: int, log: Log) -> list[F64]:
    """Return stages to start a book of `bits` from."""
    first, *second = fcb_stages(bits)
    book = shape_books.first_stage(targets, 1 << first, seed)
    if not second:
        return [book]
    log(f"stage 1 alone, {1 << first} shapes")
    [book], _ = shape_books.design(targets, [book], 4, seed, log)
    return [book, shape_books.second_stage(targets, book, 1 << second[0], seed)]


def _untrained(seed: int) -> Arrays:
    """Return arrays of a codec of sorts, to begin the harvest with: sparse noise, even gains."""
    rng = np.random.default_rng(seed)
    arrays: Arrays = {}
    for name, (shape, _) in expected().items():
        if name.startswith("fcb"):
            noise = rng.normal(size=shape)
            noise *= np.abs(noise) > 1.0
            noise[:, 0] += 1e-3
            arrays[name] = noise / np.linalg.norm(noise, axis=1, keepdims=True)
            if name.endswith("_2"):
                arrays[name] *= 0.7
        elif name.startswith("gain"):
            n_gains, n_levels = 4, shape[0] // 4
            pairs = np.meshgrid(
                np.linspace(0.1, 1.0, n_gains), np.linspace(-12, 12, n_levels), indexing="ij"
            )
            arrays[name] = np.stack(pairs, axis=-1).reshape(shape)
        elif name.startswith("predictor"):
            arrays[name] = np.array([-46.0, 0.6, 0.4, 0.25, 0.1])
        else:
            arrays[name] = np.zeros(shape)
    assert arrays["lsf_mean"].shape == (LPC_ORDER,)
    assert all(a.shape[1] == SUBFRAME_LEN for n, a in arrays.items() if n.startswith("fcb"))
    return arrays
