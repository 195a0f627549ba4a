"""``celpvq train``: train all tables on a folder of speech."""

import argparse

from . import arguments, training_plan

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
    training_plan.add_arguments(parser)
    parser.add_argument(
        "--held-back", type=float, metavar="SHARE",
        help="share of the clips held back from the training, by speaker (default: 0.08)",
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
    from ..codec.encoder import presets
    from ..training.corpus import find_clips
    from ..training.pipeline import train
    from ..training.plan import Plan
    from ..training.progress import stderr_log

    training_plan.check_output(args)
    plan = training_plan.read(Plan, args, ["minutes", "targets", "iterations", "lsf_rounds"])
    held_back = plan.held_back
    valid = 0 <= held_back < 1
    arguments.require(valid, "--held-back", "at least 0, less than 1", f"{held_back:g}")
    presets.get(plan.preset)
    log = stderr_log()
    work = args.out.with_name(args.out.name + ".work.npz")
    tables = train(find_clips(args.folder), plan, work, log)
    tables.save(args.out)
    work.unlink()
    log(f"{args.out}: hash {tables.hash}")
    return 0
