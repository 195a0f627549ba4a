"""``celpvq batch``: code many files, in processes or on a cluster."""

import argparse
import contextlib
import shutil
import sys
import tempfile
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Self, cast

from . import arguments
from .compiling import DECODER, encoder_kernel
from .files import name_of, open_input, printable
from .progress import Progress, as_number

if TYPE_CHECKING:
    from ..folders import Report, Work

_DESCRIPTION = """\
Encode or decode many files, or pass them through encoder, channel and decoder (--roundtrip). A file
that fails is listed, and the others are done."""

_EPILOG = """\
IN is a folder, with all subfolders; a list with a path in each line (.txt, .list, .lst, or - for
standard input); Kaldi's wav.scp (.scp), whose commands are refused; or a JSON Lines manifest with
NeMo's names (.jsonl). Paths start from --root, by default the working folder; those of a manifest
by default from its own folder.

OUT gets a file for each input, at the same place below OUT as the input below IN or --root, with
another ending. It also gets manifest.jsonl, a line for each file in the order of the inputs:
duration [s], samples, bytes, SHA-256, seed. Columns of an IN manifest are kept. failures.jsonl
lists the files that failed.

An interrupted run loses the files in hand at most: run the same command with --resume. The outputs
are the same bytes for any --jobs and --dask, and after any interruption. The losses of --roundtrip
have a seed for each file, a hash of --seed and the file's path.

--dask ADDRESS gives the work to a Dask cluster, whose workers need the same files under the same
paths. ADDRESS is that of the scheduler, or the path of its scheduler file.

exit status: also 1 if a file failed, or if --check found a fault.

examples:
  celpvq batch recordings coded --encode --mode 8000 --jobs 8
  celpvq batch recordings coded --encode --vbr 7200 --vbr-window 60
  celpvq batch coded sound --decode --format flac
  celpvq batch train.jsonl phone --roundtrip --mode 4800 --loss 5 --max-failures 1%
  celpvq batch recordings coded --encode --mode 8000 --jobs 8 --resume
  celpvq batch recordings coded --check hashes
  find /data -name "*.wav" | celpvq batch - coded --encode --root /data --dask tcp://host:8786
"""

