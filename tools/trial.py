r"""Change lines of the codec in a copy, and measure what that does to the quality of speech.

    python tools/trial.py speech/train --held-back --limit 160 --out trials --modes 4800 \
        --name gamma --replace codec/encoder/weighting.py "GAMMA1 = 0.94" "GAMMA1 = 0.92"

Each ``--replace`` names a file below ``celpvq``, a text that occurs once in it, and another text.
The copy compiles its own kernels. ``celpvq compare`` measures the code as it is, into OUT/base, and
the changed copy, into OUT/NAME, and prints the differences of the same clips with their 95 %
intervals. Other options go to ``celpvq compare``. ``--held-back`` takes only speakers that
``celpvq train`` and ``celpvq train-enhancement`` would hold back from the folder: a choice among
trials belongs there.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import options

import celpvq
from celpvq.training.corpus import balanced, find_clips, hold_back
from celpvq.training.plan import Plan

PACKAGE = Path(celpvq.__file__).parent
PLAN = Plan()  # of a training: it says which speakers are held back


def changed(folder: Path, changes: Sequence[tuple[str, str, str]]) -> Path:
    """Copy the package into a folder, with other texts in some of its files."""
    copy = folder / "celpvq"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    for name, old, new in changes:
        text = (copy / name).read_text()
        if text.count(old) != 1:
            sys.exit(f"{name}: expected the text once, found it {text.count(old)} times: {old}")
        (copy / name).write_text(text.replace(old, new))
    return folder


def held_back(speech: Path, folder: Path) -> Path:
    """Link the clips that training holds back into a folder, those of all sources in turn."""
    folder.mkdir()
    _, held = hold_back(find_clips(speech), PLAN.held_back, PLAN.seed)
    for i, clip in enumerate(balanced(held, PLAN.seed)):
        (folder / f"{i:04d}{clip.path.suffix}").symlink_to(clip.path.resolve())
    return folder


def compare(tree: Path, cache: Path | None, *words: object) -> str:
    """Run ``celpvq compare`` with the code of a tree; return what it prints."""
    env = os.environ | {"PYTHONPATH": str(tree)}
    if cache is not None:
        env["CELPVQ_CACHE"] = str(cache)
    command = [sys.executable, "-m", "celpvq", "compare", "--quiet", *map(str, words)]
    run = subprocess.run(command, env=env, cwd=tree, stdout=subprocess.PIPE, text=True, check=False)
    if run.returncode:
        sys.exit(run.returncode)
    return run.stdout


def main(argv: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = options.new_parser(__doc__)
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="speech: 8000 Hz, mono")
    parser.add_argument("--out", type=Path, required=True, metavar="OUT", help="folder of results")
    parser.add_argument("--name", required=True, help="of the trial, in OUT")
    parser.add_argument("--replace", nargs=3, action="append", required=True,
                        metavar=("FILE", "OLD", "NEW"), help="a change of the code")  # fmt: skip
    parser.add_argument("--held-back", action="store_true", help="only speakers not trained on")
    args, more = parser.parse_known_args(argv)
    options.check_outside(parser, args.out, args.folder)
    out = args.out.resolve()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        speech = args.folder.resolve()
        if args.held_back:
            speech = held_back(speech, folder / "speech")
        tree = changed(folder, args.replace)
        compare(PACKAGE.parent, None, speech, "--out", out / "base", *more)
        against = ["--against", out / "base" / "scores.csv"]
        print(compare(tree, folder / "cache", speech, "--out", out / args.name, *against, *more))
    return 0


if __name__ == "__main__":
    sys.exit(main())
