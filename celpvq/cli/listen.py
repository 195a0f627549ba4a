"""``celpvq listen``: a blind listening test in one HTML file, and its scores."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from . import arguments
from .contenders import add_contenders, contenders
from .files import printable, refuse_existing
from .progress import Progress

if TYPE_CHECKING:
    from ..lab.clips import Clip
    from ..listening import Design

_DESCRIPTION = """\
Make a blind listening test in one HTML file, score the answers of listeners, or export a test."""

_EPILOG = """\
`make` writes a page, which each listener opens in a browser, and a key, which you keep. Listeners
send you the files of answers that the page saves. `celpvq listen ACTION --help` has all options.

examples:
  celpvq listen make speech --out test.html --method mushra
  celpvq listen score test.key.json answers/*.json --out scores
  celpvq listen export webmushra test.html test.key.json --out configs
"""

_MAKE = """\
FOLDER holds WAV or FLAC files, 8000 Hz, one channel. The page has the sounds under random names and
at equal level, as FLAC files of equal size. The key file says which is which: keep it. A decoded
file of another codec has the name and the length of its original, without delay (see celpvq
compare).

methods:
  mushra  rate all versions of a clip from 0 to 100, in comparison with the original; the original
          and the anchors are hidden among the versions (ITU-R BS.1534)
  acr     rate one sound at a time from 1 (bad) to 5 (excellent) (ITU-T P.800)
  ccr     rate the second sound in comparison with the first from -3 to 3 (ITU-T P.800)
  abx     say whether X is A or B

Anchors are damaged originals, the same in every test: lowpass:HZ keeps frequencies below HZ, and
mnru:DB adds noise that follows the speech (ITU-T P.810).

examples:
  celpvq listen make speech --out test.html --modes 4800 6400 8000
  celpvq listen make speech --out test.html --method acr --clips 12 --trials 40
  celpvq listen make speech --out test.html --method abx --modes 8000 --repeats 2
  celpvq listen make speech --out test.html --method ccr --with coded --base "AMR-NB 4.75"
"""

_SCORE = """\
KEY is the file that `celpvq listen make` wrote beside the page. Files that are damaged, belong to
another test, or repeat another file are listed, and the others are scored.

Means have 95 % intervals, for other listeners, and for other listeners and clips. Listeners who do
not hear the differences are left out. With mushra, these rate the hidden reference below 90 or an
anchor above 90 in more than 15 % of the trials (ITU-R BS.1534-3). With acr and ccr, their ratings
correlate with the ratings of the others by less than 0.75 over sounds and 0.8 over systems (ITU-T
P.913). abx has a binomial test of all answers.

DIR gets summary.md, scores.csv, differences.csv, ratings.csv, listeners.csv and scores.png.

exit status: also 1 if a file was refused; the others are scored all the same.

examples:
  celpvq listen score test.key.json answers/*.json
  celpvq listen score test.key.json answers/*.json --out scores
"""

_EXPORT = """\
webmushra: DIR becomes the folder configs of a webMUSHRA server (tests of mushra, acr and abx).
p808: DIR gets WAV files at 48 kHz and the CSV files of the ITU-T P.808 toolkit for crowdsourcing
(tests of acr and ccr). conditions.csv tells which number in a name is which system: keep it.

examples:
  celpvq listen export webmushra test.html test.key.json --out configs
  celpvq listen export p808 test.html test.key.json --out p808 --url https://example.org/clips
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's actions and their options."""
    parser.description, parser.epilog = _DESCRIPTION, _EPILOG
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    for name, summary, epilog, add in (
        ("make", "make the page and the key of a test", _MAKE, _add_make),
        ("score", "score the answers of listeners", _SCORE, _add_score),
        ("export", "turn a test into one for another program", _EXPORT, _add_export),
    ):
        action = actions.add_parser(
            name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.", epilog=epilog,
            formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False,
        )  # fmt: skip
        action.set_defaults(parser=action)
        add(action)


def _add_make(parser: argparse.ArgumentParser) -> None:
    from ..listening.methods import METHODS

    anchors = ", ".join(" ".join([m.name, *m.anchors]) for m in METHODS.values() if m.anchors)
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="speech, with all subfolders")
    parser.add_argument("--out", metavar="PAGE", type=Path, required=True, help="the HTML file")
    parser.add_argument(
        "--key", metavar="FILE", type=Path, help="the key (default: beside PAGE, as .key.json)"
    )
    parser.add_argument(
        "--method", choices=list(METHODS), default="mushra",
        help="how to ask the listeners (default: %(default)s)",
    )  # fmt: skip
    add_contenders(parser)
    parser.add_argument(
        "--anchors", nargs="*", metavar="ANCHOR",
        help=f"lowpass:HZ or mnru:DB (default: {anchors}; without a value: none)",
    )  # fmt: skip
    parser.add_argument(
        "--base", default="reference", metavar="NAME",
        help="compare with this system in abx and ccr (default: the original)",
    )  # fmt: skip
    parser.add_argument(
        "--clips", type=arguments.count, default=8, metavar="N",
        help="clips of FOLDER, evenly spaced, and one more for the training (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--seconds", type=float, default=10.0, metavar="S",
        help="cut clips that are longer (default: 10)",
    )  # fmt: skip
    parser.add_argument(
        "--trials", type=arguments.count, metavar="N",
        help="trials of a listener, drawn evenly over the systems (default: all)",
    )  # fmt: skip
    parser.add_argument(
        "--repeats", type=arguments.count, default=1, metavar="N",
        help="how often a listener does each trial (default: 1)",
    )  # fmt: skip
    parser.add_argument("--title", default="Listening test", help="heading of the page")
    parser.add_argument(
        "--seed", type=int, metavar="N",
        help="make the same page again; whoever knows it can make the key (default: a secret one)",
    )  # fmt: skip
    parser.add_argument(
        "--listener-seed", type=int, metavar="N",
        help="the same order for all listeners (default: the page draws one for each)",
    )  # fmt: skip
    arguments.add_force(parser, "PAGE and the key if they exist")
    arguments.add_quiet(parser, "no summary and no progress bar")


def _add_score(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("key", metavar="KEY", type=Path, help="the key of the test")
    parser.add_argument("answers", metavar="FILE", type=Path, nargs="+", help="answers (JSON)")
    parser.add_argument("--out", metavar="DIR", type=Path, help="folder for tables and the picture")
    parser.add_argument("--no-screening", action="store_true", help="do not leave out any listener")


def _add_export(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("program", choices=["webmushra", "p808"], help="the other program")
    parser.add_argument("page", metavar="PAGE", type=Path, help="the page of the test")
    parser.add_argument("key", metavar="KEY", type=Path, help="the key of the test")
    parser.add_argument("--out", metavar="DIR", type=Path, required=True, help="folder for results")
    parser.add_argument(
        "--url", default="", metavar="URL", help="p808: where the WAV files will be on the web"
    )


def run(args: argparse.Namespace) -> int:
    """Run an action; return the exit status."""
    return {"make": _make, "score": _score, "export": _export}[args.action](args)


def _make(args: argparse.Namespace) -> int:
    """Write the page and the key."""
    from ..lab.clips import find_clips
    from ..listening import encode_sounds, make_design, make_page, write_key
    from ..listening.anchors import parse
    from ..listening.methods import METHODS
    from ..output import write_file

    arguments.require(0.5 <= args.seconds <= 60, "--seconds", "0.5 to 60", f"{args.seconds:g}")
    key = args.key or args.out.with_suffix(".key.json")
    arguments.require(key != args.out, "--key", "another file than PAGE", key)
    for path in (args.out, key):
        refuse_existing(path, force=args.force)
    anchors = [*map(parse, METHODS[args.method].anchors if args.anchors is None else args.anchors)]
    systems = contenders(args)
    *clips, training = _clips(find_clips(args.folder, args.clips + 1), args.clips)
    design = make_design(
        args.method, [system.name for system in systems], [clip.name for clip in clips],
        training.name, anchors=[anchor.name for anchor in anchors], base=args.base,
        title=args.title, repeats=args.repeats, n_trials=args.trials, seed=args.seed,
        listener_seed=args.listener_seed,
    )  # fmt: skip
    all_clips = clips if training in clips else [*clips, training]
    with Progress("listen", sum(c.seconds for c in all_clips), quiet=args.quiet) as progress:
        sounds = encode_sounds(
            design, all_clips, systems, anchors, args.seconds,
            lambda clip: progress.update(clip.seconds),
        )  # fmt: skip
    text = make_page(design, sounds)
    write_key(key, design)
    write_file(args.out, text.encode())
    if not args.quiet:
        print(_summary(args.out, key, design, len(text)), file=sys.stderr)
    return 0


def _clips(found: "list[Clip]", n: int) -> "list[Clip]":
    """Return the clips of the test, and last the clip of the training: another one, if found."""
    if len(found) > n:
        middle = len(found) // 2
        return [*found[:middle], *found[middle + 1 :], found[middle]]
    return [*found, found[0]]


def _summary(page: Path, key: Path, design: "Design", n_bytes: int) -> str:
    names = [printable(str(path)) for path in (page, key)]
    return (
        f"{names[0]}: {design.method}, {design.n_done} trials for each listener,"
        f" {len(design.systems)} systems, {len(design.clips)} clips, {n_bytes / 1e6:.1f} MB\n"
        f"{names[1]}: the key; keep it from the listeners"
    )


def _score(args: argparse.Namespace) -> int:
    """Print the scores; return the exit status."""
    from ..errors import MissingPackageError
    from ..listening import read_key, read_results, score
    from ..listening.report import draw_scores, sections, write_report

    design = read_key(args.key)
    results, refused = read_results(args.answers, design)
    for path, reason in refused:
        print(printable(f"celpvq: {path}: not scored: {reason}"), file=sys.stderr)
    for result in results:
        if result.n_answers < result.n_trials:
            done = f"{result.n_answers} of {result.n_trials} trials"
            print(printable(f"celpvq: {result.path}: {done} were done"), file=sys.stderr)
    scores = score(design, results, screening=not args.no_screening)
    print("\n\n".join(sections(design, scores)))
    if args.out is not None:
        write_report(args.out, design, scores)
        try:
            draw_scores(args.out / "scores.png", design, scores)
        except MissingPackageError as error:
            print(f"celpvq: {error}", file=sys.stderr)
    return 1 if refused else 0


def _export(args: argparse.Namespace) -> int:
    """Write the files of another program."""
    from ..listening import export_p808, export_webmushra, read_key, read_page_sounds

    design = read_key(args.key)
    sounds = read_page_sounds(args.page, design)
    if args.program == "webmushra":
        config = export_webmushra(args.out, design, sounds)
        print(f"{printable(str(config))}: open webMUSHRA with ?config={config.name}")
        return 0
    for path in export_p808(args.out, design, sounds, args.url):
        print(printable(str(path)))
    return 0
