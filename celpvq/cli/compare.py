"""``celpvq compare``: score celpvq and other codecs on a folder of speech."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ..output import make_folder, write_file
from . import arguments
from .contenders import add_contenders, contenders
from .progress import Progress

if TYPE_CHECKING:
    from ..lab.clips import Clip
    from ..lab.scores import Result

MEASURES = ("pesq", "estoi", "visqol", "segsnr", "dnsmos", "plcmos", "step", "bands")
DEFAULT = MEASURES[:4]
_EPILOG = """\
FOLDER holds WAV or FLAC files, 8000 Hz, one channel. A decoded file of another codec has the name
and the length of its original, without delay. A folder of decoded files may hold coded.csv, with
columns clip, kbps, encode_s and decode_s, which states the rate and the times of each clip.
tools/peers in the source code fills such folders with the codecs that are installed.

DIR gets scores.csv (a line for each clip and codec), summary.md and rate-quality.png. If the
command was interrupted, run it again: it continues, and takes from scores.csv the results for the
same samples, code, tables and settings, speeds included. Speeds are in times real time on one
thread, by processor time, without loading and compilation. Means have 95 % confidence intervals.

measures:
  pesq, estoi, visqol     quality, intelligibility, quality; they compare with the original
  segsnr                  segmental signal-to-noise ratio [dB]
  dnsmos                  quality, speech (SIG), background (BAK), quality by P.808, without the
                          original; slow
  plcmos                  quality with lost packets, without the original
  step                    largest step between samples, relative to the original's [dB]: clicks
  bands                   level in comparison with the original, by third octaves [dB]

--against compares clip by clip; a difference is a mean over clips of the difference of each clip.
NAME is a codec of the table. It may also be the last word of names: with --plain, "plain" compares
each codec with its plain decoder. Or it is the scores.csv of an earlier run with these clips: then
each codec is compared with its results there, which are called "before".

--by takes columns of FOLDER/manifest.csv, which names the clips in its column file.

exit status: also 1 if a clip failed; its scores and their means are nan.

examples:
  celpvq compare speech --out results --presets default best --against "celpvq 6400"
  celpvq compare speech --out results --modes 4800 5600 6400 --vbr 5200 6000
  celpvq compare speech --out results --with mine@6.4=decoded --measures pesq estoi
  celpvq compare speech --out results --plain --against plain --by sex lang --worse pesq=0.15
  celpvq compare speech --out new --against old/scores.csv --measures pesq dnsmos bands step
  python tools/peers speech coded && celpvq compare speech --out results --with coded
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's options."""
    parser.epilog = _EPILOG
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="speech, with all subfolders")
    parser.add_argument("--out", metavar="DIR", type=Path, required=True, help="folder for results")
    add_contenders(parser)
    parser.add_argument(
        "--against", metavar="NAME", help="add the differences to this codec, or to an earlier run"
    )
    parser.add_argument(
        "--worse", nargs="+", type=_limit, default=[], metavar="SCORE=LIMIT",
        help="list the clips that are worse than those of --against by more than LIMIT",
    )  # fmt: skip
    parser.add_argument(
        "--by", nargs="+", default=[], metavar="COLUMN",
        help="add means over groups of clips, such as sex, lang and speaker",
    )  # fmt: skip
    parser.add_argument(
        "--measures", nargs="+", choices=MEASURES, default=list(DEFAULT), metavar="MEASURE",
        help=f"some of {', '.join(MEASURES)} (default: {' '.join(DEFAULT)})",
    )  # fmt: skip
    parser.add_argument(
        "--limit", type=arguments.count, metavar="N", help="use only N clips, evenly spaced"
    )
    parser.add_argument(
        "-j", "--jobs", type=arguments.count, metavar="N", help="processes (default: one per core)"
    )
    arguments.add_quiet(parser, "no progress bar")


def _limit(text: str) -> tuple[str, float]:
    """Return the name of a score and the limit of a change."""
    score, _, limit = text.partition("=")
    try:
        return score, float(limit)
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected SCORE=LIMIT, got {text}") from None


