"""What the verbs share: files and pipes, progress, the summary line."""

import argparse
import contextlib
import os
import stat
import sys
import time
from collections.abc import Iterator
from types import TracebackType
from typing import IO, Any, Self

from ..errors import ArgumentError, CelpvqError, NetworkError, OutputError, OutputExistsError
from ..output import Output

LONG_S = 60.0  # sound that deserves a word on a missing progress bar
_NO_BAR = "no progress bar without tqdm: pip install celpvq[progress]"
_COMPILING = "first run in this environment: compiling, which takes up to a minute"
_ENCODER, DECODER = "encoder._encode_frames", "decoder._decode_frames"  # kernels
_BAR = "{desc} {percentage:3.0f}% |{bar}| {n:.0f}/{total:.0f} s, {remaining} left"


def add_files(parser: argparse.ArgumentParser, source: str, target: str) -> None:
    """Add the options of every verb that makes one file of another."""
    parser.add_argument("input", metavar="IN", help=f"{source}, or - for standard input")
    parser.add_argument("output", metavar="OUT", help=f"{target}, or - for standard output")
    parser.add_argument("-f", "--force", action="store_true", help="replace OUT if it exists")
    parser.add_argument("-q", "--quiet", action="store_true", help="no summary, no progress bar")
    parser.add_argument("--tables", metavar="FILE", help="codebooks made by `celpvq train`")
    parser.add_argument(
        "--partial", action="store_true", help="take what there is of a damaged or truncated IN"
    )


def add_encoder(parser: argparse.ArgumentParser) -> None:
    """Add the options of the verbs that encode packets for a channel."""
    from ..codec.format.modes import MODES

    parser.add_argument(
        "-m", "--mode", type=int, choices=list(MODES), default=6400, help="bit/s (default: 6400)"
    )
    parser.add_argument(
        "-p", "--preset", choices=["fast", "default", "best"], default="default",
        help="effort of the encoder (default: default)",
    )  # fmt: skip
    parser.add_argument("--dtx", action="store_true", help="send little in pauses")


def add_losses(parser: argparse.ArgumentParser) -> None:
    """Add the options of a channel that loses frames."""
    parser.add_argument(
        "--loss", type=percentage, default=0.0, metavar="PERCENT", help="of the frames"
    )
    parser.add_argument(
        "--burst", type=float, metavar="FRAMES", help="mean length of losses (default: random ones)"
    )
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of them (default: 1)")


def add_payload_type(parser: argparse.ArgumentParser) -> None:
    """Add the option that sender and receiver agree on."""
    parser.add_argument(
        "--payload-type", type=int, default=97, metavar="N", choices=range(96, 127),
        help="of RTP, 96 to 126, the same on both sides; N + 1 for envelopes (default: 97)",
    )  # fmt: skip


def percentage(text: str) -> float:
    """Return a share given as an option in percent."""
    value = float(text)
    if not 0 <= value <= 100:
        raise argparse.ArgumentTypeError(f"expected from 0 to 100, got {text}")
    return value


def samplerate(text: str) -> int:
    """Return a rate given as an option."""
    from ..audio import check_samplerate
    from ..errors import ArgumentError

    try:
        return check_samplerate(float(text))
    except ArgumentError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def load_tables(path: str | None) -> Any:
    """Return the tables in a file, or None."""
    if path is None:
        return None
    from ..codec.common.table_set import TableSet

    return TableSet.load(path)


def name_of(path: str, stream: str) -> str:
    """Return what messages call a file."""
    return f"standard {stream}" if path == "-" else printable(path)


