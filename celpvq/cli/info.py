"""``celpvq info``: what a .cvq file is, without decoding it."""

import argparse
import dataclasses
import json

from . import common

_EPILOG = """\
The whole file is read and every CRC checked; the exit status is 1 if something is missing or
damaged.

examples:
  celpvq info speech.cvq
  celpvq info --json speech.cvq | jq .duration_s
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's options."""
    parser.epilog = _EPILOG
    parser.add_argument("input", metavar="FILE", help="a .cvq file, or - for standard input")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Print what the file is; return the exit status."""
    from ..container import info

    with common.open_input(args.input) as file, common.about(args.input):
        what = info(file)
    if args.json:
        print(json.dumps(dataclasses.asdict(what) | {"whole": what.whole}, indent=2))
        return 0 if what.whole else 1
    length = "unknown" if what.n_samples is None else what.n_samples
    forms = ["variable mode"] * what.variable + ["written to a pipe"] * what.unknown_length
    lines = {
        "format": ", ".join([f"celpvq version {what.version}", *forms]),
        "mode": f"{what.mode} bit/s",
        "duration": f"{what.duration_s:.3f} s",
        "original": f"{length} samples at {what.samplerate} Hz",
        "packets": str(what.n_packets),
        "size": f"{what.n_bytes} bytes, {what.kbps:.2f} kbit/s",
        "tables": what.tables,
        "state": "whole" if what.whole else f"{what.damage}",
    }  # fmt: skip
    if not what.whole:
        lines["missing"] = "unknown" if what.n_missing is None else f"{what.n_missing} packets"
        lines["damaged"] = f"{what.n_damaged} blocks"
    print("\n".join(f"{name:<10}{text}" for name, text in lines.items()))
    return 0 if what.whole else 1
