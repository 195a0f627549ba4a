"""``celpvq send``: send speech to another machine, by RTP over UDP."""

import argparse
import sys
from collections.abc import Iterable, Iterator
from typing import IO, TYPE_CHECKING, Any

from . import arguments
from .files import about, name_of, open_input

if TYPE_CHECKING:
    from .._types import F64
    from ..codec.common.table_set import TableSet
    from ..stream import Encoder

_EPILOG = """\
IN is any sound file, - for standard input, which is read to its end first, or mic for the
microphone (pip install celpvq[live]). A packet leaves every 20 ms in an RTP datagram; with --dtx,
few packets leave during pauses. Ctrl-C ends the stream properly.

--redundancy and --crc help against losses and bit errors. --redundancy adds 3 bytes to each packet,
which describe the previous frame coarsely. If that frame is lost, the receiver decodes these bytes.

--sdp prints a session description: address, payload type, bit rate, --dtx, --redundancy, --crc and
the hash of the tables. Nothing is read or sent then. Give its file to celpvq receive --sdp, then
run the same command without --sdp.

examples:
  celpvq send speech.wav 192.0.2.7:5004
  celpvq send speech.wav 192.0.2.7:5004 --mode 4800 --sdp > call.sdp
  celpvq send mic bob.example --mode 4800 --dtx --redundancy
  celpvq send speech.wav 192.0.2.7 --vbr 5600 --vbr-limit 6400
  celpvq send --fast speech.wav localhost:5004     to celpvq receive --fast
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's options."""
    parser.epilog = _EPILOG
    parser.add_argument("input", metavar="IN", help="a sound file, - or mic")
    parser.add_argument("to", metavar="HOST[:PORT]", help="the receiver (default port: 5004)")
    arguments.add_encoder(parser)
    parser.add_argument(
        "--redundancy", action="store_true", help="send a redundant frame with the next packet"
    )
    parser.add_argument(
        "--crc", action="store_true", help="protect the most sensitive bits by a CRC"
    )
    arguments.add_channel(parser)
    parser.add_argument(
        "--fast", action="store_true", help="send as fast as packets are coded, not in real time"
    )
    arguments.add_payload_type(parser)
    parser.add_argument(
        "--sdp", action="store_true",
        help="print the session description of the stream, and send nothing",
    )  # fmt: skip
    arguments.add_device(parser, "--device", "microphone")
    arguments.add_tables(parser)
    arguments.add_quiet(parser, "no summary")


def run(args: argparse.Namespace) -> int:
    """Send; return the exit status."""
    import numpy as np

    from ..audio import devices
    from ..codec.format.modes import FRAME_LEN, SAMPLERATE
    from ..errors import ArgumentError
    from ..rtp import pacing, udp
    from ..rtp.sender import Sender
    from ..stream import Encoder

    if args.device is not None and args.input != devices.MICROPHONE:
        raise ArgumentError("--device requires IN to be `mic`")
    if args.channel is not None and args.input == devices.MICROPHONE:
        raise ArgumentError("--channel requires IN to be a sound file")
    host, port = udp.parse_address(args.to)
    tables = arguments.load_tables(args.tables)
    if args.sdp:
        print(_description(args, host, port, tables), end="")
        return 0
    encoder = Encoder(arguments.mode(args), args.preset, dtx=args.dtx, tables=tables)
    encoder.copy().encode_frame(np.zeros(FRAME_LEN))  # loads or compiles before time counts
    sender = Sender(args.payload_type + (args.redundancy or args.crc))
    options = {"redundancy": args.redundancy, "crc": args.crc}
    if args.input == devices.MICROPHONE:
        with devices.microphone(SAMPLERATE, FRAME_LEN, args.device) as blocks:
            payloads = _payloads(blocks, encoder, **options)
            stats = pacing.send(payloads, sender, host, port, paced=False)
    else:
        with open_input(args.input) as file, about(args.input):
            payloads = _payloads(_chunks(file, args), encoder, **options)
            stats = pacing.send(payloads, sender, host, port, paced=not args.fast)
    if not args.quiet:
        seconds = stats.frames * FRAME_LEN / SAMPLERATE
        print(
            f"{name_of(args.input, 'input')} -> {host} port {port}: {seconds:.2f} s,"
            f" {stats.sent} packets, {stats.n_bytes} bytes"
            f"{f', {stats.refused} times nobody listened' if stats.refused else ''}",
            file=sys.stderr,
        )
    return 0


def _description(args: argparse.Namespace, host: str, port: int, tables: "TableSet | None") -> str:
    """Return the session description of the stream."""
    from ..codec.common.table_set import or_default
    from ..codec.format.modes import MODES
    from ..rtp.sdp import SessionDescription

    return SessionDescription(
        host,
        port,
        args.payload_type + (args.redundancy or args.crc),
        (args.mode,) if args.vbr is None else tuple(MODES),
        dtx=args.dtx,
        redundancy=args.redundancy,
        crc=args.crc,
        tables=or_default(tables).hash,
    ).to_text()


def _chunks(file: IO[bytes], args: argparse.Namespace) -> "Iterator[F64]":
    """Yield a sound file at 8000 Hz, at most a frame at a time, so that packets leave early."""
    import numpy as np

    from ..audio import Resampler, read_sound
    from ..codec.format.modes import FRAME_LEN, SAMPLERATE

    sound = read_sound(file, name_of(args.input, "input"))
    resampler = Resampler(sound.samplerate, SAMPLERATE)

    def resampled() -> "Iterator[F64]":
        for block in sound.mono(args.channel):
            yield resampler.write(block)
        yield resampler.flush()

    for x in resampled():
        for start in range(0, len(x), FRAME_LEN):
            yield np.clip(x[start : start + FRAME_LEN], -1.0, 1.0)


def _padded(chunks: Iterable[Any]) -> Iterator[Any]:
    """Yield chunks, then zeros for the delay of the encoder and the rest of the last frame."""
    import numpy as np

    from ..codec.format.modes import FRAME_LEN, n_frames

    n = 0
    for chunk in chunks:
        n += len(chunk)
        yield chunk
    zeros = np.zeros(n_frames(n) * FRAME_LEN - n)
    yield zeros[:FRAME_LEN]
    yield zeros[FRAME_LEN:]


def _payloads(
    chunks: Iterable[Any], encoder: "Encoder", *, redundancy: bool, crc: bool
) -> Iterator[bytes]:
    """Yield the payload of each frame, empty for NO_DATA; chunks are at most a frame each.

    A chunk completes at most one frame, whose redundant frame goes with the next packet.
    """
    from ..rtp import payload

    previous = b""  # redundant frame
    for chunk in _padded(chunks):
        for packet in encoder.write(chunk):
            packed = packet and (redundancy or crc)
            yield payload.pack(packet, redundancy=previous, crc=crc) if packed else packet
            previous = encoder.redundancy if redundancy else b""
