"""`convert`: all files of a folder, a list or a manifest, by processes or a cluster."""

import itertools
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from ..audio.arrays import check_int
from ..errors import ArgumentError, ArgumentTypeError, OutputExistsError
from ..output import make_folder
from .checking import check_how
from .entries import Paths, open_source
from .failures import parse_limit
from .flow import ThisProcess, Workers, convert_with
from .plan import Plan
from .records import Records, has_records
from .run import Report, Run
from .scp import write_scp
from .work import CODED_ENDINGS, Work
from .worker import Item, Job


def convert(
    source: Paths, out: str | os.PathLike[str], work: Work, *,
    jobs: int = 1, dask: Any = None, resume: bool = False, check: str = "sizes",
    overwrite: bool = False, max_failures: int | str | None = None, seed: int = 1,
    root: str | os.PathLike[str] | None = None, endings: Iterable[str] | None = None,
    keep_endings: bool = False, progress: Callable[[float, float], None] | None = None,
    on_failure: Callable[[str, str], None] | None = None,
) -> Report:  # fmt: skip
    """Convert all files of a folder, a list or a manifest, and write a manifest of the results.

    A file that fails is reported, and the others are converted. Each output appears when it is
    complete. The outputs do not depend on who does the work, nor on interruptions.

    Parameters
    ----------
    source : path or iterable of paths
        A folder, with all subfolders; a list with a path in each line (.txt, .list, .lst); Kaldi's
        wav.scp (.scp), without commands; a JSON Lines manifest with NeMo's names (.jsonl); or the
        paths themselves.
    out : path
        Folder for outputs, which is made if necessary. An output has its input's path below the
        root, with another ending; for a wav.scp it has the name of the utterance.
    work : Work
        `Encode`, `Decode` or `Roundtrip`.
    jobs : int
        Number of processes; 1 stays in this one. With more, a script needs the line
        ``if __name__ == "__main__":``, as always with processes.
    dask : str or distributed.Client, optional
        A Dask cluster that does the work instead: the address of its scheduler, the path of the
        scheduler's file, or a client. Its workers need the same files under the same paths.
    resume : bool
        Whether to keep the results of an interrupted run, and to convert the other files only. All
        settings have to be the same.
    check : {"sizes", "hashes"}
        With `resume`: a file is kept if its size, or its hash, agrees with its record.
    overwrite : bool
        Whether outputs may replace existing files, and earlier records are forgotten.
    max_failures : int or str, optional
        Stop when more files have failed: a number, or a share of all files such as ``"1%"``.
    seed : int
        Seed of the run. Each file has a seed of its own, a hash of this one and its path.
    root : path, optional
        The folder from which the relative paths of a list start, and below which all its files lie.
        By default the working folder; the folder of a JSON Lines manifest.
    endings : iterable of str, optional
        Which files of a folder to take. By default all that `work` is for.
    keep_endings : bool
        Whether the names of outputs keep the inputs' endings: ``a.flac.cvq`` instead of ``a.cvq``.
    progress : callable, optional
        Gets the seconds of sound that are done, and an estimate of all of them.
    on_failure : callable, optional
        Gets the name of a file that failed, and the reason.

    Returns
    -------
    Report

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument has no such value, if the source has no file, or if two outputs would have
        the same name.
    FormatError
        If a list, a manifest or a record of an earlier run has a line that cannot be used.
    OutputExistsError
        If an output exists, or if there was a run in `out`, without `resume` or `overwrite`.
    OutputError
        If the disk is full, or `out` cannot be written.
    TooManyFailures
        If more files fail than `max_failures`.
    MissingPackageError, NetworkError
        If the Dask cluster cannot be used.
    """
    check_how(check)
    limit, is_share = parse_limit(max_failures)
    if check_int(jobs, "jobs") < 1:
        raise ArgumentError(f"jobs: expected at least 1, got {jobs}")
    if not isinstance(work, Work):
        raise ArgumentTypeError(f"work: expected Encode, Decode or Roundtrip, got {work!r}")
    if resume and overwrite:
        raise ArgumentError("resume: expected no overwrite with it")
    wanted = tuple(work.endings if endings is None else endings)
    folder = Path(os.path.abspath(out))
    plan = Plan(
        open_source(source, wanted, root, folder), folder, work, check_int(seed, "seed"), wanted,
        keep_endings,
    )  # fmt: skip
    make_folder(folder, "out")
    earlier = has_records(folder)
    if earlier and not (resume or overwrite):
        raise OutputExistsError(
            f"{out}: has results of an earlier run; --resume continues it, --force starts over"
        )
    n_files, estimate = plan.survey(new=not (earlier or overwrite))
    with Records(folder, plan.settings(), resume=resume) as records:
        run = Run(plan, records, estimate, limit * n_files if is_share else limit)
        run.progress = progress or run.progress
        run.on_failure = on_failure or run.on_failure
        items = run.items(check if resume else None)
        first = next(items, None)
        if first is not None:
            run.progress(0.0, estimate.total)
            with _workers(Job(work, folder), jobs, dask, first) as workers:
                for item, result in convert_with(workers, itertools.chain([first], items), n_files):
                    run.take(item, result)
        records.finish()
    if plan.source.kind == "scp" and work.output_ending not in CODED_ENDINGS:
        write_scp(folder)
    return run.report()


def _workers(job: Job, jobs: int, dask: Any, first: Item) -> Workers:
    """Return those who do the work."""
    if dask is not None:
        from .cluster import Cluster

        return Cluster(job, dask, first.path)
    if jobs == 1:
        return ThisProcess(job)
    from .processes import Processes

    return Processes(job, jobs)
