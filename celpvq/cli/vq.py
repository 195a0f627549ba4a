"""``celpvq vq``: design a vector quantizer for data, and report its performance."""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..output import make_folder, write_file
from . import arguments
from .files import printable, refuse_existing

if TYPE_CHECKING:
    from ..vq.base import VectorQuantizer

_EPILOG = """\
DATA is a file .npy with an array of vectors, shape (n, k), or a folder of speech. From speech, the
vectors are the ten line spectral frequencies of every audible frame of 20 ms. DIR gets
quantizer.npz (which the method's class loads), report.md and pictures: rate and distortion compared
with theory, distortion during the design, use of the codewords, cells. Pictures need matplotlib.

--codewords takes several sizes for methods with several codebooks: the stages of MultistageVQ, the
parts of SplitVQ, shape and gain of ShapeGainVQ. --bits lists other rates, in bits per vector, each
for a design of its own; the bits are spread evenly over the indices. The theory is for Gaussian
vectors with the covariance of the data. The same DATA, options and seed give the same quantizer.

examples:
  celpvq vq vectors.npy --out report
  celpvq vq vectors.npy --out report --method TreeVQ --codewords 1024 --bits 2 4 6 8
  celpvq vq speech --out report --method MultistageVQ --codewords 256 256 --set n_survivors=16
  celpvq vq vectors.npy --out report --method ProductVQ --codewords 16 --set n_parts=4
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's options."""
    from .. import vq

    methods = [name for name in vq.__all__ if name[0].isupper() and not name.endswith("Error")]
    parser.epilog = f"{_EPILOG}\nmethods:\n  " + "\n  ".join(methods)
    parser.add_argument(
        "data", metavar="DATA", type=Path, help="vectors (.npy), or a folder of speech"
    )
    parser.add_argument("--out", metavar="DIR", type=Path, required=True, help="folder for results")
    parser.add_argument(
        "-m", "--method", choices=methods, default="LBG", metavar="METHOD",
        help="a method from the list below (default: LBG)",
    )  # fmt: skip
    parser.add_argument(
        "-k", "--codewords", nargs="+", type=int, metavar="N",
        help="size of each codebook (default: 256, or 16 16)",
    )  # fmt: skip
    parser.add_argument(
        "-b", "--bits", nargs="*", type=int, metavar="N",
        help="bits per vector of other designs (default: a quarter, a half and three quarters)",
    )  # fmt: skip
    parser.add_argument(
        "--set", dest="params", action="append", type=_setting, default=[], metavar="NAME=VALUE",
        help="another parameter of the method, with its value as in JSON",
    )  # fmt: skip
    arguments.add_seed(parser)
    parser.add_argument(
        "--test-fraction", type=float, default=0.2, metavar="SHARE",
        help="share of the vectors for the test; of speech, whole speakers (default: 0.2)",
    )  # fmt: skip
    parser.add_argument(
        "--limit", type=int, default=1_000_000, metavar="N",
        help="greatest number of vectors, taken from all of DATA (default: 1000000)",
    )  # fmt: skip
    arguments.add_force(parser, "existing results in DIR")
    arguments.add_quiet(parser, "no progress messages and no summary")


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
        names = " -> ".join(printable(str(path)) for path in (args.data, args.out))
        print(f"{names}: {args.method}, {main.rate:.4g} bits a vector, "
              f"{study.sqnr(main.train):.2f} dB{held}, {main.seconds:.1f} s",
              file=sys.stderr)  # fmt: skip
    return 0


def _checked(args: argparse.Namespace) -> "list[VectorQuantizer]":
    """Check the options and the folder; return the designs."""
    from ..lab import design_report as report
    from ..lab import trials

    share = args.test_fraction
    valid = 0 <= share < 1
    arguments.require(valid, "--test-fraction", "at least 0, less than 1", f"{share:g}")
    arguments.require(args.seed >= 0, "--seed", "0 or more", args.seed)
    arguments.require(args.limit >= 1, "--limit", "1 or more", args.limit)
    quantizer = trials.make(args.method, args.codewords, args.seed, dict(args.params))
    designs = trials.plan(quantizer, args.bits)
    make_folder(args.out, "--out")
    for name in report.FILES:
        refuse_existing(args.out / name, force=args.force)
    return designs


def _save(quantizer: "VectorQuantizer", path: Path) -> None:
    """Write a fitted quantizer, completely or not at all."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / path.name
        quantizer.save(copy)
        write_file(path, copy.read_bytes())
