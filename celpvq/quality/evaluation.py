"""Score codecs on many clips, on all processors."""

import multiprocessing
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from ..errors import ArgumentError
from .perceptual import estoi, pesq_nb, visqol
from .signal import Signal, segmental_snr

Measure = Callable[[Signal, Signal], float]
Codec = Callable[[Signal], NDArray[np.floating]]

MEASURES: Mapping[str, Measure] = MappingProxyType(
    {"pesq": pesq_nb, "estoi": estoi, "visqol": visqol, "segsnr": segmental_snr}
)


@dataclass(frozen=True, slots=True)
class Row:
    """The scores of one clip through one codec."""

    codec: str
    clip: str
    scores: Mapping[str, float]


def score(
    ref: Signal, deg: NDArray[np.floating], measures: Mapping[str, Measure] = MEASURES
) -> dict[str, float]:
    """Return every measure of one coded signal.

    Parameters
    ----------
    ref, deg : ndarray, shape (n,)
        Original and coded speech at 8000 Hz, aligned, in one scale.
    measures : mapping of str to callable
        Functions of (ref, deg), under the names that the result has.

    Returns
    -------
    dict of str to float
        The scores; ``nan`` where a measure refuses the signals (silence, too little speech).
    """
    scores = {}
    coded = np.asarray(deg, dtype=np.float64)
    for name, measure in measures.items():
        try:
            scores[name] = measure(ref, coded)
        except ArgumentError:
            scores[name] = float("nan")
    return scores


def evaluate(
    clips: Mapping[str, Signal],
    codecs: Mapping[str, Codec],
    measures: Mapping[str, Measure] = MEASURES,
    jobs: int = 1,
) -> Iterator[Row]:
    """Yield the scores of every clip through every codec, codec by codec, as they are ready.

    Parameters
    ----------
    clips : mapping of str to ndarray, shape (n,)
        Speech at 8000 Hz.
    codecs : mapping of str to callable
        Functions from speech (n,) to coded speech (n,), aligned. Closures serve where processes
        can be forked; elsewhere they have to be picklable.
    measures : mapping of str to callable
        As in `score`.
    jobs : int
        Number of processes; 1 stays in this one.

    Yields
    ------
    Row
        One for each codec and clip, in the order of the arguments.
    """
    tasks = [(codec, clip) for codec in codecs for clip in clips]
    work = _Work(clips, codecs, measures)
    if jobs == 1:
        yield from (work.row(task) for task in tasks)
        return
    forks = "fork" in multiprocessing.get_all_start_methods()
    with ProcessPoolExecutor(
        max_workers=jobs,
        mp_context=multiprocessing.get_context("fork" if forks else "spawn"),
        initializer=_set_work,
        initargs=(work,),
    ) as pool:
        yield from pool.map(_row, tasks)


def summarize(rows: Sequence[Row]) -> dict[str, dict[str, tuple[float, float]]]:
    """Return ``{codec: {measure: (mean, standard error of the mean)}}``."""
    summary: dict[str, dict[str, tuple[float, float]]] = {}
    for codec in dict.fromkeys(row.codec for row in rows):
        scores = [row.scores for row in rows if row.codec == codec]
        summary[codec] = {name: _mean_and_error([s[name] for s in scores]) for name in scores[0]}
    return summary


def table(summary: Mapping[str, Mapping[str, tuple[float, float]]], title: str = "codec") -> str:
    """Return a summary as a Markdown table, each entry as mean +- standard error."""
    measures = list(next(iter(summary.values()), {}))
    rows = [
        [codec, *(f"{mean:.3f} ± {error:.3f}" for mean, error in scores.values())]
        for codec, scores in summary.items()
    ]
    lines = [[title, *measures], ["---"] * (1 + len(measures)), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


@dataclass(frozen=True, slots=True)
class _Work:
    """What a process needs to do its tasks."""

    clips: Mapping[str, Signal]
    codecs: Mapping[str, Codec]
    measures: Mapping[str, Measure]

    def row(self, task: tuple[str, str]) -> Row:
        """Code and score one clip."""
        codec, clip = task
        ref = self.clips[clip]
        return Row(codec, clip, score(ref, self.codecs[codec](ref), self.measures))


_work: _Work


def _set_work(work: _Work) -> None:
    """Keep `work` in a new process, whose parallel kernels get one thread: processes are many."""
    global _work
    import numba

    _work = work
    numba.set_num_threads(1)


def _row(task: tuple[str, str]) -> Row:
    """Do one task in a process that `_set_work` has prepared."""
    return _work.row(task)


def _mean_and_error(values: Sequence[float]) -> tuple[float, float]:
    """Return the mean and its standard error; nan for the error of fewer than two values."""
    error = np.std(values, ddof=1) / np.sqrt(len(values)) if len(values) > 1 else float("nan")
    return float(np.mean(values)), float(error)
