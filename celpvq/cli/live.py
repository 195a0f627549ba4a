"""``celpvq live``: microphone, codec, channel, loudspeaker; in the terminal or in a browser."""

import argparse
import sys
import time

from . import arguments

_EPILOG = """\
The command needs the package sounddevice (pip install celpvq[live]), and devices that run at
8000 Hz. Use headphones, or the microphone picks up the loudspeaker. Ctrl-C ends.

--web serves a page instead (pip install celpvq[web]), and prints its address. The page sends the
microphone to this process, decodes the packets in the browser and plays them. There you change
bit rate, losses and everything else during the call. The options set the choices that the page
begins with. Only this machine can open the page.

examples:
  celpvq live --mode 4800
  celpvq live --vbr 5600
  celpvq live --loss 10 --burst 3
  celpvq live --web --open
  celpvq live --web --port 8123 --mode 4800 --loss 5
"""
_INTERVAL_S = 0.25  # of the meters
_PORT = 8000


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
    web = parser.add_argument_group("page in the browser")
    web.add_argument("--web", action="store_true", help="serve a page with microphone and controls")
    web.add_argument("--open", action="store_true", help="open the page in the browser")
    web.add_argument(
        "--port", type=int, metavar="N",
        help=f"port of the server; 0 takes any free one (default: {_PORT})",
    )  # fmt: skip
    web.add_argument(
        "--host", metavar="ADDRESS",
        help="address at which the server listens (default: 127.0.0.1, this machine alone)",
    )  # fmt: skip
    web.add_argument(
        "--origin", action="append", metavar="URL",
        help="another address of the page, such as https://bob.example, where a proxy for https"
        " forwards to the server; may be repeated",
    )  # fmt: skip
    web.add_argument(
        "--calls", type=arguments.count, metavar="N", help="calls at the same time (default: 8)"
    )


def run(args: argparse.Namespace) -> int:
    """Run until the time is over or an interrupt comes; return the exit status."""
    arguments.check_bursts(args)
    _check_group(args)
    return _serve(args) if args.web else _listen(args)


def _check_group(args: argparse.Namespace) -> None:
    """Refuse options of the other kind of session."""
    from ..errors import ArgumentError

    page = ("open", "port", "host", "origin", "calls")
    terminal = ("seconds", "input", "output", "vbr_limit", "vbr_window", "vbr_choice")
    for name in terminal if args.web else page:
        if getattr(args, name) not in (None, False):
            option = f"--{name.replace('_', '-')}"
            relation = "cannot be used with" if args.web else "requires"
            raise ArgumentError(f"{option} {relation} --web")


def _serve(args: argparse.Namespace) -> int:
    """Serve the page until an interrupt."""
    import webbrowser

    from .. import warmup
    from ..errors import ArgumentError
    from ..web.live import Choices, Settings, make_app, server
    from ..web.live.access import own_origins, parse_origin
    from .compiling import ENCODER, VARIABLE_ENCODER, compiling

    port = _PORT if args.port is None else args.port
    if not 0 <= port < 1 << 16:
        raise ArgumentError(f"--port: expected 0 to 65535, got {port}")
    choices = Choices(args.mode, args.vbr, args.preset, args.dtx, loss=args.loss, burst=args.burst)
    tables = arguments.load_tables(args.tables)
    origins = frozenset(parse_origin(url) for url in args.origin or ())
    host, n_calls = args.host or "127.0.0.1", args.calls or Settings.n_calls
    with server.listen(host, port) as sock:
        with compiling(ENCODER, VARIABLE_ENCODER, quiet=args.quiet):
            warmup(variable_rate=True)
        port = sock.getsockname()[1]
        origins |= own_origins(host, port)
        app = make_app(Settings(origins, choices, tables, n_calls, seed=args.seed))
        address = server.address(host, port)
        print(f"{address} (Ctrl-C ends)" if sys.stdout.isatty() else address, flush=True)
        if args.open and not webbrowser.open(address):
            print("celpvq: no browser was found; open the address yourself", file=sys.stderr)
        server.serve(app, sock, n_calls)
    return 0


def _listen(args: argparse.Namespace) -> int:
    """Run in the terminal until the time is over or an interrupt comes."""
    from .. import warmup
    from ..audio import devices
    from ..codec.format.modes import FRAME_LEN, SAMPLERATE
    from ..live import Loop, losses
    from ..stream import Decoder, Encoder

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
