"""The input and output of a verb: a file, a pipe, or standard input and output."""

import argparse
import contextlib
import os
import stat
from collections.abc import Iterator
from typing import IO

from ..errors import ArgumentError, CelpvqError, NetworkError, OutputError, OutputExistsError
from ..output import Output


def name_of(path: str, stream: str) -> str:
    """Return the name of a file in messages."""
    return f"standard {stream}" if path == "-" else printable(path)


def printable(text: str) -> str:
    """Return a text with escapes for characters that control a terminal or cannot be shown."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


@contextlib.contextmanager
def about(path: str) -> Iterator[None]:
    """Add the name of the input to errors about it."""
    try:
        yield
    except (NetworkError, OutputError, OutputExistsError):
        raise
    except CelpvqError as error:
        name = name_of(path, "input")
        if str(error).startswith(name):
            raise
        raise type(error)(f"{name}: {error}") from None
    except OSError as error:  # a disk that cannot be read
        if error.filename is None and error.errno and not isinstance(error, BrokenPipeError):
            error.filename = name_of(path, "input")
        raise


@contextlib.contextmanager
def open_both(args: argparse.Namespace) -> Iterator[tuple[IO[bytes], Output]]:
    """Open the files of the options of `arguments.add_files`; errors about the input name it."""
    with (
        open_input(args.input) as file,
        open_output(args.output, file, force=args.force) as output,
        about(args.input),
    ):
        yield file, output


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
    """Open a file for writing; refuse the input itself, and without `force` any existing file."""
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
        if stat.S_ISREG(new.st_mode):
            refuse_existing(path, force=force)
    return Output(path, overwrite=force)


def refuse_existing(path: str | os.PathLike[str], *, force: bool) -> None:
    """Raise `OutputExistsError` if a file exists and `force` does not allow to replace it."""
    if not force and os.path.exists(path):
        raise OutputExistsError(f"{os.fspath(path)}: exists already; --force replaces it")
