"""``celpvq report``: one HTML page with scores, and with players that switch between codecs."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from . import arguments
from .contenders import add_contenders, celpvqs, check_names
from .files import name_of, open_output, printable
from .progress import Progress

if TYPE_CHECKING:
    from ..codec.common.table_set import TableSet
    from ..lab.clips import Clip
    from ..lab.contenders import Contender
    from ..lab.scores import Result
    from ..lab.versions import ClipVersions

DEFAULT_CLIPS = 10
_EPILOG = """\
FOLDER holds WAV or FLAC files, 8000 Hz, one channel, as for `celpvq compare`. PAGE is one file that
needs no other file and no network. It holds celpvq's speech as .cvq files, which it decodes by
itself in the browser, and the speech of other codecs as FLAC.

--results DIR is the folder that `celpvq compare` wrote. Its codecs get a table of means with 95 %
confidence intervals, and charts of quality over bit rate. celpvq's codecs get players too; other
codecs get them if --with names the folder of their decoded speech. Without --results the page has
players only.

--with is as in `celpvq compare`. Instead of decoded speech, a folder may hold .cvq files with the
names of the clips, as `celpvq batch` writes them.

--loss adds a second version of each .cvq file, in which packets are lost and concealed.

exit status: also 1 if a codec lacks a clip; the notes on the page say which.

examples:
  celpvq compare speech --out results && celpvq report speech --out report.html --results results
  celpvq report speech --out report.html --results results --with coded --against "celpvq 6400"
  celpvq report speech --out report.html --modes 4800 8000 --with mine@6.4=decoded --limit 5
  celpvq report speech --out report.html --modes 5600 --vbr 5600
  celpvq report speech --out report.html --modes 6400 --loss 5 --burst 3 --clips a.flac below/b.flac
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's options."""
    parser.epilog = _EPILOG
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="speech, with all subfolders")
    parser.add_argument(
        "--out", metavar="PAGE", required=True, help="the HTML file, or - for standard output"
    )
    parser.add_argument(
        "--results", metavar="DIR", type=Path, help="folder of `celpvq compare`, or its scores.csv"
    )
    add_contenders(parser, "the codecs of --results, without it all")
    parser.add_argument(
        "--codecs", nargs="+", default=[], metavar="NAME",
        help="use only these codecs, in this order, in the tables and the players",
    )  # fmt: skip
    parser.add_argument(
        "--against", metavar="NAME",
        help="add the differences to this codec, or to each codec's variant with this last word",
    )  # fmt: skip
    either = parser.add_mutually_exclusive_group()
    either.add_argument("--clips", nargs="+", metavar="NAME", help="clips to play, below FOLDER")
    either.add_argument(
        "--limit", type=arguments.count, default=DEFAULT_CLIPS, metavar="N",
        help="play N clips, evenly spaced (default: %(default)s)",
    )  # fmt: skip
    arguments.add_losses(parser)
    parser.add_argument("--title", metavar="TEXT", help="heading of the page")
    arguments.add_force(parser, "PAGE if it exists")
    arguments.add_quiet(parser, "no summary and no progress bar")


def run(args: argparse.Namespace) -> int:
    """Write the page; return the exit status."""
    from ..codec.common import table_set
    from ..lab.bases import find_bases
    from ..lab.stored_results import outdated, read_results
    from ..web.report import report_page

    arguments.check_bursts(args)
    arguments.require(not args.against or args.results, "--against", "--results as well", "none")
    results = read_results(args.results, args.codecs) if args.results else {}
    codecs = _codecs(args, list(results))
    clips = _clips(args, results)
    bases = find_bases(list(results), args.against) if args.against else {}
    tables = table_set.or_default(arguments.load_tables(args.tables))
    notes = [
        f"{name}: its scores were measured on other sound: clips, settings, tables or code differ."
        for name in outdated(results, codecs, clips)
    ]
    if silent := results.keys() - {codec.name for codec in codecs}:
        notes.append(f"There is no sound of {', '.join(sorted(silent))}, for which --with asks.")
    with open_output(args.out, force=args.force) as output:
        found = _find(args, clips, codecs, tables)
        document = report_page(
            found, results, tables=tables, bases=bases, against=args.against or "", notes=notes,
            title=args.title or f"Codecs on {args.folder.resolve().name}",
        ).encode()  # fmt: skip
        output.write(document)
    problems = [problem for clip in found for problem in clip.problems]
    for line in (*notes, *problems):
        print(f"celpvq: {printable(line)}", file=sys.stderr)
    if not args.quiet:
        print(
            f"{name_of(args.out, 'output')}: {len(found)} clips, {len(document) / 1e6:.2f} MB",
            file=sys.stderr,
        )
    return 1 if problems else 0


def _codecs(args: argparse.Namespace, scored: list[str]) -> "list[Contender]":
    """Return the codecs to play: those of the results first."""
    from ..codec.format.modes import MODES
    from ..errors import ArgumentError
    from ..lab.coded_folders import parse_folders
    from ..lab.contenders import Celpvq

    folders = [folder for text in args.others for folder in parse_folders(text)]
    named = [Celpvq.from_name(name, args.tables) for name in scored]
    asked = celpvqs(args, [] if args.results else list(MODES))
    own: dict[str, Contender] = {codec.name: codec for codec in (*named, *asked) if codec}
    check_names([*own, *(folder.name for folder in folders)])
    known = own | {folder.name: folder for folder in folders}
    order = args.codecs or [*scored, *known]
    if unknown := [name for name in args.codecs if name not in known and name not in scored]:
        expected = ", ".join(dict.fromkeys([*scored, *known]))
        raise ArgumentError(f"--codecs: expected some of {expected}, got {', '.join(unknown)}")
    codecs = [known[name] for name in dict.fromkeys(order) if name in known]
    if not codecs:
        raise ArgumentError("nothing to play: expected a codec of celpvq, or --with")
    return codecs


def _clips(args: argparse.Namespace, results: "dict[str, list[Result]]") -> "list[Clip]":
    """Return the clips to play; without --clips some of those that have scores."""
    from ..errors import ArgumentError
    from ..lab.clips import evenly_spaced, find_clips

    clips = {clip.name: clip for clip in find_clips(args.folder)}
    if args.clips:
        if unknown := [name for name in args.clips if name not in clips]:
            raise ArgumentError(f"--clips: expected files below {args.folder}, got {unknown[0]}")
        return [clips[name] for name in dict.fromkeys(args.clips)]
    if not results:
        return evenly_spaced(list(clips.values()), args.limit)
    scored = {row.clip for rows in results.values() for row in rows}
    if not scored & clips.keys():
        raise ArgumentError(f"--results: expected results of clips in {args.folder}, got none")
    return evenly_spaced([clip for name, clip in clips.items() if name in scored], args.limit)


def _find(
    args: argparse.Namespace, clips: "list[Clip]", codecs: "list[Contender]", tables: "TableSet"
) -> "list[ClipVersions]":
    """Return all versions of the clips, with progress."""
    from ..lab.versions import Losses, find_versions

    losses = Losses(args.loss, args.burst, args.seed) if args.loss else None
    found = []
    with Progress("report", sum(clip.seconds for clip in clips), quiet=args.quiet) as progress:
        for clip in clips:
            found.append(find_versions(clip, codecs, tables, losses))
            progress.update(clip.seconds)
    return found
