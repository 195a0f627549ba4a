"""``celpvq train``: train all tables on a folder of speech."""

import argparse
from pathlib import Path

from . import arguments
from .files import refuse_existing

_DESCRIPTION = """\
Train all tables of the codec on a folder of speech: LSF codebooks, fixed codebooks in the closed
loop, gain codebooks. A manifest.csv in the folder, with columns file, speaker and lang, names the
speakers; without it every subfolder counts as one speaker. OUT.work.npz keeps the finished steps:
after an interruption, the same command continues from there. The same folder, seed and machine give
the same tables again."""

_EPILOG = """\
examples:
  celpvq train ~/speech mine.npz
  celpvq train ~/speech mine.npz --minutes 6 --iterations 6     a quick trial
  celpvq encode in.wav out.cvq --tables mine.npz
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's options."""
    parser.description, parser.epilog = _DESCRIPTION, _EPILOG
    parser.add_argument(
        "folder", metavar="FOLDER", type=Path, help="recordings, with all subfolders"
    )
    parser.add_argument("out", metavar="OUT", type=Path, help="file for the tables (.npz)")
    arguments.add_force(parser)
    parser.add_argument("--seed", type=int, metavar="N", help="seed of all draws (default: 1)")
    parser.add_argument(
        "--held-back", type=float, metavar="SHARE",
        help="share of the clips, of separate speakers, for decisions only (default: 0.08)",
    )  # fmt: skip
    parser.add_argument(
        "--minutes", type=float, metavar="N",
        help="length of the speech in the closed loop (default: 36)",
    )  # fmt: skip
    parser.add_argument(
        "--targets", type=int, metavar="N", help="subframes per fixed codebook (default: 200000)"
    )
    parser.add_argument(
        "--iterations", type=int, metavar="N", help="iterations per fixed codebook (default: 12)"
    )
    parser.add_argument(
        "--lsf-rounds", type=int, metavar="N",
        help="closed-loop rounds of the LSF codebooks (default: 12)",
    )  # fmt: skip
    parser.add_argument("--preset", help="preset of the encoder in the loop (default: default)")


def run(args: argparse.Namespace) -> int:
    """Train; return the exit status."""
    from dataclasses import fields

    from ..codec.encoder import presets
    from ..errors import ArgumentError
    from ..training.corpus import find_clips
    from ..training.pipeline import Plan, train
    from ..training.progress import stderr_log

    refuse_existing(args.out, force=args.force)
    if not args.out.parent.is_dir():
        raise ArgumentError(f"{args.out}: its folder is not there")
    given = {f.name: getattr(args, f.name, None) for f in fields(Plan)}
    plan = Plan(**{name: value for name, value in given.items() if value is not None})
    arguments.require(plan.seed >= 0, "--seed", "0 or more", plan.seed)
    held_back = plan.held_back
    valid = 0 <= held_back < 1
    arguments.require(valid, "--held-back", "at least 0, less than 1", f"{held_back:g}")
    for name in ("minutes", "targets", "iterations", "lsf_rounds"):
        value = getattr(plan, name)
        option = f"--{name.replace('_', '-')}"
        arguments.require(value > 0, option, "a positive number", value)
    presets.get(plan.preset)
    log = stderr_log()
    work = args.out.with_name(args.out.name + ".work.npz")
    tables = train(find_clips(args.folder), plan, work, log)
    tables.save(args.out)
    work.unlink()
    log(f"{args.out}: hash {tables.hash}")
    return 0
