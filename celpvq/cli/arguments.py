"""Options that several verbs share, and checks of their values."""

import argparse
from typing import TYPE_CHECKING

from ..errors import ArgumentError

if TYPE_CHECKING:
    from ..codec.common.table_set import TableSet
    from ..codec.encoder.variable_rate import RateLike


def add_files(parser: argparse.ArgumentParser, source: str, target: str) -> None:
    """Add the options of a verb that turns one file into another."""
    parser.add_argument("input", metavar="IN", help=f"{source}, or - for standard input")
    parser.add_argument("output", metavar="OUT", help=f"{target}, or - for standard output")
    add_force(parser)
    add_quiet(parser, "no summary and no progress bar")
    add_tables(parser)
    parser.add_argument(
        "--partial", action="store_true", help="use the undamaged part of a damaged or truncated IN"
    )


def add_force(parser: argparse.ArgumentParser, what: str = "OUT if it exists") -> None:
    """Add the option that allows to replace files."""
    parser.add_argument("-f", "--force", action="store_true", help=f"replace {what}")


def add_quiet(parser: argparse.ArgumentParser, effect: str) -> None:
    """Add the option that turns messages off."""
    parser.add_argument("-q", "--quiet", action="store_true", help=effect)


def add_tables(parser: argparse.ArgumentParser) -> None:
    """Add the option for tables other than the default ones."""
    parser.add_argument("--tables", metavar="FILE", help="codebooks made by `celpvq train`")


def load_tables(path: str | None) -> "TableSet | None":
    """Return the tables of a file, or None for the default ones."""
    if path is None:
        return None
    from ..codec.common.table_set import TableSet

    return TableSet.load(path)


def add_encoder(parser: argparse.ArgumentParser) -> None:
    """Add the options of the encoder."""
    from ..codec.format.modes import MODES

    either = parser.add_mutually_exclusive_group()
    either.add_argument(
        "-m", "--mode", type=int, choices=list(MODES), default=6400,
        help="bit rate [bit/s] (default: %(default)s)",
    )  # fmt: skip
    either.add_argument(
        "--vbr", type=int, metavar="BITRATE",
        help="variable rate: this average [bit/s], 4800 to 8000, more where the speech needs more",
    )  # fmt: skip
    parser.add_argument(
        "--vbr-limit", type=int, metavar="BITRATE",
        help="most bits in any second [bit/s] (default: no limit)",
    )  # fmt: skip
    parser.add_argument(
        "--vbr-window", type=float, metavar="SECONDS",
        help="time over which the average holds (default: 15)",
    )  # fmt: skip
    parser.add_argument(
        "--vbr-choice", choices=["trials", "prediction"],
        help="choose rates by trial codings, or faster by prediction (default: trials)",
    )  # fmt: skip
    add_preset(parser)
    parser.add_argument(
        "--dtx", action="store_true",
        help="discontinuous transmission: code pauses by SIDs, with fewer bytes",
    )  # fmt: skip


def add_channel(parser: argparse.ArgumentParser) -> None:
    """Add the option that takes one channel of the sound."""
    parser.add_argument("--channel", type=int, metavar="K", help="take channel K, counted from 0")


def add_no_highpass(parser: argparse.ArgumentParser) -> None:
    """Add the option of the verbs that encode files."""
    parser.add_argument("--no-highpass", action="store_true", help="keep frequencies below 100 Hz")


def mode(args: argparse.Namespace) -> "RateLike":
    """Return the mode that the options of `add_encoder` name.

    Raises
    ------
    ArgumentError
        If an option has no such value, or requires `--vbr`.
    """
    options = {"window": args.vbr_window, "limit": args.vbr_limit, "choice": args.vbr_choice}
    given = {name: value for name, value in options.items() if value is not None}
    if args.vbr is None:
        if given:
            raise ArgumentError(f"--vbr-{next(iter(given))} requires --vbr")
        return int(args.mode)
    from ..codec.encoder.variable_rate import VariableRate

    return VariableRate(args.vbr, **given)