_ENCODER = (
    "mode", "vbr", "vbr_limit", "vbr_window", "vbr_choice", "preset", "dtx", "channel",
    "no_highpass",
)  # fmt: skip
_USED = {  # options of the codec by work
    "encode": _ENCODER,
    "decode": ("format", "rate", "no_enhancement"),
    "roundtrip": (*_ENCODER, "format", "no_enhancement", "loss", "burst", "ber", "seed"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's options."""
    parser.description, parser.epilog = _DESCRIPTION, _EPILOG
    parser.add_argument("input", metavar="IN", help="a folder, a list, a wav.scp or a manifest")
    parser.add_argument("output", metavar="OUT", help="folder for outputs and their manifest")
    work = parser.add_argument_group("work").add_mutually_exclusive_group()
    for name, effect in (
        ("encode", "sound files to .cvq files"),
        ("decode", ".cvq files to sound files"),
        ("roundtrip", "sound files through encoder, channel and decoder"),
    ):
        work.add_argument(f"--{name}", dest="work", action="store_const", const=name, help=effect)
    _add_inputs(_group(parser, "inputs and names"))
    _add_running(_group(parser, "running"))
    encoder = _group(parser, "encoder: --encode, --roundtrip")
    arguments.add_encoder(encoder)
    arguments.add_channel(encoder)
    arguments.add_no_highpass(encoder)
    channel = _group(parser, "channel: --roundtrip")
    arguments.add_losses(channel)
    arguments.add_ber(channel)
    _add_decoder(_group(parser, "decoder: --decode, --roundtrip"))


def _group(parser: argparse.ArgumentParser, title: str) -> argparse.ArgumentParser:
    """Return a group of options, which takes options as a parser does."""
    return cast("argparse.ArgumentParser", parser.add_argument_group(title))


def _add_inputs(group: argparse.ArgumentParser) -> None:
    group.add_argument("--root", metavar="DIR", help="folder above all files of a list")
    group.add_argument(
        "--endings", nargs="+", type=_ending, metavar="ENDING",
        help="files of a folder to take (default: all kinds of sound, or .cvq)",
    )  # fmt: skip
    group.add_argument(
        "--keep-endings", action="store_true", help="a.flac becomes a.flac.cvq instead of a.cvq"
    )
    group.add_argument(
        "--partial", action="store_true", help="use the undamaged part of damaged files"
    )
    arguments.add_tables(group)


def _add_running(group: argparse.ArgumentParser) -> None:
    group.add_argument(
        "-j", "--jobs", type=arguments.count, metavar="N", help="processes (default: one per core)"
    )
    group.add_argument("--dask", metavar="ADDRESS", help="let a Dask cluster do the work")
    group.add_argument(
        "--resume", action="store_true", help="continue an interrupted run of the same command"
    )
    arguments.add_force(group, "existing files, and forget earlier runs")
    group.add_argument(
        "--check", choices=["sizes", "hashes"],
        help="compare OUT with its manifest and do nothing else; with --resume: convert again the"
        " files that do not agree (default with --resume: sizes)",
    )  # fmt: skip
    group.add_argument(
        "--max-failures", metavar="N", help="stop after more failures: a number, or as 1%% of all"
    )
    arguments.add_quiet(group, "no progress bar and no summary; failures are still listed")


def _add_decoder(group: argparse.ArgumentParser) -> None:
    from .decode import rate

    group.add_argument(
        "--format", type=_ending, default=".wav", metavar="ENDING",
        help="format of sound files: wav flac ogg aiff, or another one that libsndfile writes"
        " (default: wav)",
    )  # fmt: skip
    group.add_argument(
        "--rate", type=rate, default=8000, metavar="HZ",
        help="sample rate of --decode, or `original` for the rate before encoding (default: 8000)",
    )  # fmt: skip
    arguments.add_no_enhancement(group)


def _ending(text: str) -> str:
    """Return an ending of a name with its point, in lower case."""
    return f".{text.lower().removeprefix('.')}"


def run(args: argparse.Namespace) -> int:
    """Convert or check all files; return the exit status."""
    from .._threads import n_threads
    from ..folders import convert

    if args.check and not args.resume:
        return _check(args)
    work = _work(args)
    kernel = DECODER if args.work == "decode" else encoder_kernel(args)
    with _source(args.input) as source, _Bar(args, kernel) as bar:
        try:
            report = convert(
                source, args.output, work,
                jobs=args.jobs or n_threads(), dask=args.dask, resume=args.resume,
                check=args.check or "sizes", overwrite=args.force,
                max_failures=args.max_failures, seed=args.seed, root=args.root,
                endings=args.endings, keep_endings=args.keep_endings, progress=bar.show,
                on_failure=bar.complain,
            )  # fmt: skip
        except KeyboardInterrupt:
            bar.say("--resume continues")
            raise
    if not args.quiet:
        print(_summary(args, report, bar.speed), file=sys.stderr)
    return 1 if report.n_failed else 0


def _work(args: argparse.Namespace) -> "Work":
    """Return the work on each file; refuse options that it has no use for."""
    from ..errors import ArgumentError
    from ..folders import Decode, Encode, Roundtrip

    if args.work is None:
        raise ArgumentError("expected one of --encode, --decode, --roundtrip")
    for name in dict.fromkeys(name for names in _USED.values() for name in names):
        if name not in _USED[args.work] and getattr(args, name) != args.parser.get_default(name):
            raise ArgumentError(f"--{name.replace('_', '-')}: has no use with --{args.work}")
    arguments.check_bursts(args)
    common: dict[str, Any] = {
        "partial": args.partial, "tables": arguments.load_tables(args.tables),
    }  # fmt: skip
    encoder: dict[str, Any] = {
        "mode": arguments.mode(args), "preset": args.preset, "channel": args.channel,
        "highpass": not args.no_highpass, "dtx": args.dtx,
    }  # fmt: skip
    decoder: dict[str, Any] = {"ending": args.format, "enhancement": not args.no_enhancement}
    if args.work == "encode":
        return Encode(**encoder, **common)
    if args.work == "decode":
        return Decode(args.rate, **decoder, **common)
    channel: dict[str, Any] = {"loss": args.loss / 100, "burst": args.burst, "ber": args.ber}
    return Roundtrip(**encoder, **channel, **decoder, **common)


@contextlib.contextmanager
def _source(path: str) -> Iterator[str]:
    """Give the input; a list on standard input is copied to a file, since it is read twice."""
    if path != "-":
        yield path
        return
    with open_input(path) as lines, tempfile.NamedTemporaryFile(suffix=".txt") as copy:
        shutil.copyfileobj(lines, copy)
        copy.flush()
        yield copy.name


class _Bar:
    """The progress bar, which appears when the work begins."""

    def __init__(self, args: argparse.Namespace, kernel: str) -> None:
        self._args, self._kernel = args, kernel
        self._bar: Progress | None = None

    def show(self, done: float, total: float) -> None:
        """Show the seconds of sound that are done, and all of them."""
        if self._bar is None:
            self._bar = Progress("batch", total, quiet=self._args.quiet, kernel=self._kernel)
        self._bar.expect(total)
        if done > self._bar.seconds:
            self._bar.update(done - self._bar.seconds)

    def complain(self, key: str, reason: str) -> None:
        """List a file that failed."""
        self.say(printable(f"{key}: {reason}"))

    def say(self, text: str) -> None:
        """Print a line."""
        if self._bar is not None:
            self._bar.clear()
        print("celpvq:", text, file=sys.stderr, flush=True)

    @property
    def speed(self) -> float:
        """Speed [times real time]."""
        return self._bar.speed if self._bar is not None else 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: Any) -> None:
        if self._bar is not None:
            self._bar.__exit__(*error)


def _summary(args: argparse.Namespace, report: "Report", speed: float) -> str:
    """Return one line about the work."""
    counts = [f"{report.n_converted} of {report.n_files} files converted"]
    counts += [f"{report.n_kept} kept"] * (report.n_kept > 0)
    work = ""
    if report.n_converted:
        work = (
            f"; {report.seconds:.0f} s, {report.n_bytes} bytes, {as_number(speed)} times real time"
        )
    return (
        f"{name_of(args.input, 'input')} -> {printable(args.output)}:"
        f" {', '.join([*counts, f'{report.n_failed} failed'])}{work}"
    )


def _check(args: argparse.Namespace) -> int:
    """Print the files that do not agree with the manifest; return the exit status."""
    from ..folders import check

    n = 0
    with _source(args.input) as source:
        for key, text in check(
            source, args.output, args.check, root=args.root, endings=args.endings
        ):
            print(printable(f"{key}: {text}"))
            n += 1
    if not args.quiet:
        found = "agrees with its manifest" if not n else f"{n} faults"
        print(f"{printable(args.output)}: {found}", file=sys.stderr)
    return 1 if n else 0
