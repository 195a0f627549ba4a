"""The command `celpvq`: its verbs, and how every failure becomes one line and an exit status."""

import argparse
import contextlib
import io
import os
import signal
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any, NoReturn

from ..errors import CelpvqError
from .common import printable

VERBS = {
    "encode": "turn a sound file into a .cvq file",
    "decode": "turn a .cvq file into a sound file",
    "info": "say what a .cvq file is, and whether it is whole",
    "demo": "hear and measure the codec on the bundled clips",
    "compare": "score celpvq and other codecs on a folder of speech",
    "channel": "send a .cvq file over a channel with losses and wrong bits",
    "live": "hear yourself through the codec: microphone to loudspeaker",
    "send": "send speech to another machine, by RTP over UDP",
    "receive": "play or write the speech that another machine sends",
    "train": "train codebooks on a folder of speech",
    "train-enhancement": "train the decoder's enhancement network on a folder of speech",
    "vq": "design a vector quantizer for data, and report what it reaches",
}

_EPILOG = """\
examples:
  celpvq encode speech.wav speech.cvq              6400 bit/s, 48 kbyte a minute
  celpvq decode speech.cvq speech.wav              8000 Hz, 16 bits, aligned with the original
  celpvq encode --mode 4800 - - < in.wav | celpvq decode - out.wav
  celpvq COMMAND --help                            all options of a command

exit status:
  0 done   1 refused or failed, no output file written   2 command line not understood
  70 a defect of celpvq (CELPVQ_DEBUG=1 shows where)   130 interrupted   143 terminated
"""


class _Version(argparse.Action):
    """Print the version; looked up only when asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any, **__: Any) -> NoReturn:
        from .._version import __version__

        print(f"celpvq {__version__}")
        parser.exit()


def make_parser(argv: Sequence[str]) -> argparse.ArgumentParser:
    """Return the parser for a command line; only the verbs in it are loaded."""
    options: dict[str, Any] = {
        "formatter_class": argparse.RawDescriptionHelpFormatter, "allow_abbrev": False,
    }  # fmt: skip
    parser = argparse.ArgumentParser(
        "celpvq", description="CELP speech codec, 4.8 to 8 kbit/s.", epilog=_EPILOG, **options
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    verbs = parser.add_subparsers(dest="verb", metavar="COMMAND", required=True)
    for verb, summary in VERBS.items():
        description = f"{summary[0].upper()}{summary[1:]}."
        sub = verbs.add_parser(verb, help=summary, description=description, **options)
        sub.set_defaults(parser=sub)
        if verb in argv:
            import_module(f".{_module(verb)}", __package__).add_arguments(sub)
    return parser


def _module(verb: str) -> str:
    return verb.replace("-", "_")


def _terminate(*_: object) -> NoReturn:
    raise SystemExit(128 + signal.SIGTERM)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit status; never a traceback."""
    argv = sys.argv[1:] if argv is None else argv
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # as standard error is
    with contextlib.suppress(ValueError):  # in another thread than the main one
        signal.signal(signal.SIGTERM, _terminate)  # as an exception, so that no half a file stays
    try:
        args, unknown = make_parser(argv).parse_known_args(argv)
        if unknown:  # by the verb's parser, which shows its usage
            args.parser.error(f"unrecognized arguments: {' '.join(unknown)}")
        status = int(import_module(f".{_module(args.verb)}", __package__).run(args))
        sys.stdout.flush()
        return status
    except KeyboardInterrupt:
        return _fail("interrupted", 130)
    except CelpvqError as error:
        return _fail(str(error), 1)
    except OSError as error:
        _drop_stdout()
        reason = error.strerror or str(error) or type(error).__name__
        where = f"{error.filename}: " if isinstance(error.filename, str) else ""
        return _fail(f"{where}{reason}", 1)
    except MemoryError:
        return _fail("out of memory", 1)
    except Exception as error:
        if os.environ.get("CELPVQ_DEBUG"):
            raise
        return _fail(f"defect: {type(error).__name__}: {error}", 70)


def _drop_stdout() -> None:
    """Let what standard output could not take vanish, lest the interpreter try again at its end."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _fail(message: str, status: int) -> int:
    """Say on one line what went wrong."""
    with contextlib.suppress(OSError):  # nobody listens
        print("celpvq:", printable(" ".join(message.split())), file=sys.stderr, flush=True)
    return status
