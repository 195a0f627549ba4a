"""Output files: a file appears whole or not at all, and a failed write is a typed error."""

import contextlib
import io
import os
import secrets
import stat
import warnings
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol, Self

from .errors import OutputError, OutputExistsError


class Sink(Protocol):
    """A target of bytes: any binary file, or an `Output`."""

    def write(self, data: Any, /) -> int | None:
        """Write the data, or a part of them and return how many."""

    def seekable(self) -> bool:
        """Return whether `seek` works."""

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Move to a position."""

    def tell(self) -> int:
        """Return the position."""

    def fileno(self) -> int:
        """Return the file descriptor."""


def write_first(file: Sink, data: bytes) -> int | None:
    """Write the first bytes of a file, and find out whether they can be changed at the end.

    `seekable` is not enough: a gzip file says that it can seek and goes forward only, a file in
    append mode goes back and writes at its end all the same. So the bytes are written twice, the
    second time over the first.

    Returns
    -------
    int or None
        Where they begin; None if they cannot be changed, and were written once.

    Raises
    ------
    OutputError
        If the second time has gone elsewhere.
    """
    start: int | None = None
    with contextlib.suppress(OSError, AttributeError):
        start = file.tell() if file.seekable() and not _appends(file) else None
    write_all(file, data)
    if start is None:
        return None
    try:
        file.seek(start)
        if file.tell() != start:
            return None
    except (OSError, ValueError):
        return None
    write_all(file, data)
    if file.tell() != start + len(data):
        raise OutputError(
            f"file: expected to write at {start}, as `seek` and `tell` say, got"
            f" {file.tell() - len(data)}; open it without append mode, or wrap it in a pipe"
        )
    return start


def _appends(file: Sink) -> bool:
    """Return whether the system writes everything at the end of a file."""
    if "a" in str(getattr(file, "mode", "")):
        return True
    try:
        import fcntl

        return bool(fcntl.fcntl(file.fileno(), fcntl.F_GETFL) & os.O_APPEND)
    except (ImportError, OSError, AttributeError, TypeError):  # not a file of the system
        return False


def write_all(file: Sink, data: bytes) -> None:
    """Write all of `data`, to a raw file as well, which may take a part at a time."""
    rest = memoryview(data)
    while rest.nbytes:
        n = file.write(rest)
        rest = rest[len(rest) if n is None else n :]


@contextlib.contextmanager
def typed(name: str) -> Iterator[None]:
    """Turn the errors of the system while writing `name` into an `OutputError`."""
    try:
        yield
    except (OutputError, OutputExistsError):
        raise
    except OSError as error:
        raise OutputError(f"{name}: {error.strerror or error}") from error


def make_folder(folder: Path, option: str) -> None:
    """Create the folder that `option` names, unless it is there.

    Raises
    ------
    OutputExistsError
        If it is or lies in a file.
    OutputError
        If it cannot be created.
    """
    with typed(str(folder)):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError):
            raise OutputExistsError(
                f"{option}: expected a folder, {folder} is or lies in a file"
            ) from None


class Output:
    """A file that appears under its name when it is complete; as a context, without an exception.

    Until then it has another name in the same folder. Pipes and devices are written directly.

    Parameters
    ----------
    path : path or int
        Its name, or a file descriptor, which is left open.
    overwrite : bool
        Whether a file of that name may be replaced.
    durable : bool
        Whether `commit` waits until the disk holds the data, so that the complete file outlives a
        loss of power.

    Raises
    ------
    OutputExistsError
        If there is one and it may not.
    OutputError
        If a write fails: no space, no permission, a closed pipe.
    """

    def __init__(
        self, path: str | os.PathLike[str] | int, *, overwrite: bool = True, durable: bool = True
    ) -> None:  # fmt: skip
        self.name = str(path) if not isinstance(path, int) else "standard output"
        self._overwrite, self._durable = overwrite, durable
        self._temporary: Path | None = None
        with self._typed():
            if isinstance(path, int):
                self._file = io.FileIO(path, "w", closefd=False)
                return
            self._path = Path(os.path.realpath(path))  # a link stays, its target is replaced
            old = self._old()
            if old is not None and not stat.S_ISREG(old.st_mode):
                self._file = io.FileIO(self._path, "w")
                return
            self._temporary = self._path.with_name(f".celpvq-{secrets.token_hex(8)}.part")
            self._file = io.FileIO(self._temporary, "x")
            self._abandon = weakref.finalize(self, _abandon, self._file, self._temporary, self.name)
            if old is not None:
                os.chmod(self._temporary, stat.S_IMODE(old.st_mode))

    def _old(self) -> os.stat_result | None:
        """Return the status of an existing file; raise if it may not be replaced."""
        try:
            old = os.stat(self._path)
        except FileNotFoundError:
            return None
        if stat.S_ISREG(old.st_mode) and not self._overwrite:
            raise OutputExistsError(f"{self.name}: exists already")
        return old

    def _typed(self) -> contextlib.AbstractContextManager[None]:
        return typed(self.name)

    def write(self, data: Any) -> int:
        """Write all of `data`."""
        with self._typed():
            write_all(self._file, data)
        return len(data)

    def seekable(self) -> bool:
        """Return whether `seek` works: not for pipes and devices."""
        return self._temporary is not None

    def seek(self, offset: int, whence: int = 0) -> int:
        """Move to a position."""
        with self._typed():
            return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Return the position."""
        return self._file.tell()

    def fileno(self) -> int:
        """Return the file descriptor."""
        return self._file.fileno()

    def commit(self) -> None:
        """Put the complete file under its name."""
        try:
            with self._typed():
                if self._temporary is not None:
                    if self._durable:
                        os.fsync(self._file.fileno())
                    self._old()
                self._file.close()
                if self._temporary is not None:
                    os.replace(self._temporary, self._path)
                    self._abandon.detach()
        except BaseException:
            self.discard()
            raise

    def discard(self) -> None:
        """Remove the unfinished file; an existing file of that name stays."""
        with contextlib.suppress(OSError):
            self._file.close()
        if self._temporary is not None:
            self._temporary.unlink(missing_ok=True)
            self._abandon.detach()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.commit()
        else:
            self.discard()


def _abandon(file: io.FileIO, temporary: Path, name: str) -> None:
    """Remove the unfinished file of a writer that was never closed."""
    with contextlib.suppress(OSError):
        file.close()
    with contextlib.suppress(OSError):
        temporary.unlink(missing_ok=True)
    warn_unclosed(name)


def warn_unclosed(name: str) -> None:
    """Warn that the result `name` is incomplete, because its writer was never closed."""
    warnings.warn(f"{name}: its writer was never closed", ResourceWarning, stacklevel=2)


def write_file(path: str | os.PathLike[str], data: bytes) -> None:
    """Write a whole file, or raise an `OutputError` and leave an existing file as it was."""
    with Output(path) as file:
        file.write(data)
