"""``celpvq receive``: play or record speech from another machine, by RTP over UDP."""

import argparse
import contextlib
import json
import socket
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from . import arguments
from .files import about, name_of, open_input, open_output

if TYPE_CHECKING:
    from .._types import F32
    from ..codec.common.table_set import TableSet
    from ..output import Output
    from ..rtp.receiver import Receiver
    from ..rtp.sdp import SessionDescription

_EPILOG = """\
OUT is a sound file, - for WAV on standard output, or speaker for the loudspeaker (pip install
celpvq[live]). Packets wait --depth ms, and longer if their delay varies more, up to --max-depth.
With equal values the depth is fixed. Frames whose packets are lost or late are concealed.

The command ends when the sender leaves, when nothing has arrived for --timeout s, after --seconds,
or by Ctrl-C. OUT is complete in all these cases.

examples:
  celpvq receive call.wav                          on port 5004 of all interfaces
  celpvq receive speaker --bind 127.0.0.1:6000 --depth 40
  celpvq receive call.wav --log counts.json
  celpvq receive call.wav --sdp call.sdp           as celpvq send --sdp describes the stream
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's options."""
    parser.epilog = _EPILOG
    parser.add_argument("output", metavar="OUT", help="a sound file, - or speaker")
    parser.add_argument(
        "--bind", metavar="HOST:PORT",
        help="address to listen at; port 0 stands for any free port (default: 0.0.0.0:5004, or the"
        " port of --sdp)",
    )  # fmt: skip
    parser.add_argument(
        "--sdp", metavar="FILE",
        help="session description of the stream: port, payload type, bit rates and tables",
    )  # fmt: skip
    parser.add_argument(
        "--depth", type=float, default=60.0, metavar="MS",
        help="least depth of the jitter buffer (default: 60)",
    )  # fmt: skip
    parser.add_argument(
        "--max-depth", type=float, default=300.0, metavar="MS",
        help="greatest depth of the jitter buffer (default: 300)",
    )  # fmt: skip
    parser.add_argument(
        "--timeout", type=float, default=5.0, metavar="S",
        help="end after S seconds without a packet (default: 5)",
    )  # fmt: skip
    parser.add_argument("--seconds", type=float, metavar="S", help="end after S seconds of sound")
    parser.add_argument(
        "--fast", action="store_true", help="decode as fast as packets arrive, not in real time"
    )
    arguments.add_payload_type(parser)
    parser.set_defaults(payload_type=None)  # so that it cannot contradict --sdp
    parser.add_argument("--log", metavar="FILE", help="write all counts, as JSON")
    arguments.add_device(parser, "--device", "loudspeaker")
    parser.add_argument("--tables", metavar="FILE", help="codebooks that the sender uses")
    arguments.add_force(parser)
    arguments.add_quiet(parser, "no messages about the stream")


def run(args: argparse.Namespace) -> int:
    """Receive; return the exit status."""
    from ..audio.devices import LOUDSPEAKER
    from ..errors import ArgumentError
    from ..rtp import udp
    from ..rtp.jitter import JitterBuffer
    from ..rtp.receiver import Receiver
    from ..stream import Decoder

    if args.device is not None and args.output != LOUDSPEAKER:
        raise ArgumentError("--device requires OUT to be `speaker`")
    if args.seconds is not None and args.fast:
        raise ArgumentError("--seconds cannot be used with --fast, which has no clock")
    stream = _description(args)
    tables = _tables(args, stream)
    host, port = udp.parse_address(args.bind or f"{_any_address(stream.host)}:{stream.port}")
    buffer = JitterBuffer(args.depth, max(args.depth, args.max_depth))
    decoder = Decoder(tables=tables)
    receiver = Receiver(decoder, buffer, stream.bare_type, modes=stream.modes)
    decoder.copy().decode_frame(None)  # loads or compiles the decoder before time counts
    with _player(args) as play, _log(args) as log, udp.listen(host, port) as sock:
        if not args.quiet:
            print(f"listening on {host} port {sock.getsockname()[1]}", file=sys.stderr, flush=True)
        end = _play(sock, receiver, play, args)
        depth_ms = 1000 * buffer.delay.mean_s
        if log is not None:
            counts = receiver.stats | {"seconds": play.seconds, "depth_ms": depth_ms, "end": end}
            log.write(json.dumps(counts, indent=1).encode() + b"\n")
    if not args.quiet:
        text = ", ".join(f"{n} {name}" for name, n in receiver.stats.items() if n)
        print(
            f"{name_of(args.output, 'output')}: {play.seconds:.2f} s,"
            f" depth {depth_ms:.0f} ms, {text or 'no packets'}; {end}",
            file=sys.stderr,
        )
    return 0