def printable(text: str) -> str:
    """Return a text with escapes for what a terminal would obey, or could not print."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


@contextlib.contextmanager
def about(path: str) -> Iterator[None]:
    """Let errors in what a file holds say which file it is."""
    try:
        yield
    except (NetworkError, OutputError, OutputExistsError):
        raise
    except CelpvqError as error:
        name = name_of(path, "input")
        if str(error).startswith(name):
            raise
        raise type(error)(f"{name}: {error}") from None


def open_input(path: str) -> IO[bytes]:
    """Open a file for reading; ``-`` is standard input, which stays open."""
    if not path:
        raise ArgumentError("IN: expected a name, got an empty one")
    if path != "-":
        return open(path, "rb")
    if os.isatty(0):
        raise ArgumentError("standard input is a terminal: expected a pipe or a file")
    return open(0, "rb", closefd=False)


def open_output(path: str, source: IO[bytes] | None = None, *, force: bool) -> Output:
    """Open a file for writing; refuse the input itself, and without `force` what exists."""
    if not path:
        raise ArgumentError("OUT: expected a name, got an empty one")
    if path == "-":
        if os.isatty(1):
            raise ArgumentError("standard output is a terminal: expected a pipe or a file")
        return Output(1)
    with contextlib.suppress(FileNotFoundError):
        new = os.stat(path)
        same = source is not None and os.path.samestat(os.fstat(source.fileno()), new)
        if stat.S_ISREG(new.st_mode) and same:
            raise OutputExistsError(f"{path}: is the input itself")
        if stat.S_ISREG(new.st_mode) and not force:
            raise OutputExistsError(f"{path}: exists already; --force replaces it")
    return Output(path, overwrite=force)


class Progress:
    """A bar on standard error, where that is a terminal and tqdm is installed.

    It says so if `kernel`, which the work runs for longest, has to be compiled first.
    """

    def __init__(
        self, verb: str, seconds: float | None, *, quiet: bool, kernel: str = _ENCODER
    ) -> None:
        from .._numba import is_compiled

        self.seconds = 0.0
        self._bar: Any = None
        self._start = self._first_end = time.perf_counter()
        self._first = 0.0
        if quiet or not sys.stderr.isatty():
            return
        if not is_compiled(kernel):
            print(f"celpvq: {_COMPILING}", file=sys.stderr)
        try:
            from tqdm import tqdm
        except ImportError:
            if seconds is not None and seconds >= LONG_S:
                print(f"celpvq: {_NO_BAR}", file=sys.stderr)
            return
        layout = None if seconds is None else _BAR
        self._bar = tqdm(total=seconds, desc=verb, unit="s", leave=False, bar_format=layout)

    def update(self, seconds: float) -> None:
        """Say that so much more sound is done."""
        if not self.seconds:  # the first block also loads the codec: speed is that of the others
            self._first = seconds
            self._first_end = time.perf_counter()
        self.seconds += seconds
        if self._bar is not None:
            self._bar.update(seconds)

    @property
    def speed(self) -> float:
        """Times real time, without the time to load the codec where there is more than a block."""
        now = time.perf_counter()
        if self.seconds > self._first:
            return (self.seconds - self._first) / (now - self._first_end)
        return self.seconds / (now - self._start)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:  # fmt: skip
        if self._bar is not None:
            self._bar.close()


def summarize(args: argparse.Namespace, progress: Progress, n_bytes: int, note: str = "") -> None:
    """Print the one line that says what was done; `n_bytes` are those of the coded file."""
    if args.quiet:
        return
    seconds = max(progress.seconds, 1e-9)
    speed = f"{progress.speed:.3g}" if progress.speed < 100 else f"{progress.speed:.0f}"
    print(
        f"{name_of(args.input, 'input')} -> {name_of(args.output, 'output')}: {seconds:.2f} s,"
        f" {n_bytes} bytes, {n_bytes * 8e-3 / seconds:.2f} kbit/s,"
        f" {speed} times real time{note}",
        file=sys.stderr,
    )


def damage_note(damage: str | None, n_missing: int | None) -> str:
    """Return what is wrong with a stream, for its summary."""
    if damage is None:
        return ""
    missing = "an unknown number of" if n_missing is None else n_missing
    return f"; {missing} packets missing: {damage}"
