"""The option ``--raw``: headerless sound, and which kind."""

import argparse
from collections.abc import Sequence


def add_raw(parser: argparse.ArgumentParser, what: str) -> None:
    """Add the option for headerless sound, which `join_raw` prepares."""
    parser.add_argument(
        "--raw", nargs="?", type=str.upper, const="PCM_16", choices=["PCM_16", "ALAW", "ULAW"],
        metavar="alaw|ulaw",
        help=f"{what}: 16 bits, little-endian, or the bytes of A-law or mu-law (G.711)",
    )  # fmt: skip


def join_raw(argv: Sequence[str]) -> list[str]:
    """Return a command line in which ``--raw`` takes no file's name for its value."""
    joined: list[str] = []
    for argument in argv:
        if joined and joined[-1] == "--raw":
            law = argument.lower() in ("alaw", "ulaw")
            joined[-1] = f"--raw={argument if law else 'PCM_16'}"
            if law:
                continue
        joined.append(argument)
    return joined
