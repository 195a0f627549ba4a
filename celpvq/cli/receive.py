"""``celpvq receive``: speech from another machine, by RTP over UDP."""

import argparse
import contextlib
import json
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from . import common

if TYPE_CHECKING:
    from .._types import F32
    from ..output import Output

_EPILOG = """\
OUT is a sound file, - for WAV on standard output, or speaker for the loudspeaker (pip install
celpvq[live]). Packets wait --depth ms, and longer if their delay varies more, up to --max-depth;
the same number for both fixes it. What is lost or too late is concealed. The command ends when the
sender says so, when nothing has arrived for --timeout s, after --seconds, or by Ctrl-C; OUT is
whole then.

examples:
  celpvq receive heard.wav                         on port 5004 of all interfaces
  celpvq receive speaker --bind 127.0.0.1:6000 --depth 40
  celpvq receive heard.wav --log counts.json
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's options."""
    parser.epilog = _EPILOG
    parser.add_argument("output", metavar="OUT", help="a sound file, - or speaker")
    parser.add_argument(
        "--bind", metavar="HOST:PORT", default="0.0.0.0:5004",
        help="where to listen; port 0: any that is free (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--depth", type=float, default=60.0, metavar="MS", help="least delay (default: 60)"
    )
    parser.add_argument(
        "--max-depth", type=float, default=300.0, metavar="MS", help="most (default: 300)"
    )
    parser.add_argument(
        "--timeout", type=float, default=5.0, metavar="S", help="end after silence (default: 5)"
    )
    parser.add_argument("--seconds", type=float, metavar="S", help="end after so much sound")
    parser.add_argument("--fast", action="store_true", help="as fast as packets come")
    common.add_payload_type(parser)
    parser.add_argument("--log", metavar="FILE", help="all counts, as JSON")
    parser.add_argument("--device", metavar="D", help="number or name of the loudspeaker")
    parser.add_argument("--tables", metavar="FILE", help="codebooks that the sender uses")
    parser.add_argument("-f", "--force", action="store_true", help="replace OUT if it exists")
    parser.add_argument("-q", "--quiet", action="store_true", help="no word about the stream")


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
    host, port = udp.parse_address(args.bind)
    buffer = JitterBuffer(args.depth, max(args.depth, args.max_depth))
    decoder = Decoder(tables=common.load_tables(args.tables))
    receiver = Receiver(decoder, buffer, args.payload_type)
    decoder.copy().write([None])  # what is compiled or loaded first is not done in real time
    with _player(args) as play, _log(args) as log, udp.listen(host, port) as sock:
        if not args.quiet:
            print(f"listening on {host} port {sock.getsockname()[1]}", file=sys.stderr, flush=True)
        end = _listen(sock, receiver, play, args)
        if log is not None:
            told = receiver.stats | {
                "seconds": play.seconds, "depth_ms": 1000 * buffer.mean_depth_s, "end": end,
            }  # fmt: skip
            log.write(json.dumps(told, indent=1).encode() + b"\n")
    if not args.quiet:
        stats = {name: n for name, n in receiver.stats.items() if n}
        counts = ", ".join(f"{n} {name}" for name, n in stats.items())
        print(
            f"{common.name_of(args.output, 'output')}: {play.seconds:.2f} s,"
            f" depth {1000 * buffer.mean_depth_s:.0f} ms, {counts or 'no packets'}; {end}",
            file=sys.stderr,
        )
    return 0


def _log(args: argparse.Namespace) -> "contextlib.AbstractContextManager[Output | None]":
    """Open the log, before anything has come that could be lost; None if none is wanted."""
    from ..output import Output

    return Output(args.log, overwrite=args.force) if args.log else contextlib.nullcontext()


class _Player:
    """Where samples go; it counts them."""

    def __init__(self, write: "Callable[[F32], None]") -> None:
        self._write = write
        self.seconds = 0.0

    def __call__(self, samples: "F32") -> None:
        from ..codec.format.modes import SAMPLERATE

        self._write(samples)
        self.seconds += len(samples) / SAMPLERATE


@contextlib.contextmanager
def _player(args: argparse.Namespace) -> Iterator[_Player]:
    """Open the loudspeaker or the file, which is complete without an exception."""
    import numpy as np

    from ..audio import devices
    from ..audio.soundwriter import SoundWriter, check_suffix
    from ..codec.format.modes import SAMPLERATE

    if args.output == devices.LOUDSPEAKER:
        device = None if args.device is None else devices.device(args.device)
        with devices.loudspeaker(SAMPLERATE, device) as write:
            yield _Player(write)
        return
    suffix = ".wav" if args.output == "-" else check_suffix(args.output)
    with common.open_output(args.output, force=args.force) as output:
        writer = SoundWriter(output, suffix, SAMPLERATE)
        yield _Player(lambda samples: writer.write((samples * 32768).astype(np.int16)))
        writer.close()


def _listen(sock: Any, receiver: Any, play: Any, args: argparse.Namespace) -> str:
    """Play until the end, which an interrupt is as well; return why it came."""
    from ..rtp import udp

    try:
        if args.fast:
            return udp.collect(sock, receiver, play, timeout_s=args.timeout)
        return udp.receive(sock, receiver, play, timeout_s=args.timeout, seconds=args.seconds)
    except KeyboardInterrupt:
        return "interrupted"
