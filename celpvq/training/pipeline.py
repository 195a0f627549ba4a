"""From a folder of speech to a set of tables, book by book, with a checkpoint after each."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from .._types import F64
from ..codec.modes import FRAME_LEN, LPC_ORDER, SAMPLERATE, SUBFRAME_LEN, Mode, fcb_stages, modes
from ..codec.tables import TableSet, expected, fcb_names, gain_name, lsf_names, predictor_name
from . import gain_books, lsf_books, shape_books
from .corpus import Clip, hold_back, in_turn
from .harvest import Harvest, harvest
from .parallel import in_order
from .progress import Log
from .shape_books import Targets

Arrays = dict[str, F64]

_SILENT = 1e-10  # energy of a target below which it is not trained on


@dataclass(frozen=True, slots=True)
class Plan:
    """How much of everything; the provenance of the tables records it."""

    seed: int = 1
    held_back: float = 0.08  # share of the clips, other speakers
    level_db: float = 10.0  # recordings are scaled by up to this, triangularly distributed
    lsf_rounds: int = 10
    first_minutes: float = 6.0  # of the harvest by untrained books
    first_iterations: int = 6
    minutes: float = 24.0  # of the harvest in the loop
    targets: int = 120_000
    iterations: int = 16
    preset: str = "default"  # of the harvest in the loop


class Checkpoint:
    """Books that are done, in one file that is replaced after each."""

    def __init__(self, path: Path, key: str, log: Log) -> None:
        self.path, self.key = path, key
        self.arrays: Arrays = {}
        if path.is_file():
            with np.load(path, allow_pickle=False) as data:
                if bytes(data["key"]).decode() == key:
                    self.arrays = {name: data[name] for name in data.files if name != "key"}
                    log(f"{path}: goes on after {len(self.arrays)} books")

    def get(self, names: Sequence[str], make: Callable[[], Sequence[F64]]) -> list[F64]:
        """Return the books of `names`, from the checkpoint or made, and then kept there."""
        if not all(name in self.arrays for name in names):
            self.arrays.update(zip(names, make(), strict=True))
            part = self.path.with_suffix(".part.npz")
            np.savez(part, key=np.frombuffer(self.key.encode(), np.uint8), **self.arrays)  # type: ignore[arg-type]
            part.replace(self.path)
        return [self.arrays[name] for name in names]


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
    listing = json.dumps([asdict(plan), [(str(c.path), c.path.stat().st_size) for c in kept]])
    key = hashlib.sha256(listing.encode()).hexdigest()
    checkpoint = Checkpoint(work, key, log)
    recordings = list(in_order(Clip.read, kept))
    minutes = sum(map(len, recordings)) / SAMPLERATE / 60
    log(f"{len(kept)} clips, {minutes:.1f} minutes; {len(held)} clips held back")
    recordings = [x for x in recordings if len(x) >= 4 * FRAME_LEN]

    arrays: Arrays = {}
    _train_lsf(arrays, recordings, plan, checkpoint, log)
    varied = _vary_levels(recordings, plan)
    for mode in modes():
        _train_excitation(arrays, mode, varied, plan, checkpoint, log)
    provenance = {
        "sources": sorted({clip.source for clip in kept}),
        "clips": len(kept),
        "minutes": round(minutes, 1),
        "plan": asdict(plan),
    }
    return TableSet(arrays, provenance)


def _train_lsf(
    arrays: Arrays, recordings: Sequence[F64], plan: Plan, checkpoint: Checkpoint, log: Log
) -> None:
    """Add mean, predictors and books of the LSF quantizers of all modes."""
    spectra: list[lsf_books.Spectra] = []  # made when first needed
    for mode in modes():
        names = ("lsf_mean", "lsf_rho", *lsf_names(mode))

        def make(mode: Mode = mode) -> Sequence[F64]:
            if not spectra:
                spectra.append(lsf_books.analyze(recordings))
            return lsf_books.train(
                spectra[0], mode.bits("lsf")[1:], plan.lsf_rounds, plan.seed, log
            )

        arrays.update(zip(names, checkpoint.get(names, make), strict=True))


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


def _train_excitation(
    arrays: Arrays,
    mode: Mode,
    recordings: Sequence[F64],
    plan: Plan,
    checkpoint: Checkpoint,
    log: Log,
) -> None:
    """Add fixed codebooks, gain predictor and gain books of `mode`.

    First with untrained books on a little speech, then again in the loop of what that gave, and in
    the end the gains in the loop of the final shapes.
    """
    sizes = list(dict.fromkeys(mode.bits("fcb")))
    book_names = [name for bits in sizes for name in fcb_names(bits)]
    gain_bits = list(dict.fromkeys(mode.bits("gain")))
    gain_names = [predictor_name(mode), *(gain_name(mode, bits) for bits in gain_bits)]
    own = {**_untrained(plan.seed), **{k: v for k, v in arrays.items() if k.startswith("lsf")}}

    def shapes(minutes: float, preset: str, iterations: int, start: bool) -> Sequence[F64]:
        found = harvest(_first(recordings, minutes), mode, TableSet(own), preset)
        targets = _targets(found, plan.targets, plan.seed)
        log(f"{mode.name}: {len(targets.rest)} targets")
        books: list[F64] = []
        for bits in sizes:
            stages = [own[name] for name in fcb_names(bits)]
            if not start:
                stages = _first_stages(targets, bits, plan.seed, log)
            log(f"{mode.name}: fixed codebook of {bits} bits, {[len(s) for s in stages]} shapes")
            books += shape_books.design(targets, stages, iterations, plan.seed, log)[0]
        return books

    def level_books(minutes: float, preset: str) -> Sequence[F64]:
        found = harvest(_first(recordings, minutes), mode, TableSet(own), preset)
        predictor = gain_books.train_predictor(found)
        log(f"{mode.name}: gain predictor {np.round(predictor, 3).tolist()}")
        return [
            predictor,
            *(gain_books.train_book(found, predictor, b, plan.seed, log) for b in gain_bits),
        ]

    def step(label: str, names: Sequence[str], make: Callable[[], Sequence[F64]]) -> None:
        kept = [f"{label}/{mode.name}/{name}" for name in names]
        own.update(zip(names, checkpoint.get(kept, make), strict=True))

    few = plan.first_minutes
    step("first", book_names, lambda: shapes(few, "fast", plan.first_iterations, start=False))
    step("first", gain_names, lambda: level_books(few, "fast"))
    step(
        "final", book_names, lambda: shapes(plan.minutes, plan.preset, plan.iterations, start=True)
    )
    step("final", gain_names, lambda: level_books(plan.minutes / 2, plan.preset))
    arrays.update({name: own[name] for name in (*book_names, *gain_names)})


def _targets(found: Harvest, n: int, seed: int) -> Targets:
    """Return n audible subframes drawn at random, their targets scaled to unit energy."""
    energy = (found.rest**2).sum(axis=1)
    audible = np.flatnonzero((energy > _SILENT) & (found.moments[:, 0] > _SILENT))
    drawn = np.random.default_rng(seed).permutation(audible)[:n]
    rest = found.rest[drawn] / np.sqrt(energy[drawn])[:, None]
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