def add_no_enhancement(parser: argparse.ArgumentParser) -> None:
    """Add the option of the verbs that decode files."""
    parser.add_argument("--no-enhancement", action="store_true", help="leave the enhancement out")


def add_preset(parser: argparse.ArgumentParser) -> None:
    """Add the option for the encoder's preset."""
    from ..codec.encoder.presets import PRESETS

    parser.add_argument(
        "-p", "--preset", choices=list(PRESETS), default="default",
        help="width of the encoder's search (default: %(default)s)",
    )  # fmt: skip


def add_losses(parser: argparse.ArgumentParser) -> None:
    """Add the options of a channel that loses frames."""
    parser.add_argument(
        "--loss", type=percentage, default=0.0, metavar="PERCENT", help="share of lost frames"
    )
    parser.add_argument(
        "--burst", type=float, metavar="FRAMES",
        help="mean length of loss bursts (default: independent losses)",
    )  # fmt: skip
    add_seed(parser)


def add_ber(parser: argparse.ArgumentParser) -> None:
    """Add the option of a channel that flips bits."""
    parser.add_argument(
        "--ber", type=float, default=0.0, metavar="RATE", help="bit error rate (default: 0)"
    )


def add_bit_errors(parser: argparse.ArgumentParser) -> None:
    """Add the options of a channel that flips bits, also in bursts."""
    add_ber(parser)
    parser.add_argument(
        "--bit-burst", type=float, metavar="BITS",
        help="mean length of error bursts, in which half of the bits are wrong"
        " (default: independent errors)",
    )  # fmt: skip


def check_bursts(args: argparse.Namespace) -> None:
    """Refuse the length of bursts without errors that could come in bursts."""
    if args.burst is not None and not args.loss:
        raise ArgumentError("--burst requires --loss")
    if getattr(args, "bit_burst", None) is not None and not args.ber:
        raise ArgumentError("--bit-burst requires --ber")


def add_seed(parser: argparse.ArgumentParser) -> None:
    """Add the option for the seed of the random numbers."""
    parser.add_argument(
        "--seed", type=int, default=1, metavar="N",
        help="seed of the random numbers (default: %(default)s)",
    )  # fmt: skip


def add_payload_type(parser: argparse.ArgumentParser) -> None:
    """Add the option on which sender and receiver must agree."""
    from ..rtp.packet import PAYLOAD_TYPE

    parser.add_argument(
        "--payload-type", type=int, default=PAYLOAD_TYPE, metavar="N", choices=range(96, 127),
        help="RTP payload type, 96 to 126, the same on both sides; payloads with --redundancy or"
        f" --crc have type N + 1 (default: {PAYLOAD_TYPE})",
    )  # fmt: skip


def add_device(parser: argparse.ArgumentParser, option: str, what: str) -> None:
    """Add an option that picks a sound device."""
    parser.add_argument(option, type=_device, metavar="D", help=f"number or name of the {what}")


def _device(text: str) -> int | str:
    from ..audio.devices import device

    return device(text)


def percentage(text: str) -> float:
    """Return the value of an option in percent."""
    value = float(text)
    if not 0 <= value <= 100:
        raise argparse.ArgumentTypeError(f"expected from 0 to 100, got {text}")
    return value


def count(text: str) -> int:
    """Return the value of an option that is a positive number."""
    n = int(text)
    if n < 1:
        raise argparse.ArgumentTypeError(f"expected at least 1, got {text}")
    return n


def samplerate(text: str) -> int:
    """Return the value of an option that is a sample rate."""
    from ..audio import check_samplerate

    try:
        return check_samplerate(float(text))
    except ArgumentError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def require(valid: bool, option: str, expected: str, got: object) -> None:
    """Raise `ArgumentError` about an option unless its value is valid."""
    if not valid:
        raise ArgumentError(f"{option}: expected {expected}, got {got}")
