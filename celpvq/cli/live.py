"""``celpvq live``: microphone, codec, channel, loudspeaker."""

import argparse
import sys
import time

from . import arguments

_EPILOG = """\
The command needs the package sounddevice (pip install celpvq[live]), and devices that run at
8000 Hz. Use headphones, or the microphone picks up the loudspeaker. Ctrl-C ends.

examples:
  celpvq live --mode 4800
  celpvq live --vbr 5600
  celpvq live --loss 10 --burst 3
"""
_INTERVAL_S = 0.25  # of the meters


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's options."""
    parser.epilog = _EPILOG
    arguments.add_encoder(parser)
    arguments.add_losses(parser)
    parser.add_argument("--seconds", type=float, metavar="S", help="end after S seconds")
    arguments.add_device(parser, "--input", "microphone")
    arguments.add_device(parser, "--output", "loudspeaker")
    arguments.add_tables(parser)
    arguments.add_quiet(parser, "no meters and no summary")


def run(args: argparse.Namespace) -> int:
    """Run until the time is over or an interrupt comes; return the exit status."""
    from .. import warmup
    from ..audio import devices
    from ..codec.format.modes import FRAME_LEN, SAMPLERATE
    from ..live import Loop, losses
    from ..stream import Decoder, Encoder

    arguments.check_bursts(args)
    tables = arguments.load_tables(args.tables)
    encoder = Encoder(arguments.mode(args), args.preset, dtx=args.dtx, tables=tables)
    warmup(variable_rate=args.vbr is not None)
    loop = Loop(encoder, Decoder(tables=tables), losses(args.loss / 100, args.burst, args.seed))
    show = sys.stderr.isatty() and not args.quiet
    with devices.both(loop, SAMPLERATE, FRAME_LEN, (args.input, args.output)) as stream:
        end = None if args.seconds is None else time.monotonic() + args.seconds
        try:
            while end is None or time.monotonic() < end:
                time.sleep(_INTERVAL_S if end is None else min(_INTERVAL_S, args.seconds))
                if show:
                    print(f"\r{loop.line(sum(stream.latency))} ", end="", file=sys.stderr)
        except KeyboardInterrupt:
            pass
        if show:
            print(file=sys.stderr)
        if not args.quiet:
            print(f"{loop.n_frames} frames: {loop.line(sum(stream.latency))}", file=sys.stderr)
    return 0
