"""Books that are done, kept in a file, so that a training that was stopped goes on from there."""

import hashlib
import io
import zipfile
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from .._types import F64
from ..output import Output, write_all
from .progress import Log

Arrays = dict[str, F64]
Make = Callable[[], tuple[Sequence[F64], float]]  # books, and the error that they leave


class Checkpoint:
    """A file of books that is replaced after each new one.

    Parameters
    ----------
    path : Path
        The file; one that belongs to another training, or is damaged, is replaced.
    identity : str
        All that the books depend on.
    log : callable
        Takes lines of text about the progress.
    """

    def __init__(self, path: Path, identity: str, log: Log) -> None:
        self.path = path
        self.key = np.frombuffer(hashlib.sha256(identity.encode()).digest(), np.uint8)
        self.arrays: Arrays = {}
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as data:
                if np.array_equal(data["key"], self.key):
                    self.arrays = {name: data[name] for name in data.files if name != "key"}
                    log(f"{path}: goes on after {len(self.arrays)} arrays")
        except FileNotFoundError:
            pass
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
            log(f"{path}: cannot be read ({error}), starts anew")

    def get(self, names: Sequence[str], make: Make) -> tuple[list[F64], float]:
        """Return the books of `names` and their error, from the file or made and kept."""
        title = f"error/{names[-1]}"
        if title not in self.arrays:
            books, error = make()
            self.arrays.update(zip(names, books, strict=True))
            self.arrays[title] = np.array(error)
            data = io.BytesIO()
            np.savez(data, key=self.key, **self.arrays)  # type: ignore[arg-type]
            with Output(self.path) as file:
                write_all(file, data.getvalue())
        return [self.arrays[name] for name in names], float(self.arrays[title])
