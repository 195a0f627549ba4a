"""``celpvq train-enhancement``: the decoder's enhancement network from a folder of speech."""

import argparse
from pathlib import Path

from . import arguments
from .files import refuse_existing

_DESCRIPTION = """\
Train the decoder's enhancement network on a folder of speech, and write a set of tables that holds
it. It needs PyTorch (pip install celpvq[torch]), and uses a graphics processor where there is one.
A manifest.csv in the folder, with columns file, speaker and lang, names the speakers; without it
every subfolder counts as one speaker. OUT.pt keeps the state and OUT.material.npz the coded speech:
after an interruption, the same command continues from there, also with another number of steps."""

_EPILOG = """\
examples:
  celpvq train-enhancement ~/speech mine.npz
  celpvq train-enhancement ~/speech mine.npz --minutes 10 --steps 500     a quick trial
  celpvq decode in.cvq out.wav --tables mine.npz
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's options."""
    parser.description, parser.epilog = _DESCRIPTION, _EPILOG
    parser.add_argument(
        "folder", metavar="FOLDER", type=Path, help="recordings, with all subfolders"
    )
    parser.add_argument("out", metavar="OUT", type=Path, help="file for the tables (.npz)")
    arguments.add_force(parser)
    arguments.add_tables(parser)
    parser.add_argument("--seed", type=int, metavar="N", help="seed of all draws (default: 1)")
    parser.add_argument(
        "--minutes", type=float, metavar="N", help="length of the speech (default: 200)"
    )
    parser.add_argument("--steps", type=int, metavar="N", help="training steps (default: 36000)")


def run(args: argparse.Namespace) -> int:
    """Train; return the exit status."""
    from dataclasses import fields

    from ..codec.common import table_set
    from ..errors import ArgumentError
    from ..training.corpus import find_clips
    from ..training.enhancement.training import Plan, train
    from ..training.progress import stderr_log

    refuse_existing(args.out, force=args.force)
    if not args.out.parent.is_dir():
        raise ArgumentError(f"{args.out}: its folder is not there")
    given = {f.name: getattr(args, f.name, None) for f in fields(Plan)}
    plan = Plan(**{name: value for name, value in given.items() if value is not None})
    arguments.require(plan.seed >= 0, "--seed", "0 or more", plan.seed)
    for name in ("minutes", "steps"):
        value = getattr(plan, name)
        arguments.require(value > 0, f"--{name}", "a positive number", value)
    tables = arguments.load_tables(args.tables) or table_set.default()
    log = stderr_log()
    trained = train(find_clips(args.folder), plan, tables, args.out, log)
    trained.save(args.out)
    log(f"{args.out}: hash {trained.hash}")
    return 0
