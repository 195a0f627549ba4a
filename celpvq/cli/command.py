"""The command `celpvq`: its verbs, and one line and an exit status for every failure."""

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
from .files import printable
from .headerless import join_raw
from .standard_streams import open_closed_streams

VERBS = {
    "encode": "encode a sound file to a .cvq file",
    "decode": "decode a .cvq file to a sound file",
    "roundtrip": "pass a sound file through a telephone line: same length, rate and channels",
    "batch": "encode or decode folders of files, in processes or on a cluster",
    "info": "describe a .cvq file, and check that it is complete",
    "demo": "encode and decode the bundled clips, and measure the result",
    "compare": "score celpvq and other codecs on a folder of speech",
    "report": "write a web page that shows scores and plays speech after each codec",
    "listen": "make a blind listening test in one HTML file, and score its answers",
    "channel": "drop packets from a coded file or flip bits in them, then write the decoded speech",
    "live": "listen to yourself through the codec: microphone to loudspeaker",
    "send": "send speech to another machine, by RTP over UDP",
    "receive": "play or record the speech that another machine sends",
    "warmup": "compile the codec now, for an image, a server or many processes",
    "train": "train codebooks on a folder of speech",
    "train-enhancement": "train the decoder's enhancement network on a folder of speech",
    "vq": "design a vector quantizer for data, and report its performance",
}

_EPILOG = """\
examples:
  celpvq encode speech.wav speech.cvq              6400 bit/s, 48 kbyte a minute
  celpvq decode speech.cvq speech.wav              8000 Hz, 16 bits, aligned with the original
  celpvq encode --mode 4800 - - < in.wav | celpvq decode - out.wav
  celpvq COMMAND --help                            all options of a command

exit status:
  0 success   1 error, no output file written   2 invalid command line
  70 internal error (set CELPVQ_DEBUG=1 for a traceback)   130 interrupted   143 terminated
"""


class _Version(argparse.Action):
    """Print the version, which is looked up only then."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any, **__: Any) -> NoReturn:
        from .._version import __version__

        print(f"celpvq {__version__}")
        parser.exit()


def make_parser(argv: Sequence[str]) -> argparse.ArgumentParser:
    """Return the parser for a command line; load only the verbs that occur in it."""
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
    """Run a command line and return its exit status; errors are printed on one line."""
    open_closed_streams()
    argv = join_raw(sys.argv[1:] if argv is None else argv)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # like standard error
    with contextlib.suppress(ValueError):  # not in the main thread
        signal.signal(signal.SIGTERM, _terminate)  # an exception removes unfinished files
    try:
        args, unknown = make_parser(argv).parse_known_args(argv)
        if unknown:  # the verb's parser shows the usage of the verb
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
        return _fail(f"internal error: {type(error).__name__}: {error}", 70)


def _drop_stdout() -> None:
    """Discard output that cannot be written, or the interpreter would try again at its end."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _fail(message: str, status: int) -> int:
    """Print an error on one line; return the exit status."""
    with contextlib.suppress(OSError):  # standard error is closed
        print("celpvq:", printable(" ".join(message.split())), file=sys.stderr, flush=True)
    return status
