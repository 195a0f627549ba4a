"""What a worker does: convert the files that it is given, and describe each result."""

import errno
import hashlib
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import CelpvqError, SoundFileError
from ..output import Output, typed
from .naming import place
from .work import Work

# whoever meets one of these errors meets it again with the next file
_HOPELESS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)


@dataclass(frozen=True)
class Job:
    """What workers need once: the work, and the folder for outputs."""

    work: Work
    out: Path


class Item(NamedTuple):
    """What workers need for each file."""

    number: int  # of the input, from 0
    key: str
    path: str
    output: str  # path below the folder for outputs
    seed: int
    size: int  # of the input [bytes]


class Result(NamedTuple):
    """What became of a file."""

    fields: dict[str, Any]  # for the manifest; empty after a failure
    seconds: float  # duration [s]
    error: str  # why it failed; "" if it did not
    hopeless: bool = False  # whether all other files will fail as well


def convert_all(job: Job, items: Sequence[Item]) -> list[Result]:
    """Convert files one after the other; a failure is a result as well."""
    return [_convert(job, item) for item in items]


def _convert(job: Job, item: Item) -> Result:
    try:
        return _converted(job, item)
    except MemoryError:
        return Result({}, 0.0, "out of memory")
    except CelpvqError as error:
        number = error.__cause__.errno if isinstance(error.__cause__, OSError) else None
        return Result({}, 0.0, _reason(str(error), item), number in _HOPELESS)
    except OSError as error:
        return Result({}, 0.0, error.strerror or str(error))
    except Exception as error:
        return Result({}, 0.0, f"internal error: {type(error).__name__}: {error}")


def _reason(text: str, item: Item) -> str:
    """Return an error in one line, without the name of the file, which is printed next to it."""
    return " ".join(text.split()).removeprefix(f"{item.key}: ")


def _converted(job: Job, item: Item) -> Result:
    if not stat.S_ISREG(os.stat(item.path).st_mode):  # a pipe would wait for ever
        raise SoundFileError(f"{item.key}: expected a file")
    with open(item.path, "rb") as file:
        with typed(item.output):
            target = place(job.out, item.output, item.path)
        # `Records.finish` waits for the disk once for all files; until then their sizes tell
        with Output(target, durable=False) as output:
            done = job.work.convert(file, item.key, output, item.seed)
        source_bytes = os.fstat(file.fileno()).st_size
    with target.open("rb") as written:
        sha256 = hashlib.file_digest(written, "sha256").hexdigest()
        n_bytes = os.fstat(written.fileno()).st_size
    seconds = done.n_samples / done.samplerate
    fields: dict[str, Any] = {
        "audio_filepath": item.output,
        "duration": round(seconds, 6),
        "source": item.key,
        "source_bytes": source_bytes,
        "samples": done.n_samples,
        "sampling_rate": done.samplerate,
        "mode": done.mode,
        "bytes": n_bytes,
        "sha256": sha256,
        "seed": item.seed,
    }
    if done.note:
        fields["note"] = done.note
    return Result(fields, seconds, "")
