"""Compare codecs on a folder of speech: every clip through every codec, in processes."""

import itertools
import multiprocessing
import os
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass

from ..codec.format.modes import SAMPLERATE
from ..errors import CelpvqError
from ..quality.evaluation import score, score_names
from .clips import Clip
from .contenders import UNKNOWN, Contender
from .scores import Result, ScoresFile


@dataclass(frozen=True, slots=True)
class Task:
    """The measurements of a clip and a codec that are still to be done."""

    contender: Contender
    clip: Clip
    key: str
    measures: tuple[str, ...]
    known: Result | None  # of an earlier run, with other measures


def plan(
    clips: Sequence[Clip],
    contenders: Sequence[Contender],
    measures: Sequence[str],
    scores: ScoresFile,
) -> list[Task]:
    """Return the tasks whose results `scores` does not hold yet, codec by codec.

    A result holds as long as its key does, if every measure asked for is in it. A clip that failed
    is tried again.
    """
    tasks = []
    for contender, clip in itertools.product(contenders, clips):
        key = contender.key(clip)
        known = scores.results.get((contender.name, clip.name))
        if known and (known.problem or not key or scored_part(known.key) != scored_part(key)):
            known = None
        there = known.scores if known else {}
        missing = tuple(m for m in measures if not there.keys() >= set(score_names([m])))
        if missing or not known or known.key != key:
            tasks.append(Task(contender, clip, key, missing, known))
    return tasks


def scored_part(key: str) -> str:
    """Return the part of a key that scores depend on; see `Contender.key`."""
    return key.partition("-")[0]


def do(task: Task) -> Result:
    """Code and score a clip; a failure is a result as well."""
    name, clip = task.contender.name, task.clip
    try:
        ref = clip.read()
        coded = task.contender.code(clip, ref)
        scores = score(ref, coded.samples, task.measures)
    except Exception as error:
        lost = dict.fromkeys(score_names(task.measures), UNKNOWN)
        problem = f"{type(error).__name__}: {error}"
        return Result(
            name, clip.name, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, lost, problem, task.key
        )  # fmt: skip
    known = task.known.scores if task.known else {}
    return Result(
        name, clip.name, ref.size / SAMPLERATE, coded.kbps, coded.encode_s, coded.decode_s,
        {**known, **scores}, "", task.key,
    )  # fmt: skip


def compare(tasks: Sequence[Task], scores: ScoresFile, jobs: int = 1) -> Iterator[Result]:
    """Do the tasks; yield each result once the file of scores holds it.

    Parameters
    ----------
    tasks : sequence of Task
        From `plan`.
    scores : ScoresFile
        Receives the results.
    jobs : int
        Number of processes; 1 stays in this one.
    """
    for result in map(do, tasks) if jobs == 1 else _in_processes(tasks, jobs):
        scores.add(result)
        yield result


def _in_processes(tasks: Sequence[Task], jobs: int) -> Iterator[Result]:
    """Yield results as they are ready, from fresh processes: forked ones share threads' locks."""
    for library in ("OMP", "OPENBLAS"):
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")
    pool = ProcessPoolExecutor(
        jobs, mp_context=multiprocessing.get_context("spawn"), initializer=_ignore_interrupts
    )
    try:
        yield from (done.result() for done in as_completed([pool.submit(do, t) for t in tasks]))
    except BrokenProcessPool:
        raise CelpvqError("a process was killed; the results so far are kept") from None
    finally:
        pool.shutdown(cancel_futures=True)


def _ignore_interrupts() -> None:
    """Leave Ctrl-C to the parent process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
