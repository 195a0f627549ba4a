"""The codecs that the options of a command line name."""

import argparse
from typing import TYPE_CHECKING

from ..errors import ArgumentError

if TYPE_CHECKING:
    from ..lab.contenders import Contender


def contenders(args: argparse.Namespace) -> "list[Contender]":
    """Return the codecs of --modes, --presets, --plain, --tables and --with.

    Raises
    ------
    ArgumentError
        If there are none, or names repeat.
    """
    from ..lab.coded_folders import parse_folders
    from ..lab.contenders import Celpvq

    found: list[Contender] = [
        Celpvq(mode, preset, args.tables, plain)
        for plain in ([False, True] if args.plain else [False])
        for preset in args.presets
        for mode in args.modes
    ]
    for text in args.others:
        found += parse_folders(text)
    names = [contender.name for contender in found]
    if not names:
        raise ArgumentError("nothing to compare: expected a value of --modes, or --with")
    if double := {name for name in names if names.count(name) > 1}:
        raise ArgumentError(f"{', '.join(sorted(double))}: expected one codec of each name")
    return found
