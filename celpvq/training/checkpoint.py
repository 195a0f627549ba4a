"""A file of the finished books, from which an interrupted training continues."""

import hashlib
import io
import zipfile
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from .._types import F64
from ..output import write_file
from .progress import Log

Arrays = dict[str, F64]
Errors = dict[str, float]
Books = tuple[Sequence[F64], float]  # and their error
Make = Callable[[], Books]


class Checkpoint:
    """A file of books that is replaced after each new one.

    A damaged file is replaced, and so is the file of another training.      identity : text that
    names everything that the books depend on.
    """

    def __init__(self, path: Path, identity: str, log: Log) -> None:
        self.path = path
        self.key = np.frombuffer(hashlib.sha256(identity.encode()).digest(), np.uint8)
        self.arrays: Arrays = {}
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as data:
                if np.array_equal(data["key"], self.key):
                    self.arrays = {name: data[name] for name in data.files if name != "key"}
                    log(f"{path}: continues after {len(self.arrays)} arrays")
        except FileNotFoundError:
            pass
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
            log(f"{path}: not readable ({error}); training starts from the beginning")

    def get(self, names: Sequence[str], make: Make) -> tuple[list[F64], float]:
        """Return the books of `names` and their error from the file; if missing, make them."""
        title = f"error/{names[-1]}"
        if title not in self.arrays:
            books, error = make()
            self.arrays.update(zip(names, books, strict=True))
            self.arrays[title] = np.array(error)
            data = io.BytesIO()
            np.savez(data, key=self.key, **self.arrays)  # type: ignore[arg-type]
            write_file(self.path, data.getvalue())
        return [self.arrays[name] for name in names], float(self.arrays[title])
