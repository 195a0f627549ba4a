"""``celpvq train``: tables from a folder of speech."""

import argparse
from pathlib import Path

_DESCRIPTION = """\
Train all tables of the codec on a folder of speech: LSF books, fixed codebooks in the closed loop,
gains. A manifest.csv in the folder, with columns file, speaker and lang, says who speaks; without
it every subfolder counts as one speaker. What is done is kept beside OUT, in OUT.work.npz: the same
command goes on from there. The same folder, seed and machine give the same tables again."""

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
        "folder", metavar="FOLDER", type=Path, help="recordings, searched recursively"
    )
    parser.add_argument("out", metavar="OUT", type=Path, help="the file of tables to write (.npz)")
    parser.add_argument("-f", "--force", action="store_true", help="replace OUT if it exists")
    parser.add_argument("--seed", type=int, metavar="N", help="of all draws (default: 1)")
    parser.add_argument(
        "--held-back", type=float, metavar="SHARE",
        help="share of the clips, of other speakers, left out for decisions (default: 0.08)",
    )  # fmt: skip
    parser.add_argument(
        "--minutes", type=float, metavar="N", help="of speech in the closed loop (default: 36)"
    )
    parser.add_argument(
        "--targets", type=int, metavar="N", help="subframes per fixed codebook (default: 200000)"
    )
    parser.add_argument(
        "--iterations", type=int, metavar="N", help="per fixed codebook (default: 12)"
    )
    parser.add_argument(
        "--lsf-rounds", type=int, metavar="N", help="closed-loop rounds of the LSF (default: 12)"
    )
    parser.add_argument("--preset", help="of the search in the loop (default: default)")


def run(args: argparse.Namespace) -> int:
    """Train; return the exit status."""
    from dataclasses import fields

    from ..codec.encoder import presets
    from ..errors import ArgumentError, OutputExistsError
    from ..training.corpus import find_clips
    from ..training.pipeline import Plan, train
    from ..training.progress import stderr_log

    if args.out.exists() and not args.force:
        raise OutputExistsError(f"{args.out}: is there already; --force replaces it")
    if not args.out.parent.is_dir():
        raise ArgumentError(f"{args.out}: its folder is not there")
    given = {f.name: getattr(args, f.name, None) for f in fields(Plan)}
    plan = Plan(**{name: value for name, value in given.items() if value is not None})
    if plan.seed < 0:
        raise ArgumentError(f"seed: expected 0 or more, got {plan.seed}")
    if not 0 <= plan.held_back < 1:
        raise ArgumentError(f"held-back: expected at least 0, less than 1, got {plan.held_back:g}")
    for name in ("minutes", "targets", "iterations", "lsf_rounds"):
        if not getattr(plan, name) > 0:
            raise ArgumentError(f"{name}: expected a positive number, got {getattr(plan, name)}")
    presets.get(plan.preset)
    log = stderr_log()
    work = args.out.with_name(args.out.name + ".work.npz")
    tables = train(find_clips(args.folder), plan, work, log)
    tables.save(args.out)
    work.unlink()
    log(f"{args.out}: hash {tables.hash}")
    return 0
