"""Training of a set of tables, book by book, with a checkpoint after each."""

import functools
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from .._numba import CACHE_DIR
from .._threads import in_order
from .._types import F64
from ..codec.common.table_set import TableSet
from ..codec.common.tables import SID_BOOK, lsf_names
from ..codec.format.modes import FRAME_LEN, SAMPLERATE, SID_LSF_BITS, bit_table, modes
from ..errors import ArgumentError
from . import lsf_books, lsf_frames, sid_book, untrained
from .assignment import assign
from .checkpoint import Arrays, Books, Checkpoint, Errors
from .corpus import Clip, balanced, hold_back
from .excitation import Excitation
from .plan import Plan
from .progress import Log


def train(clips: Sequence[Clip], plan: Plan, work: Path, log: Log) -> TableSet:
    """Return tables trained on the clips.

    Parameters
    ----------
    clips : sequence of Clip
        Recordings of some minutes or more in all.
    plan : Plan
        Amounts of data and iterations.
    work : Path
        File of the checkpoint. The same plan, clips and version of the program continue from it.
    log : callable
        Takes lines of text about the progress.

    Raises
    ------
    ArgumentError
        If the clips hold too little speech.
    """
    kept, held = hold_back(clips, plan.held_back, plan.seed)
    kept = balanced(kept, plan.seed)
    sizes = [(str(clip.path), clip.path.stat().st_size) for clip in kept]
    # the folder of compiled code is named after the sources
    identity = [asdict(plan), bit_table(), CACHE_DIR.name, sizes]
    checkpoint = Checkpoint(work, json.dumps(identity), log)
    recordings = list(in_order(Clip.read, kept))
    provenance = _provenance(kept, recordings, plan)
    log(f"{len(kept)} clips, {provenance['minutes']} minutes; {len(held)} clips held back")
    recordings = [x for x in recordings if len(x) >= 4 * FRAME_LEN]
    if not recordings:
        raise ArgumentError("training: no recording is as long as four frames")

    arrays, errors = _train_lsf(recordings, plan, checkpoint, log)
    start, varied = untrained.arrays(plan.seed), vary_levels(recordings, plan)
    for mode in modes():
        excitation = Excitation(mode, arrays, start, varied, plan, checkpoint, log)
        new, new_errors = excitation.train()
        arrays, errors = arrays | new, errors | new_errors
    provenance["errors"] = {name: float(f"{error:.5g}") for name, error in errors.items()}
    return TableSet(assign(arrays, plan.seed, log), provenance)


def _provenance(clips: Sequence[Clip], recordings: Sequence[F64], plan: Plan) -> dict[str, Any]:
    """Return the origin of tables trained on the clips, which names sources but no persons."""
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
    recordings: Sequence[F64], plan: Plan, checkpoint: Checkpoint, log: Log
) -> tuple[Arrays, Errors]:
    """Return the LSF books of all modes and of SIDs, and their errors."""
    frames = functools.cache(partial(lsf_frames.analyze, recordings))  # only if needed
    arrays: Arrays = {}
    errors: Errors = {}

    def make_lsf(bits: Sequence[int]) -> Books:
        return lsf_books.train(frames(), bits, plan.lsf_rounds, plan.seed, log)

    def make_sid() -> Books:
        book, error = sid_book.train(frames(), recordings, SID_LSF_BITS, plan.seed, log)
        return [book], error

    for mode in modes():
        bits = mode.bits("lsf")
        names = ("lsf_mean", "lsf_rho", *lsf_names(mode))
        books, errors[f"lsf{sum(bits)}"] = checkpoint.get(names, partial(make_lsf, bits[1:]))
        arrays |= zip(names, books, strict=True)
    [arrays[SID_BOOK]], errors[SID_BOOK] = checkpoint.get([SID_BOOK], make_sid)
    return arrays, errors


def vary_levels(recordings: Sequence[F64], plan: Plan) -> list[F64]:
    """Return the recordings scaled at random by at most `plan.level_db`, clipped to [-1, 1]."""
    rng = np.random.default_rng(plan.seed)
    levels_db = rng.triangular(-1, 0, 1, len(recordings)) * plan.level_db
    gains = 10 ** (levels_db / 20)
    return [np.clip(x * gain, -1, 1) for x, gain in zip(recordings, gains, strict=True)]
