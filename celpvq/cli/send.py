"""``celpvq send``: speech to another machine, by RTP over UDP."""

import argparse
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from . import common

if TYPE_CHECKING:
    from .._types import F64
    from ..stream import Encoder

_EPILOG = """\
IN is any sound file, - for standard input, which is read to its end first, or mic for the
microphone (pip install celpvq[live]). A packet leaves every 20 ms, numbered and timed as RTP wants
it (docs/network.md); with --dtx few leave in pauses. Ctrl-C ends the stream as its end does.

examples:
  celpvq send speech.wav 192.0.2.7:5004
  celpvq send mic bob.example --mode 4800 --dtx
  celpvq send --fast speech.wav localhost:5004     to celpvq receive --fast
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's options."""
    parser.epilog = _EPILOG
    parser.add_argument("input", metavar="IN", help="a sound file, - or mic")
    parser.add_argument("to", metavar="HOST[:PORT]", help="the receiver (default port: 5004)")
    common.add_encoder(parser)
    parser.add_argument(
        "--copies", action="store_true", help="each packet holds a coarse copy of the one before"
    )
    parser.add_argument("--crc", action="store_true", help="protect the most sensitive bits")
    parser.add_argument("--channel", type=int, metavar="K", help="take channel K, from 0")
    parser.add_argument("--fast", action="store_true", help="as fast as it can be encoded")
    common.add_payload_type(parser)
    parser.add_argument("--device", metavar="D", help="number or name of the microphone")
    parser.add_argument("--tables", metavar="FILE", help="codebooks made by `celpvq train`")
    parser.add_argument("-q", "--quiet", action="store_true", help="no summary")


def run(args: argparse.Namespace) -> int:
    """Send; return the exit status."""
    import numpy as np

    from ..audio import devices
    from ..audio.devices import MICROPHONE
    from ..codec.format.modes import FRAME_LEN, SAMPLERATE
    from ..errors import ArgumentError
    from ..rtp import udp
    from ..rtp.sender import Sender
    from ..stream import Encoder

    if args.device is not None and args.input != MICROPHONE:
        raise ArgumentError("--device requires IN to be `mic`")
    if args.channel is not None and args.input == MICROPHONE:
        raise ArgumentError("--channel requires IN to be a sound file")
    host, port = udp.parse_address(args.to)
    encoder = Encoder(args.mode, args.preset, dtx=args.dtx, tables=common.load_tables(args.tables))
    encoder.copy().encode_frame(np.zeros(FRAME_LEN))  # compiled or loaded before time counts
    sender = Sender(args.payload_type + (args.copies or args.crc))
    options = {"copies": args.copies, "crc": args.crc}
    if args.input == MICROPHONE:
        device = None if args.device is None else devices.device(args.device)
        with devices.microphone(SAMPLERATE, FRAME_LEN, device) as blocks:
            payloads = _payloads(blocks, encoder, **options)
            stats = udp.send(payloads, sender, host, port, paced=False)
    else:
        with common.open_input(args.input) as file, common.about(args.input):
            payloads = _payloads(_chunks(file, args), encoder, **options)
            stats = udp.send(payloads, sender, host, port, paced=not args.fast)
    if not args.quiet:
        seconds = stats.frames * FRAME_LEN / SAMPLERATE
        print(
            f"{common.name_of(args.input, 'input')} -> {host} port {port}: {seconds:.2f} s,"
            f" {stats.sent} packets, {stats.n_bytes} bytes"
            f"{f', {stats.refused} times nobody listened' if stats.refused else ''}",
            file=sys.stderr,
        )
    return 0


def _chunks(file: Any, args: argparse.Namespace) -> "Iterator[F64]":
    """Yield a sound file at 8000 Hz, a frame or less at a time: no one waits for a block."""
    import numpy as np

    from ..audio import Resampler, read_sound
    from ..codec.format.modes import FRAME_LEN, SAMPLERATE

    sound = read_sound(file, common.name_of(args.input, "input"))
    resampler = Resampler(sound.samplerate, SAMPLERATE)

    def resampled() -> "Iterator[F64]":
        for block in sound.mono(args.channel):
            yield resampler.write(block)
        yield resampler.flush()

    for x in resampled():
        for start in range(0, len(x), FRAME_LEN):
            yield np.clip(x[start : start + FRAME_LEN], -1.0, 1.0)


def _payloads(
    chunks: Iterable[Any], encoder: "Encoder", *, copies: bool, crc: bool
) -> Iterator[bytes]:
    """Yield what datagrams carry; empty: nothing is sent. Chunks are a frame or less each."""
    from .. import envelope

    def encoded() -> Iterator[bytes]:
        for chunk in chunks:
            yield from encoder.write(chunk)
        yield from encoder.flush()

    copy = b""  # of the frame before
    for packet in encoded():
        enveloped = packet and (copies or crc)
        yield envelope.pack(packet, copy=copy, crc=crc) if enveloped else packet
        copy = encoder.redundancy if copies else b""
