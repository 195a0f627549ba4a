"""Options and input that several tools share."""

import argparse
import contextlib
import multiprocessing
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from celpvq._types import F64
from celpvq.codec.format.modes import SAMPLERATE
from celpvq.errors import CelpvqError
from celpvq.lab.clips import find_clips


def new_parser(doc: str | None) -> argparse.ArgumentParser:
    """Return a parser whose help is the docstring of a module."""
    return argparse.ArgumentParser(
        description=doc, formatter_class=argparse.RawDescriptionHelpFormatter
    )


def add_speech(
    parser: argparse.ArgumentParser, clips: int | None = None, seconds: float | None = None
) -> None:
    """Add a folder of speech, the part of it that is used, and a seed."""
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="speech: 8000 Hz, mono")
    parser.add_argument(
        "--clips", type=int, default=clips, metavar="N",
        help=f"only N clips, evenly spaced (default: {clips or 'all'})",
    )  # fmt: skip
    parser.add_argument("--every", type=int, default=1, metavar="K", help="only each Kth clip")
    parser.add_argument(
        "--seconds", type=float, default=seconds, metavar="S",
        help=f"only the start of each clip (default: {seconds or 'all'})",
    )  # fmt: skip
    parser.add_argument("--seed", type=int, default=1, help="seed of random numbers (default: 1)")


def add_processes(parser: argparse.ArgumentParser, limit_s: float) -> None:
    """Add the number of runs with several processes, and how these start and hang."""
    parser.add_argument("--runs", type=int, default=10, help="number of runs (default: 10)")
    parser.add_argument(
        "--method", choices=multiprocessing.get_all_start_methods(), default="fork",
        help="how processes start (default: fork)",
    )  # fmt: skip
    parser.add_argument("--workers", type=int, default=4, help="processes of a run (default: 4)")
    parser.add_argument(
        "--limit", type=float, default=limit_s, metavar="S",
        help=f"time after which they count as hanging [s] (default: {limit_s:g})",
    )  # fmt: skip
    parser.add_argument("--seed", type=int, default=1, help="seed of random numbers (default: 1)")


def read_speech(args: argparse.Namespace) -> list[F64]:
    """Return the samples of the clips that the options of `add_speech` name."""
    stop = None if args.seconds is None else int(args.seconds * SAMPLERATE)
    return [clip.read()[:stop] for clip in find_clips(args.folder, args.clips)[:: args.every]]


def recordings() -> Path | None:
    """Return the folder ``dev`` of CELPVQ_SPEECH; None if it does not exist."""
    speech = os.environ.get("CELPVQ_SPEECH")
    folder = Path(speech or "", "dev")
    return folder if speech and folder.is_dir() else None


def check_outside(parser: argparse.ArgumentParser, out: Path, folder: Path) -> None:
    """End with an error if the output would lie within the input."""
    if out.resolve().is_relative_to(folder.resolve()):
        parser.error("OUT lies in FOLDER, where it would count as speech")


@contextlib.contextmanager
def errors_end(program: str) -> Iterator[None]:
    """Turn errors about files and arguments into a message and exit status 1."""
    try:
        yield
    except (CelpvqError, OSError) as error:
        sys.exit(f"{program}: {error}")
