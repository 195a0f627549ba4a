"""``celpvq channel``: drop packets or flip bits, then write the decoded speech."""

import argparse
import sys
from typing import IO, TYPE_CHECKING, NamedTuple

from . import arguments
from .compiling import DECODER
from .files import about, name_of, open_input, open_output
from .progress import Progress, damage_note

if TYPE_CHECKING:
    from ..channel import Pattern
    from ..channel.losses import Packet
    from ..codec.common.table_set import TableSet
    from ..output import Output

_EPILOG = """\
The ending of OUT selects its content: with .g192 the packets as received (ITU-T G.192), with any
other the decoded speech at 8000 Hz. A lost frame is concealed with the help of the packet after it,
as in a receiver with a jitter buffer. IN may be .g192 too; its erased frames stay lost.

--seed determines the random losses and bit errors. --pattern adds an error pattern of ITU-T G.191,
which is repeated: 16-bit words 0x6B21 and 0x6B20 for frames, 0x007F and 0x0081 for bits, or the low
bytes of these words. A pattern with one bit per item requires --compact.

--log FILE.csv has a line for each frame that was lost or has bit errors. --log FILE.json also has
the settings and the counts.

examples:
  celpvq channel speech.cvq lossy.wav --loss 5
  celpvq channel speech.cvq lossy.wav --loss 10 --burst 3 --seed 7 --log losses.csv
  celpvq channel speech.cvq noisy.wav --ber 1e-3 --fields lag gain
  celpvq channel speech.cvq lossy.g192 --pattern ep_5pct.g192
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's options."""
    parser.epilog = _EPILOG
    arguments.add_files(parser, "a .cvq or .g192 file", "the sound or .g192 file")
    arguments.add_losses(parser)
    arguments.add_bit_errors(parser)
    parser.add_argument(
        "--fields", nargs="+", metavar="FIELD",
        help="only flip bits of these fields: lsf, lag, gain, fcb, or an entry such as lag2",
    )  # fmt: skip
    parser.add_argument("--pattern", metavar="FILE", help="error pattern, ITU-T G.191")
    parser.add_argument(
        "--compact", choices=["frames", "bits"],
        help="--pattern is compact: it has one bit per frame, or per bit",
    )  # fmt: skip
    parser.add_argument("--log", metavar="FILE", help="list of all errors, .csv or .json")
    arguments.add_no_enhancement(parser)


class _Input(NamedTuple):
    """The packets of the input, with all that the decoder needs."""

    packets: "list[Packet]"
    n_samples: int  # at 8000 Hz
    tables: "TableSet | None"
    note: str  # about damage


def run(args: argparse.Namespace) -> int:
    """Send, receive, write; return the exit status."""
    from pathlib import Path

    from ..audio.soundwriter import check_suffix
    from ..channel import Record, write_g192
    from ..channel.record import SUFFIXES
    from ..output import Output

    arguments.check_bursts(args)
    coded = args.output.endswith(".g192")
    suffix = ".wav" if args.output == "-" or coded else check_suffix(args.output)
    log_suffix = Path(args.log).suffix if args.log else SUFFIXES[0]
    endings = " or ".join(SUFFIXES)
    arguments.require(log_suffix in SUFFIXES, "--log", f"a name ending in {endings}", args.log)
    pattern = _pattern(args)
    with (
        open_input(args.input) as file,
        open_output(args.output, file, force=args.force) as output,
    ):
        with about(args.input):
            sent = _read(file, args)
        received = _transmit(sent.packets, args, pattern)
        record = Record.of(sent.packets, received)
        if coded:
            write_g192(output, received)
        else:
            _decode(sent._replace(packets=received), output, suffix, args)
        if args.log:
            options = ("loss", "burst", "ber", "bit_burst", "fields", "pattern", "seed")
            settings = {name: getattr(args, name) for name in options}
            with Output(args.log, overwrite=args.force) as log:
                log.write(record.table(log_suffix, settings))
    if not args.quiet:
        names = name_of(args.input, "input"), name_of(args.output, "output")
        print(f"{' -> '.join(names)}: {record}, seed {args.seed}{sent.note}", file=sys.stderr)
    return 0


def _pattern(args: argparse.Namespace) -> "Pattern | None":
    from ..channel import read_pattern
    from ..errors import ArgumentError

    if args.pattern is None:
        if args.compact is not None:
            raise ArgumentError("--compact requires --pattern")
        return None
    with open_input(args.pattern) as file, about(args.pattern):
        return read_pattern(file.read(), args.compact)


def _read(file: IO[bytes], args: argparse.Namespace) -> _Input:
    from ..channel import read_g192
    from ..channel.losses import Packet
    from ..codec.common.table_set import made_with
    from ..codec.format.modes import DELAY, FRAME_LEN, PACKET_LENGTHS
    from ..container import CvqReader, n_samples_8k
    from ..errors import FormatError, TruncatedStream

    tables = arguments.load_tables(args.tables)
    if args.input.endswith(".g192"):
        packets, note = list[Packet](), ""
        try:
            packets.extend(read_g192(file))
        except TruncatedStream as error:
            if not args.partial:
                raise
            note = f"; the end is missing: {error}"
        for frame, packet in enumerate(packets):
            if packet is not None and len(packet) not in PACKET_LENGTHS:
                raise FormatError(f"frame {frame}: no packet has {8 * len(packet)} bits")
        return _Input(packets, max(len(packets) * FRAME_LEN - DELAY, 0), tables, note)
    reader = CvqReader(file, strict=not args.partial)
    packets = list(reader)
    n = max(len(packets) * FRAME_LEN - DELAY, 0)
    if reader.n_samples is not None:
        n = min(n, n_samples_8k(reader.n_samples, reader.header.samplerate))
    tables = made_with(reader.header.tables, tables)
    return _Input(packets, n, tables, damage_note(reader.damage, reader.n_missing))


def _transmit(
    packets: "list[Packet]", args: argparse.Namespace, pattern: "Pattern | None"
) -> "list[Packet]":
    """Return the packets as received; losses and bit errors are independent of each other."""
    import numpy as np

    from ..channel import draw_losses, drop, flip_bits, flip_by
    from ..errors import ArgumentError

    if args.fields is not None and not args.ber and (pattern is None or pattern.kind != "bits"):
        raise ArgumentError("--fields requires --ber, or a --pattern of bits")
    lost = draw_losses(len(packets), args.loss / 100, args.burst, args.seed)
    packets = flip_bits(packets, args.ber, args.seed + 1, burst=args.bit_burst, fields=args.fields)
    if pattern is not None and pattern.kind == "bits":
        packets = flip_by(packets, pattern.mask, args.fields)
    elif pattern is not None:
        lost = lost | np.resize(pattern.mask, len(packets))
    return drop(packets, lost)


def _decode(received: _Input, output: "Output", suffix: str, args: argparse.Namespace) -> None:
    """Write the decoded speech, aligned with the original."""
    from ..audio.soundwriter import SoundWriter
    from ..codec.format.modes import FRAME_LEN, SAMPLERATE
    from ..stream import Decoder

    n_left = received.n_samples
    decoder = Decoder(
        SAMPLERATE, "int16", enhancement=not args.no_enhancement, tables=received.tables
    )
    writer = SoundWriter(output, suffix, SAMPLERATE, n_left)
    seconds = n_left / SAMPLERATE
    with Progress("channel", seconds, quiet=args.quiet, kernel=DECODER) as progress:
        for sound in decoder.look_ahead(received.packets):
            writer.write(sound[:n_left])
            n_left -= min(len(sound), n_left)
            progress.update(FRAME_LEN / SAMPLERATE)
        writer.close()
