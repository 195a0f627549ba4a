"""Compare codecs on a folder of speech: every clip through every codec, in processes."""

import itertools
import multiprocessing
import os
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path

from ..codec.format.modes import SAMPLERATE
from ..errors import ArgumentError, CelpvqError, SoundFileError
from .checkpoint import Checkpoint, Result
from .contenders import Clip, Contender, read_speech
from .evaluation import MEASURES, score
from .folders import SUFFIXES


@dataclass(frozen=True, slots=True)
class Task:
    """What is left to do for a clip and a codec."""

    contender: Contender
    clip: Clip
    key: str
    measures: tuple[str, ...]
    known: Result | None  # what an earlier run found, with other measures


def find_clips(folder: Path, limit: int | None = None) -> list[Clip]:
    """Return the WAV and FLAC files below a folder, or `limit` of them, evenly spaced.

    Raises
    ------
    ArgumentError
        If there is no such folder or none in it, or one is not at 8000 Hz with one channel.
    SoundFileError
        If one is no sound file.
    """
    if not folder.is_dir():
        raise ArgumentError(f"{folder}: expected a folder of speech")
    paths = sorted(p for p in folder.rglob("*") if p.suffix in SUFFIXES)
    if not paths:
        raise ArgumentError(f"{folder}: expected speech in {' or '.join(SUFFIXES)} files, got none")
    if limit is not None and limit < len(paths):
        paths = [paths[i * len(paths) // limit] for i in range(limit)]
    return [Clip(path.relative_to(folder).as_posix(), path, _seconds(path)) for path in paths]


def _seconds(path: Path) -> float:
    """Return the duration of a clip; raise an error if it cannot be compared."""
    import soundfile

    try:
        info = soundfile.info(path)
    except soundfile.SoundFileError as error:
        reason = getattr(error, "error_string", error)
        raise SoundFileError(f"{path}: not a sound file that can be read ({reason})") from None
    if info.samplerate != SAMPLERATE or info.channels != 1:
        got = f"{info.samplerate} Hz, {info.channels} channels"
        raise ArgumentError(f"{path}: expected {SAMPLERATE} Hz, one channel, got {got}")
    return float(info.duration)


def plan(
    clips: Sequence[Clip],
    contenders: Sequence[Contender],
    measures: Sequence[str],
    checkpoint: Checkpoint,
) -> list[Task]:
    """Return what `checkpoint` does not hold yet, codec by codec.

    A result holds as long as its key does, and every measure asked for is in it; a clip that failed
    is tried again.
    """
    tasks = []
    for contender, clip in itertools.product(contenders, clips):
        key = contender.key(clip)
        known = checkpoint.results.get((contender.name, clip.name))
        if known and (known.problem or not key or _scored(known.key) != _scored(key)):
            known = None
        open_ = tuple(m for m in measures if not known or m not in known.scores)
        if open_ or not known or known.key != key:
            tasks.append(Task(contender, clip, key, open_, known))
    return tasks


def _scored(key: str) -> str:
    """Return the part of a key that scores depend on; see `Contender.key`."""
    return key.partition("-")[0]


def do(task: Task) -> Result:
    """Code and score a clip; a failure is a result, too."""
    name, clip = task.contender.name, task.clip
    nan = float("nan")
    try:
        ref = read_speech(clip.path)
        coded = task.contender.code(clip, ref)
        scores = score(ref, coded.samples, {m: MEASURES[m] for m in task.measures})
    except Exception as error:
        lost = dict.fromkeys(task.measures, nan)
        problem = f"{type(error).__name__}: {error}"
        return Result(name, clip.name, nan, nan, nan, nan, lost, problem, task.key)
    known = task.known.scores if task.known else {}
    return Result(
        name, clip.name, ref.size / SAMPLERATE, coded.kbps, coded.encode_s, coded.decode_s,
        {**known, **scores}, "", task.key,
    )  # fmt: skip


def compare(tasks: Sequence[Task], checkpoint: Checkpoint, jobs: int = 1) -> Iterator[Result]:
    """Do the tasks; yield each result when the checkpoint holds it.

    Parameters
    ----------
    tasks : sequence of Task
        From `plan`.
    checkpoint : Checkpoint
        Where the results go.
    jobs : int
        Number of processes; 1 stays in this one.
    """
    for result in map(do, tasks) if jobs == 1 else _in_processes(tasks, jobs):
        checkpoint.add(result)
        yield result


def _in_processes(tasks: Sequence[Task], jobs: int) -> Iterator[Result]:
    """Yield results as they are ready, from fresh processes: forked ones share threads' locks."""
    for library in ("OMP", "OPENBLAS", "NUMBA"):
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")
    pool = ProcessPoolExecutor(
        jobs, mp_context=multiprocessing.get_context("spawn"), initializer=_leave_interrupts
    )
    try:
        yield from (done.result() for done in as_completed([pool.submit(do, t) for t in tasks]))
    except BrokenProcessPool:
        raise CelpvqError("a process was killed; the results so far are kept") from None
    finally:
        pool.shutdown(cancel_futures=True)


def _leave_interrupts() -> None:
    """Let the parent process alone deal with Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
