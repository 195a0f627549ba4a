"""``celpvq vq``: a quantizer designed for vectors, and a report of what it reaches."""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..output import make_folder, write_file
from . import common

if TYPE_CHECKING:
    from ..vq.base import VectorQuantizer

_EPILOG = """\
DATA is an array of vectors, shape (n, k), in a file .npy; or a folder of speech, whose line
spectral frequencies are taken, ten for every frame of 20 ms in which there is something to hear.
DIR gets quantizer.npz (which the method's class loads), report.md and pictures: rate and distortion
beside theory, distortion during the design, use of the codewords, cells. Pictures need matplotlib.

--codewords takes several sizes for methods with several codebooks: the stages of MultistageVQ, the
parts of SplitVQ, shapes and gains of ShapeGainVQ. --bits are those of all indices of a vector,
spread evenly; each is another design. The theory is that of Gaussian vectors with the covariance of
the data. The same DATA, options and seed give the same quantizer again.

examples:
  celpvq vq vectors.npy --out report
  celpvq vq vectors.npy --out report --method TreeVQ --codewords 1024 --bits 2 4 6 8
  celpvq vq speech --out report --method MultistageVQ --codewords 256 256 --set n_survivors=16
  celpvq vq vectors.npy --out report --method ProductVQ --codewords 16 --set n_parts=4
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's options."""
    from .. import vq

    methods = [name for name in vq.__all__ if name[0].isupper()]
    parser.epilog = f"{_EPILOG}\nmethods:\n  " + "\n  ".join(methods)
    parser.add_argument("data", metavar="DATA", type=Path, help="vectors (.npy), or speech")
    parser.add_argument("--out", metavar="DIR", type=Path, required=True, help="for the results")
    parser.add_argument(
        "-m", "--method", choices=methods, default="LBG", metavar="METHOD",
        help="one of those below (default: LBG)",
    )  # fmt: skip
    parser.add_argument(
        "-k", "--codewords", nargs="+", type=int, metavar="N",
        help="size of the codebook, or sizes (default: 256, or 16 16)",
    )  # fmt: skip
    parser.add_argument(
        "-b", "--bits", nargs="*", type=int, metavar="N",
        help="other rates to try (default: a quarter, a half and three quarters of the bits)",
    )  # fmt: skip
    parser.add_argument(
        "--set", dest="params", action="append", type=_setting, default=[], metavar="NAME=VALUE",
        help="another parameter of the method, its value as in JSON",
    )  # fmt: skip
    parser.add_argument(
        "--seed", type=int, default=1, metavar="N", help="of all draws (default: 1)"
    )
    parser.add_argument(
        "--test-fraction", type=float, default=0.2, metavar="SHARE",
        help="share of the vectors held back; of recordings, by speaker (default: 0.2)",
    )  # fmt: skip
    parser.add_argument(
        "--limit", type=int, default=1_000_000, metavar="N",
        help="vectors to take at most, from all of DATA (default: 1000000)",
    )  # fmt: skip
    parser.add_argument("-f", "--force", action="store_true", help="replace what is in DIR")
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress, no summary")


def _setting(text: str) -> tuple[str, Any]:
    name, sign, value = text.partition("=")
    if not sign:
        raise argparse.ArgumentTypeError(f"expected NAME=VALUE, got {text!r}")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def run(args: argparse.Namespace) -> int:
    """Design and report; return the exit status."""
    from ..errors import MissingPackageError
    from ..lab import design_report as report
    from ..lab import trials
    from ..lab.vectors import read_vectors
    from ..training.progress import stderr_log

    designs = _checked(args)
    log = (lambda text: None) if args.quiet else stderr_log()
    vectors = read_vectors(args.data, args.test_fraction, args.seed, args.limit,
                           in_time=args.method == "PredictiveVQ")  # fmt: skip
    study = trials.study(designs, vectors, log)
    try:
        captions = report.draw(args.out, study)
    except MissingPackageError as error:
        print(f"celpvq: {error}", file=sys.stderr)
        captions = {}
    _save(study.main.quantizer, args.out / report.QUANTIZER)
    report.write(args.out, study, captions)
    if not args.quiet:
        main = study.main
        held = f", {study.sqnr(main.test):.2f} dB held back" if len(study.vectors.test) else ""
        names = " -> ".join(common.printable(str(path)) for path in (args.data, args.out))
        print(f"{names}: {args.method}, {main.rate:.4g} bits a vector, "
              f"{study.sqnr(main.train):.2f} dB{held}, {main.seconds:.1f} s",
              file=sys.stderr)  # fmt: skip
    return 0


def _checked(args: argparse.Namespace) -> "list[VectorQuantizer]":
    """Return what is to be designed, once the options and the folder are right."""
    from ..errors import ArgumentError, OutputExistsError
    from ..lab import design_report as report
    from ..lab import trials

    if not 0 <= args.test_fraction < 1:
        raise ArgumentError(
            f"test-fraction: expected at least 0, less than 1, got {args.test_fraction:g}"
        )
    for name, least in {"seed": 0, "limit": 1}.items():
        if getattr(args, name) < least:
            raise ArgumentError(f"{name}: expected {least} or more, got {getattr(args, name)}")
    quantizer = trials.make(args.method, args.codewords, args.seed, dict(args.params))
    designs = trials.plan(quantizer, args.bits)
    make_folder(args.out, "--out")
    there = [name for name in report.FILES if (args.out / name).exists()]
    if there and not args.force:
        raise OutputExistsError(f"{args.out / there[0]}: is there already; --force replaces it")
    return designs


def _save(quantizer: "VectorQuantizer", path: Path) -> None:
    """Write a fitted quantizer, whole or not at all."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / path.name
        quantizer.save(copy)
        write_file(path, copy.read_bytes())
