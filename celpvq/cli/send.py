"""``celpvq send``: speech to another machine, by RTP over UDP."""

import argparse
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from . import common

if TYPE_CHECKING:
    from ..codec.encoder import Encoder

_EPILOG = """\
IN is any sound file, - for standard input, or mic for the microphone (pip install celpvq[live]). A
packet leaves every 20 ms, numbered and timed as RTP wants it (docs/network.md); with --dtx few
leave in pauses. Ctrl-C ends the stream as its end does.

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
    from ..codec.encoder import Encoder
    from ..codec.modes import FRAME_LEN, SAMPLERATE
    from ..rtp import udp
    from ..rtp.sender import Sender

    host, port = udp.parse_address(args.to)
    encoder = Encoder(args.mode, args.preset, dtx=args.dtx, tables=common.load_tables(args.tables))
    encoder.copy().encode_frame(np.zeros(FRAME_LEN))  # compiled or loaded before time counts
    sender = Sender(args.payload_type)
    if args.input == MICROPHONE:
        device = None if args.device is None else devices.device(args.device)
        with devices.microphone(SAMPLERATE, FRAME_LEN, device) as blocks:
            heard = (encoder.encode_frame(block) for block in blocks)
            stats = udp.send(heard, sender, host, port, paced=False)
    else:
        with common.open_input(args.input) as file, common.about(args.input):
            packets = _packets(file, encoder, args)
            stats = udp.send(packets, sender, host, port, paced=not args.fast)
    if not args.quiet:
        seconds = stats.frames * FRAME_LEN / SAMPLERATE
        print(
            f"{common.name_of(args.input, 'input')} -> {host} port {port}: {seconds:.2f} s,"
            f" {stats.sent} packets, {stats.n_bytes} bytes"
            f"{f', {stats.refused} times nobody listened' if stats.refused else ''}",
            file=sys.stderr,
        )
    return 0


def _packets(file: Any, encoder: "Encoder", args: argparse.Namespace) -> Iterator[bytes]:
    """Yield the packets of a sound file, encoded a frame at a time: no one waits for a block."""
    from ..audio import read_sound
    from ..codec.modes import FRAME_LEN, SAMPLERATE
    from ..stream import ChunkEncoder

    sound = read_sound(file, common.name_of(args.input, "input"))
    coder = ChunkEncoder(sound.samplerate, encoder, axis=1, channel=args.channel)
    step = sound.samplerate * FRAME_LEN // SAMPLERATE
    for block in sound.blocks:
        for start in range(0, len(block), step):
            yield from coder.write(block[start : start + step])
    yield from coder.flush()
