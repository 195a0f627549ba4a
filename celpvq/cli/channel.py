"""``celpvq channel``: a coded file over a bad channel, and what is heard at its end."""

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from . import common

if TYPE_CHECKING:
    from ..channel import Pattern
    from ..channel.losses import Packet

_EPILOG = """\
Losses and wrong bits are drawn by --seed, or come from files of the ITU-T's tools (--pattern),
which begin again where they end: 16-bit words 0x6B21 and 0x6B20 for frames, 0x007F and 0x0081 for
bits, or their low bytes; compact ones, a bit for each, want --compact. The ending of OUT says what
it gets: .g192 the packets as they arrive (ITU-T G.192), any other the decoded sound at 8000 Hz,
lost frames concealed as by a receiver that has the packet after them, if it is not lost too. IN
may be .g192 as well: its erased frames stay lost.

--log FILE.csv has a line for each frame that did not arrive as it was sent, FILE.json the settings
and counts too.

examples:
  celpvq channel speech.cvq lossy.wav --loss 5
  celpvq channel speech.cvq lossy.wav --loss 10 --burst 3 --seed 7 --log losses.csv
  celpvq channel speech.cvq noisy.wav --ber 1e-3 --fields lag gain
  celpvq channel speech.cvq lossy.g192 --pattern ep_5pct.g192
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's options."""
    parser.epilog = _EPILOG
    common.add_files(parser, "a .cvq or .g192 file", "the sound or .g192 file")
    common.add_losses(parser)
    parser.add_argument("--ber", type=float, default=0.0, metavar="RATE", help="bit error rate")
    parser.add_argument(
        "--bit-burst", type=float, metavar="BITS",
        help="mean length of times when half of the bits are wrong (default: random errors)",
    )  # fmt: skip
    parser.add_argument(
        "--fields", nargs="+", metavar="FIELD",
        help="bits go wrong only here: lsf, lag, gain, fcb, or entries such as lag2",
    )  # fmt: skip
    parser.add_argument("--pattern", metavar="FILE", help="losses or wrong bits, G.192")
    parser.add_argument(
        "--compact", choices=["frames", "bits"], help="--pattern has a bit for each of these"
    )
    parser.add_argument("--log", metavar="FILE", help="what was lost, .csv or .json")
    parser.add_argument("--no-enhancement", action="store_true", help="leave the enhancement out")


def run(args: argparse.Namespace) -> int:
    """Send, receive, write; return the exit status."""
    from pathlib import Path

    from ..audio.soundwriter import check_suffix
    from ..channel import Record, write_g192
    from ..channel.record import SUFFIXES
    from ..errors import ArgumentError
    from ..output import Output

    coded = args.output.endswith(".g192")
    suffix = ".wav" if args.output == "-" or coded else check_suffix(args.output)
    log_suffix = Path(args.log).suffix if args.log else SUFFIXES[0]
    if log_suffix not in SUFFIXES:
        raise ArgumentError(f"--log: expected a name ending in {' or '.join(SUFFIXES)}")
    pattern = _pattern(args.pattern, args.compact)
    with (
        common.open_input(args.input) as file,
        common.open_output(args.output, file, force=args.force) as output,
    ):
        with common.about(args.input):
            sent, n_samples, tables, note = _read(file, args)
        received = _transmit(sent, args, pattern)
        record = Record.of(sent, received)
        if coded:
            write_g192(output, received)
        else:
            _decode(received, n_samples, tables, output, suffix, args)
        if args.log:
            options = ("loss", "burst", "ber", "bit_burst", "fields", "pattern", "seed")
            settings = {name: getattr(args, name) for name in options}
            with Output(args.log, overwrite=args.force) as log:
                log.write(record.table(log_suffix, settings))
    if not args.quiet:
        names = common.name_of(args.input, "input"), common.name_of(args.output, "output")
        print(f"{' -> '.join(names)}: {record}, seed {args.seed}{note}", file=sys.stderr)
    return 0


def _pattern(path: str | None, compact: Any) -> "Pattern | None":
    from ..channel import read_pattern
    from ..errors import ArgumentError

    if path is None:
        if compact is not None:
            raise ArgumentError("--compact: tells the form of a --pattern, and there is none")
        return None
    with common.open_input(path) as file, common.about(path):
        return read_pattern(file.read(), compact)


def _read(file: Any, args: argparse.Namespace) -> "tuple[list[Packet], int, Any, str]":
    """Return all packets, their samples at 8000 Hz, the tables they need, and what is wrong."""
    from ..channel import read_g192
    from ..codec.common.table_set import made_with
    from ..codec.format.modes import BY_LENGTH, DELAY, FRAME_LEN, SID_BYTES
    from ..container import CvqReader, n_samples_8k
    from ..errors import FormatError

    if args.input.endswith(".g192"):
        sent = list(read_g192(file))
        for frame, packet in enumerate(sent):
            if packet is not None and len(packet) not in (0, SID_BYTES, *BY_LENGTH):
                raise FormatError(f"frame {frame}: no packet has {8 * len(packet)} bits")
        return sent, max(len(sent) * FRAME_LEN - DELAY, 0), common.load_tables(args.tables), ""
    reader = CvqReader(file, strict=not args.partial)
    sent = list(reader)
    n = max(len(sent) * FRAME_LEN - DELAY, 0)
    if reader.samples is not None:
        n = min(n, n_samples_8k(reader.samples, reader.header.samplerate))
    tables = made_with(reader.header.tables, common.load_tables(args.tables))
    return sent, n, tables, common.damage_note(reader.damage, reader.n_missing)


def _transmit(
    sent: "Sequence[Packet]", args: argparse.Namespace, pattern: "Pattern | None"
) -> "list[Packet]":
    """Return what arrives; losses and wrong bits are drawn independently of each other."""
    import numpy as np

    from ..channel import draw_losses, drop, flip_bits, flip_by

    packets = flip_bits(
        sent, args.ber, args.seed + 1, burst=args.bit_burst, fields=args.fields
    )  # fmt: skip
    lost = draw_losses(len(sent), args.loss / 100, args.burst, args.seed)
    if pattern is not None and pattern.kind == "bits":
        packets = flip_by(packets, pattern.mask, args.fields)
    elif pattern is not None:
        lost = lost | np.resize(pattern.mask, len(sent))
    return drop(packets, lost)


def _decode(
    received: "Sequence[Packet]", n_samples: int, tables: Any, output: Any, suffix: str,
    args: argparse.Namespace,
) -> None:  # fmt: skip
    """Write what is heard, aligned with the original."""
    from ..audio.soundwriter import SoundWriter
    from ..codec.format.modes import FRAME_LEN, SAMPLERATE
    from ..stream import Decoder

    decoder = Decoder(SAMPLERATE, "int16", enhancement=not args.no_enhancement, tables=tables)
    writer = SoundWriter(output, suffix, SAMPLERATE, n_samples)
    left = n_samples
    with common.Progress(
        "channel", n_samples / SAMPLERATE, quiet=args.quiet, kernel=common.DECODER
    ) as progress:
        for sound in decoder.look_ahead(received):
            samples = sound[:left]
            writer.write(samples)
            left -= len(samples)
            progress.update(FRAME_LEN / SAMPLERATE)
        writer.close()
