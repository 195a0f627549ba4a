"""``celpvq info``: describe a .cvq file without decoding it."""

import argparse
import dataclasses
import itertools
import json
from typing import TYPE_CHECKING

from .files import about, open_input

if TYPE_CHECKING:
    from ..container import Rates

_SPANS = 12  # of the rate over time

_EPILOG = """\
The command reads the whole file and checks every CRC. The exit status is 1 if a part of the file is
missing or damaged. A file of variable rate, or with DTX, gets lines about the rate of its packets
over time. The worst second is the one with the most bits.

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
    """Print the description; return the exit status."""
    from ..container import info

    with open_input(args.input) as file, about(args.input):
        found = info(file)
    if args.json:
        print(json.dumps(dataclasses.asdict(found) | {"whole": found.whole}, indent=2))
        return 0 if found.whole else 1
    length = "unknown" if found.n_samples is None else found.n_samples
    forms = ["variable mode"] * found.variable + ["written to a pipe"] * found.unknown_length
    lines: dict[str, str] = {
        "format": ", ".join([f"celpvq version {found.version}", *forms]),
        "mode": f"{found.mode} bit/s",
        "duration": f"{found.duration_s:.3f} s",
        "original": f"{length} samples at {found.samplerate} Hz",
        "packets": str(found.n_packets),
        "size": f"{found.n_bytes} bytes, {found.kbps:.2f} kbit/s",
        **(_rates(found.rates) if found.variable else {}),
        "tables": found.tables,
        "state": "whole" if found.whole else f"{found.damage}",
    }  # fmt: skip
    if not found.whole:
        lines["missing"] = "unknown" if found.n_missing is None else f"{found.n_missing} packets"
        lines["damaged"] = f"{found.n_damaged} blocks"
    print("\n".join(f"{name:<10}{text}" for name, text in lines.items()))
    return 0 if found.whole else 1


def _rates(rates: "Rates") -> dict[str, str]:
    """Return the lines about the rate of the packets over time."""
    from ..container.rates import SECOND

    n = sum(rates.packets.values())
    shares = ", ".join(f"{name} {count / n:.0%}" for name, count in rates.packets.items())
    whole = rates.seconds[: n // SECOND] or rates.seconds  # without the rest of a second
    spans = min(len(whole), _SPANS)
    edges = [len(whole) * i // spans for i in range(spans + 1)]
    means = [sum(whole[a:b]) / (b - a) / 1000 for a, b in itertools.pairwise(edges)]
    mean, worst = rates.mean / 1000, rates.worst_second / 1000
    return {
        "rate": f"mean {mean:.2f} kbit/s, worst second {worst:.2f}",
        "frames": shares,
        "over time": " ".join(f"{kbps:.1f}" for kbps in means)
        + (" kbit/s, second by second" if spans == len(whole) else f" kbit/s, in {spans} parts"),
    }  # fmt: skip
