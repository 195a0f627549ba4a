"""``celpvq train-enhancement``: the decoder's enhancement network from a folder of speech."""

import argparse

from . import arguments, training_plan

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
    training_plan.add_arguments(parser)
    arguments.add_tables(parser)
    parser.add_argument(
        "--minutes", type=float, metavar="N", help="length of the speech (default: 200)"
    )
    parser.add_argument("--steps", type=int, metavar="N", help="training steps (default: 22000)")


def run(args: argparse.Namespace) -> int:
    """Train; return the exit status."""
    from ..codec.common import table_set
    from ..training.corpus import find_clips
    from ..training.enhancement.training import Plan, train
    from ..training.progress import stderr_log

    training_plan.check_output(args)
    plan = training_plan.read(Plan, args, ["minutes", "steps"])
    tables = arguments.load_tables(args.tables) or table_set.default()
    log = stderr_log()
    trained = train(find_clips(args.folder), plan, tables, args.out, log)
    trained.save(args.out)
    log(f"{args.out}: hash {trained.hash}")
    return 0
