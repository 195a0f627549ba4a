"""``celpvq compare``: this codec beside others on a folder of speech."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ..output import make_folder, write_file
from . import common

if TYPE_CHECKING:
    from ..lab.contenders import Contender
    from ..lab.scores import Result

MEASURES = ("pesq", "estoi", "visqol", "segsnr")
_EPILOG = """\
FOLDER holds WAV or FLAC files, 8000 Hz, one channel. A coded file has the name of its original, its
length, and no delay against it. A list coded.csv in a folder of coded files, with columns clip,
kbps, encode_s and decode_s, says what each clip took; tools/peers of the source code fills such
folders with the other codecs that a machine has.

DIR gets scores.csv (a line for each clip and codec), summary.md and rate-quality.png. The same
command goes on where it was interrupted: what is in scores.csv already, for the same samples, code,
tables and settings, is not done again, speeds included. Speeds are times real time per processor
second of one thread, loading and compiling not counted. Means have their 95 % confidence intervals;
differences (--against) are taken clip by clip.

exit status: 1 also if a clip failed; it counts as nan, and so do the means that it is in.

examples:
  celpvq compare speech --out results --presets default best --against "celpvq 6400"
  celpvq compare speech --out results --with mine@6.4=decoded --measures pesq estoi
  python tools/peers speech coded && celpvq compare speech --out results --with coded
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's options."""
    from ..codec.format.modes import MODES

    parser.epilog = _EPILOG
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="speech, searched recursively")
    parser.add_argument("--out", metavar="DIR", type=Path, required=True, help="for the results")
    parser.add_argument(
        "-m", "--modes", nargs="*", type=int, choices=list(MODES), default=list(MODES),
        metavar="BITRATE", help="rates of celpvq (default: all; none without a value)",
    )  # fmt: skip
    parser.add_argument(
        "-p", "--presets", nargs="+", choices=["fast", "default", "best"], default=["default"],
        metavar="PRESET", help="efforts of celpvq: fast, default, best (default: default)",
    )  # fmt: skip
    parser.add_argument("--tables", metavar="FILE", help="codebooks made by `celpvq train`")
    parser.add_argument(
        "--with", dest="others", action="append", default=[], metavar="[NAME[@KBPS]=]DIR",
        help="speech that another codec has coded; without NAME, each folder in DIR",
    )  # fmt: skip
    parser.add_argument("--against", metavar="NAME", help="add the differences to this codec")
    parser.add_argument(
        "--measures", nargs="+", choices=MEASURES, default=list(MEASURES), metavar="MEASURE",
        help=f"some of {', '.join(MEASURES)} (default: all)",
    )  # fmt: skip
    parser.add_argument("--limit", type=_count, metavar="N", help="only N clips, evenly spaced")
    parser.add_argument("-j", "--jobs", type=_count, metavar="N", help="processes (default: all)")
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress bar")


def _count(text: str) -> int:
    n = int(text)
    if n < 1:
        raise argparse.ArgumentTypeError(f"expected at least 1, got {text}")
    return n


def run(args: argparse.Namespace) -> int:
    """Compare; return the exit status."""
    from .._threads import n_threads
    from ..lab import comparison as comparing
    from ..lab.clips import find_clips
    from ..lab.scores import ScoresFile

    clips = find_clips(args.folder, args.limit)
    contenders = _contenders(args)
    measures = _measures(args.measures)
    make_folder(args.out, "--out")
    checkpoint = ScoresFile(args.out / "scores.csv")
    tasks = comparing.plan(clips, contenders, measures, checkpoint)
    n = len(clips) * len(contenders)
    if len(tasks) < n:
        print(f"celpvq: {n - len(tasks)} of {n} results are there already", file=sys.stderr)
    if tasks:
        import celpvq

        celpvq.warmup()  # once here rather than in every process
    seconds = sum(task.clip.seconds for task in tasks)
    lengths = {clip.name: clip.seconds for clip in clips}
    with common.Progress("compare", seconds, quiet=args.quiet) as progress:
        for result in comparing.compare(tasks, checkpoint, args.jobs or n_threads()):
            progress.update(lengths[result.clip])
    places = {c.name: [(c.name, clip.name) for clip in clips] for c in contenders}
    checkpoint.rewrite(place for codec in places.values() for place in codec)
    results = {name: [checkpoint.results[p] for p in codec] for name, codec in places.items()}
    minutes = sum(lengths.values()) / 60
    print(f"{len(clips)} clips, {minutes:.1f} minutes")
    return _report(args, results, measures)


def _contenders(args: argparse.Namespace) -> "list[Contender]":
    """Return the codecs asked for; raise `ArgumentError` if two have one name, or none has any."""
    from ..errors import ArgumentError
    from ..lab.coded_folders import parse_folders
    from ..lab.contenders import Celpvq

    contenders: list[Contender] = [
        Celpvq(mode, preset, args.tables) for preset in args.presets for mode in args.modes
    ]
    for text in args.others:
        contenders += parse_folders(text)
    names = [contender.name for contender in contenders]
    if not names:
        raise ArgumentError("nothing to compare: expected --modes or --with")
    if double := {name for name in names if names.count(name) > 1}:
        raise ArgumentError(f"{', '.join(sorted(double))}: expected one codec of each name")
    if args.against is not None and args.against not in names:
        raise ArgumentError(f"--against: expected one of {', '.join(names)}, got {args.against}")
    return contenders


def _measures(wanted: list[str]) -> list[str]:
    """Return the measures that can be taken; say which cannot."""
    from ..errors import MissingPackageError
    from ..quality.evaluation import missing_packages

    missing = missing_packages(wanted)
    if missing:
        lacks = ", ".join(f"{m} ({' and '.join(packages)})" for m, packages in missing.items())
        text = f"left out, for want of packages: {lacks}: pip install celpvq[quality]"
        if len(missing) == len(set(wanted)):
            raise MissingPackageError(text)
        print(f"celpvq: {text}", file=sys.stderr)
    return [measure for measure in dict.fromkeys(wanted) if measure not in missing]


def _report(
    args: argparse.Namespace, results: "dict[str, list[Result]]", measures: list[str]
) -> int:
    """Write and print the summary, and draw the picture; return the exit status."""
    from ..errors import MissingPackageError
    from ..lab import summary as report
    from ..lab.rate_picture import draw_rates

    summaries = report.summarize(results, measures, args.against)
    parts = [
        "Means over clips ± 95 % confidence interval; speeds in times real time.",
        report.score_table(summaries),
    ]
    if args.against is not None:
        parts.append(report.difference_table(summaries, args.against))
    failed = report.failures(results, measures)
    if failed:
        parts.append("\n".join(f"- no score: {line}" for line in failed))
    text = "\n\n".join(parts) + "\n"
    write_file(args.out / "summary.md", text.encode())
    print(text, end="")
    try:
        draw_rates(args.out / "rate-quality.png", summaries)
    except MissingPackageError as error:
        print(f"celpvq: {error}", file=sys.stderr)
    return 1 if failed else 0