def _description(args: argparse.Namespace) -> "SessionDescription":
    """Return the session description in the file of --sdp, or the usual one."""
    from ..errors import ArgumentError
    from ..rtp import PAYLOAD_TYPE, udp
    from ..rtp.sdp import SessionDescription
    from ..rtp.sdp_lines import MAX_BYTES

    if args.sdp is None:
        payload_type = PAYLOAD_TYPE if args.payload_type is None else args.payload_type
        return SessionDescription("0.0.0.0", udp.PORT, payload_type)  # noqa: S104
    if args.payload_type is not None:
        raise ArgumentError("--payload-type cannot be used with --sdp, which states it")
    with open_input(args.sdp) as file, about(args.sdp):
        return SessionDescription.from_text(file.read(MAX_BYTES + 1))


def _any_address(host: str) -> str:
    """Return the address of all interfaces: the sender may know this machine by another address."""
    return "[::]" if ":" in host else "0.0.0.0"  # noqa: S104


def _tables(args: argparse.Namespace, stream: "SessionDescription") -> "TableSet | None":
    """Return the tables of the stream; raise `TablesError` if these are others, or not there."""
    from ..codec.common.table_set import by_hash
    from ..errors import TablesError

    tables, digest = arguments.load_tables(args.tables), stream.tables
    if digest is None:
        return tables
    name = name_of(args.sdp, "input")
    if tables is None:
        try:
            return by_hash(digest)
        except TablesError:
            raise TablesError(
                f"{name}: the sender uses the tables {digest}, which are not installed here;"
                " expected their file in --tables"
            ) from None
    if not tables.hash.startswith(digest):
        got = tables.hash[: len(digest)]
        raise TablesError(f"{name}: the sender uses the tables {digest}, --tables has {got}")
    return tables


def _log(args: argparse.Namespace) -> "contextlib.AbstractContextManager[Output | None]":
    """Open the log before the stream begins, so that an error cannot lose it; None for no log."""
    from ..output import Output

    return Output(args.log, overwrite=args.force) if args.log else contextlib.nullcontext()


class _Player:
    """Where samples go; it counts their seconds."""

    def __init__(self, write: "Callable[[F32], None]") -> None:
        self._write = write
        self.seconds = 0.0

    def __call__(self, samples: "F32") -> None:
        from ..codec.format.modes import SAMPLERATE

        self._write(samples)
        self.seconds += len(samples) / SAMPLERATE


@contextlib.contextmanager
def _player(args: argparse.Namespace) -> Iterator[_Player]:
    """Open the loudspeaker or the file; the file is completed unless there is an exception."""
    import numpy as np

    from ..audio import devices
    from ..audio.soundwriter import SoundWriter, check_suffix
    from ..codec.common.samples import FULL_SCALE
    from ..codec.format.modes import SAMPLERATE

    if args.output == devices.LOUDSPEAKER:
        with devices.loudspeaker(SAMPLERATE, args.device) as write:
            yield _Player(write)
        return
    suffix = ".wav" if args.output == "-" else check_suffix(args.output)
    with open_output(args.output, force=args.force) as output:
        writer = SoundWriter(output, suffix, SAMPLERATE)
        yield _Player(lambda samples: writer.write((samples * FULL_SCALE).astype(np.int16)))
        writer.close()


def _play(
    sock: socket.socket, receiver: "Receiver", play: _Player, args: argparse.Namespace
) -> str:
    """Play until the stream ends or an interrupt comes; return the reason."""
    from ..rtp import playout

    try:
        if args.fast:
            return playout.collect(sock, receiver, play, timeout_s=args.timeout)
        return playout.receive(sock, receiver, play, timeout_s=args.timeout, seconds=args.seconds)
    except KeyboardInterrupt:
        return "interrupted"
