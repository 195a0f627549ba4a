"""``celpvq train-enhancement``: the decoder's enhancement network from a folder of speech."""

import argparse
from pathlib import Path

_DESCRIPTION = """\
Train the decoder's enhancement network on a folder of speech, and write a set of tables that holds
it. Needs PyTorch: pip install celpvq[torch]. It runs on a graphics processor where there is one.
A manifest.csv in the folder, with columns file, speaker and lang, says who speaks; without it every
subfolder counts as one speaker. What is done is kept beside OUT, in OUT.pt and OUT.material.npz:
the same command goes on from there, also with other --steps."""

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
        "folder", metavar="FOLDER", type=Path, help="recordings, searched recursively"
    )
    parser.add_argument("out", metavar="OUT", type=Path, help="the file of tables to write (.npz)")
    parser.add_argument("-f", "--force", action="store_true", help="replace OUT if it exists")
    parser.add_argument(
        "--tables", metavar="FILE", help="the tables to code with (default: those shipped)"
    )
    parser.add_argument("--seed", type=int, metavar="N", help="of all draws (default: 1)")
    parser.add_argument("--minutes", type=float, metavar="N", help="of speech (default: 180)")
    parser.add_argument("--steps", type=int, metavar="N", help="of training (default: 20000)")


def run(args: argparse.Namespace) -> int:
    """Train; return the exit status."""
    from dataclasses import fields

    from ..codec.common import table_set
    from ..errors import ArgumentError, OutputExistsError
    from ..training.corpus import find_clips
    from ..training.progress import stderr_log

    try:
        from ..training.enhancement.training import Plan, train
    except ModuleNotFoundError as error:
        raise ArgumentError(f"PyTorch is missing ({error}): pip install celpvq[torch]") from None

    if args.out.exists() and not args.force:
        raise OutputExistsError(f"{args.out}: is there already; --force replaces it")
    if not args.out.parent.is_dir():
        raise ArgumentError(f"{args.out}: its folder is not there")
    given = {f.name: getattr(args, f.name, None) for f in fields(Plan)}
    plan = Plan(**{name: value for name, value in given.items() if value is not None})
    if plan.seed < 0:
        raise ArgumentError(f"seed: expected 0 or more, got {plan.seed}")
    for name in ("minutes", "steps"):
        if not getattr(plan, name) > 0:
            raise ArgumentError(f"{name}: expected a positive number, got {getattr(plan, name)}")
    tables = table_set.load(args.tables) if args.tables else table_set.default()
    log = stderr_log()
    trained = train(find_clips(args.folder), plan, tables, args.out, log)
    trained.save(args.out)
    log(f"{args.out}: hash {trained.hash}")
    return 0
