"""The start of some clips of a folder: what the tools on wrong bits measure on."""

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from celpvq import TableSet
from celpvq.codec.format.modes import SAMPLERATE
from celpvq.quality import read_clip
from celpvq.quality.compare import find_clips


def add_arguments(parser: argparse.ArgumentParser, clips: int) -> None:
    """Add the folder, how much of it, tables and a seed."""
    parser.add_argument("folder", type=Path, help="speech at 8000 Hz")
    parser.add_argument("--clips", type=int, default=clips, help=f"how many (default: {clips})")
    parser.add_argument("--seconds", type=float, default=6.0, help="of each (default: 6)")
    parser.add_argument("--tables", type=Path, help="made by `celpvq train`")
    parser.add_argument("--seed", type=int, default=1, help="default: 1")


def read(args: argparse.Namespace) -> tuple[list[NDArray[np.float64]], TableSet | None]:
    """Return the excerpts and the tables that the arguments name."""
    n = int(args.seconds * SAMPLERATE)
    sounds = [read_clip(clip.path)[:n] for clip in find_clips(args.folder, args.clips)]
    return sounds, None if args.tables is None else TableSet.load(args.tables)
