"""The options that name codecs: celpvq's own rates and presets, and folders of other codecs."""

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..errors import ArgumentError
from . import arguments

if TYPE_CHECKING:
    from ..lab.contenders import Celpvq, Contender

ALL = "all; without a value: none"


def add_contenders(parser: argparse.ArgumentParser, default: str = ALL) -> None:
    """Add the options that `celpvqs` and `contenders` read.

    Without --modes, `args.modes` is None; `default` tells the user what this means.
    """
    from ..codec.encoder.presets import PRESETS
    from ..codec.format.modes import MODES

    parser.add_argument(
        "-m", "--modes", nargs="*", type=int, choices=list(MODES), metavar="BITRATE",
        help=f"bit rates of celpvq (default: {default})",
    )  # fmt: skip
    parser.add_argument(
        "--vbr", nargs="+", type=int, default=[], metavar="BITRATE",
        help="averages of celpvq at variable rate [bit/s]",
    )  # fmt: skip
    parser.add_argument(
        "-p", "--presets", nargs="+", choices=list(PRESETS), default=["default"],
        metavar="PRESET", help=f"presets of celpvq: {', '.join(PRESETS)} (default: default)",
    )  # fmt: skip
    parser.add_argument(
        "--plain", action="store_true",
        help="decode the packets of celpvq also without the enhancement",
    )  # fmt: skip
    arguments.add_tables(parser)
    parser.add_argument(
        "--with", dest="others", action="append", default=[], metavar="[NAME[@KBPS]=]DIR",
        help="speech after another codec; without NAME, one codec per folder in DIR",
    )  # fmt: skip


def celpvqs(args: argparse.Namespace, default: Sequence[int]) -> "list[Celpvq]":
    """Return celpvq at all rates and presets of the options; `default` are the default modes.

    Raises
    ------
    ArgumentError
        If an average of --vbr is out of range.
    """
    from ..codec.encoder.variable_rate import VariableRate
    from ..lab.contenders import Celpvq

    rates = [*(default if args.modes is None else args.modes), *map(VariableRate, args.vbr)]
    return [
        Celpvq(rate, preset, args.tables, plain)
        for plain in ([False, True] if args.plain else [False])
        for preset in args.presets
        for rate in rates
    ]


def contenders(args: argparse.Namespace) -> "list[Contender]":
    """Return the codecs that the options name.

    Raises
    ------
    ArgumentError
        If there are none, names repeat, or an option has a wrong value.
    """
    from ..codec.format.modes import MODES
    from ..lab.coded_folders import parse_folders

    found: list[Contender] = [*celpvqs(args, list(MODES))]
    for text in args.others:
        found += parse_folders(text)
    if not found:
        raise ArgumentError("nothing to compare: expected a value of --modes, or --with")
    check_names([contender.name for contender in found])
    return found


def check_names(names: Sequence[str]) -> None:
    """Raise `ArgumentError` if names repeat."""
    if double := {name for name in names if names.count(name) > 1}:
        raise ArgumentError(f"{', '.join(sorted(double))}: expected one codec of each name")