def run(args: argparse.Namespace) -> int:
    """Compare; return the exit status."""
    from .._threads import n_threads
    from ..lab import comparison as comparing
    from ..lab.clips import find_clips
    from ..lab.groups import find_groups
    from ..lab.scores import ScoresFile
    from ..quality.evaluation import score_names

    clips = find_clips(args.folder, args.limit)
    codecs = contenders(args)
    names = [codec.name for codec in codecs]
    measures = _measures(args.measures)
    bases, earlier = _bases(args, names, clips, score_names(measures))
    groups = {column: find_groups(args.folder, clips, column) for column in args.by}
    make_folder(args.out, "--out")
    checkpoint = ScoresFile(args.out / "scores.csv")
    tasks = comparing.plan(clips, codecs, measures, checkpoint)
    n = len(clips) * len(codecs)
    if len(tasks) < n:
        print(f"celpvq: {n - len(tasks)} of {n} results exist already", file=sys.stderr)
    if tasks:
        import celpvq

        celpvq.warmup(variable_rate=bool(args.vbr))  # once here rather than in every process
    seconds = sum(task.clip.seconds for task in tasks)
    lengths = {clip.name: clip.seconds for clip in clips}
    with Progress("compare", seconds, quiet=args.quiet) as progress:
        for result in comparing.compare(tasks, checkpoint, args.jobs or n_threads()):
            progress.update(lengths[result.clip])
    places = {name: [(name, clip.name) for clip in clips] for name in names}
    checkpoint.rewrite(place for codec in places.values() for place in codec)
    results = {name: [checkpoint.results[p] for p in codec] for name, codec in places.items()}
    minutes = sum(lengths.values()) / 60
    print(f"{len(clips)} clips, {minutes:.1f} minutes")
    return _report(args, results, earlier, measures, bases, groups)


def _bases(
    args: argparse.Namespace, names: list[str], clips: "list[Clip]", scores: list[str]
) -> "tuple[dict[str, str], dict[str, list[Result]]]":
    """Return the base of each codec, and the results of an earlier run."""
    from ..errors import ArgumentError
    from ..lab.bases import EARLIER, earlier_results, find_bases
    from ..quality.evaluation import BETTER

    for score, _ in args.worse:
        known = [name for name in scores if BETTER[name]]
        arguments.require(score in known, "--worse", f"one of {', '.join(known)}", score)
    if args.against is None:
        if args.worse:
            raise ArgumentError("--worse requires --against")
        return {}, {}
    if args.against in names or not args.against.endswith(".csv"):
        return find_bases(names, args.against), {}
    earlier = earlier_results(Path(args.against), names, clips, scores)
    bases = {name: base for name in names if (base := f"{name} {EARLIER}") in earlier}
    return bases, earlier


def _measures(wanted: list[str]) -> list[str]:
    """Return the measures whose packages are installed; report the others."""
    from ..errors import MissingPackageError
    from ..quality.evaluation import extras, missing_packages

    missing = missing_packages(wanted)
    if missing:
        lacks = ", ".join(f"{m} ({' and '.join(packages)})" for m, packages in missing.items())
        text = f"left out, packages missing: {lacks}: {extras(missing)}"
        if len(missing) == len(set(wanted)):
            raise MissingPackageError(text)
        print(f"celpvq: {text}", file=sys.stderr)
    return [measure for measure in dict.fromkeys(wanted) if measure not in missing]


def _report(
    args: argparse.Namespace, results: "dict[str, list[Result]]",
    earlier: "dict[str, list[Result]]", measures: list[str], bases: dict[str, str],
    groups: dict[str, dict[str, list[int]]],
) -> int:  # fmt: skip
    """Write and print the summary, draw the picture, and return the exit status."""
    from ..errors import MissingPackageError
    from ..lab.bases import EARLIER
    from ..lab.rate_picture import draw_rates
    from ..lab.report import sections
    from ..lab.summary import failures, summarize
    from ..quality.evaluation import score_names

    both = {**results, **earlier}
    summaries = summarize(both, score_names(measures), bases)
    against = EARLIER if earlier else args.against
    parts = sections(both, summaries, measures, bases, against, groups, dict(args.worse))
    text = "\n\n".join(parts) + "\n"
    write_file(args.out / "summary.md", text.encode())
    print(text, end="")
    try:
        draw_rates(args.out / "rate-quality.png", summaries)
    except MissingPackageError as error:
        print(f"celpvq: {error}", file=sys.stderr)
    return 1 if failures(results, measures) else 0
