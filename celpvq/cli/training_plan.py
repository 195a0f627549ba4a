"""The arguments that the verbs of training share: a folder, a file for tables, and a plan."""

import argparse
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from ..errors import ArgumentError
from . import arguments
from .files import refuse_existing

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

P = TypeVar("P", bound="DataclassInstance")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add folder, output and seed."""
    parser.add_argument(
        "folder", metavar="FOLDER", type=Path, help="recordings, with all subfolders"
    )
    parser.add_argument("out", metavar="OUT", type=Path, help="file for the tables (.npz)")
    arguments.add_force(parser)
    parser.add_argument(
        "--seed", type=int, metavar="N", help="seed of the random numbers (default: 1)"
    )


def check_output(args: argparse.Namespace) -> None:
    """Raise an error now if the tables could not be written after hours of training."""
    refuse_existing(args.out, force=args.force)
    if not args.out.parent.is_dir():
        raise ArgumentError(f"{args.out}: its folder is not there")


def read(plan_type: type[P], args: argparse.Namespace, positive: Sequence[str]) -> P:
    """Return a plan with the numbers that were given; those named `positive` must be above 0."""
    numbers = {f.name: getattr(args, f.name, None) for f in fields(plan_type)}
    given = {name: value for name, value in numbers.items() if value is not None}
    if "seed" in given:
        arguments.require(given["seed"] >= 0, "--seed", "0 or more", given["seed"])
    for name in positive:
        if name in given:
            option = f"--{name.replace('_', '-')}"
            arguments.require(given[name] > 0, option, "a positive number", given[name])
    return plan_type(**given)
