"""Rows of arrays that stay in their files, for more vectors than memory holds."""

import math
import mmap
from collections.abc import Sequence
from os import PathLike, fspath
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import ArrayLike

from .._types import I64, Floats
from ..errors import ArgumentError, ArgumentTypeError, FormatError

PathOrPaths = str | PathLike[str] | Sequence[str | PathLike[str]]


class _Run(NamedTuple):
    """Rows that lie one after the other in a file."""

    path: str
    offset: int  # of the first of them [byte]
    n: int


class FileRows:
    """The rows of arrays in one or more files, read when they are needed.

    A slice or an array of row numbers gives an array. `part` gives rows that are not read yet and
    that another process can read as well; `columns` gives some components of the rows.
    """

    def __init__(self, runs: Sequence[_Run], tail: tuple[int, ...], stored: np.dtype[Any],
                 dtype: np.dtype[Any], columns: slice = slice(None)) -> None:  # fmt: skip
        self._runs, self._stored, self.dtype = tuple(runs), stored, dtype
        self._tail, self._columns = tail, columns
        width = [len(range(n)[columns]) for n in tail[:1]]
        self.shape = (sum(run.n for run in runs), *width, *tail[1:])
        self.ndim = len(self.shape)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: slice | I64) -> Floats:
        if isinstance(rows, slice):
            return np.concatenate([self._read(run) for run in self.part(rows)._runs])
        return np.concatenate([self[r : r + 1] for r in rows.tolist()])

    def part(self, rows: slice) -> "FileRows":
        """Return the rows of a slice with step 1, not yet read."""
        start, stop, _ = rows.indices(len(self))
        size = math.prod(self._tail) * self._stored.itemsize
        runs, before = [], 0
        for path, offset, n in self._runs:
            first, last = max(start - before, 0), min(stop - before, n)
            if first < last:
                runs.append(_Run(path, offset + first * size, last - first))
            before += n
        runs = runs or [_Run(self._runs[0].path, 0, 0)]
        return FileRows(runs, self._tail, self._stored, self.dtype, self._columns)

    def columns(self, columns: slice) -> "FileRows":
        """Return some components of whole rows, not yet read."""
        return FileRows(self._runs, self._tail, self._stored, self.dtype, columns)

    def weight_of(self, X: "Floats | FileRows") -> "FileRows":
        """Return them as weights of X (n, k): of its type, with single numbers as arrays of one."""
        return FileRows(self._runs, self._tail or (1,), self._stored, X.dtype, self._columns)

    def _read(self, run: _Run) -> Floats:
        count = run.n * math.prod(self._tail)
        values = np.fromfile(run.path, self._stored, count, offset=run.offset)
        if len(values) < count:
            got = f"{len(values)} at byte {run.offset}"
            raise FormatError(f"{run.path}: expected {count} numbers, got {got}")
        with np.errstate(over="ignore"):  # infinite values are refused by who reads them
            rows = values.reshape(run.n, *self._tail).astype(self.dtype, copy=False)
        return rows[:, self._columns] if self._tail else rows


Rows = Floats | FileRows
Source = ArrayLike | PathOrPaths | FileRows


def opened(data: Source, name: str) -> ArrayLike | FileRows:
    """Return `data`, or its rows in files if it is a memory map, a path or a list of paths."""
    if isinstance(data, FileRows):
        return data
    if isinstance(data, str | PathLike):
        return _rows([_mapped(data, name)])
    if isinstance(data, list | tuple) and data and isinstance(data[0], str | PathLike):
        return _rows([_mapped(path, name) for path in data])
    if isinstance(data, np.memmap) and isinstance(data.base, mmap.mmap):  # a whole map, no part
        return _rows([data]) if data.filename and data.flags.c_contiguous else data
    return cast("ArrayLike", data)


def _mapped(path: str | PathLike[str], name: str) -> "np.memmap[Any, Any]":
    """Return the array of a NumPy file, not read."""
    try:
        array = np.load(fspath(path), mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise FormatError(f"{path}: expected a NumPy array, got {error}") from error
    if not isinstance(array, np.memmap) or array.ndim == 0 or not array.flags.c_contiguous:
        raise FormatError(f"{path}: expected a .npy file of an array in the order of C")
    if array.dtype.kind not in "fiub":
        raise ArgumentTypeError(f"{name}: expected real numbers, got {array.dtype} in {path}")
    return array


def _rows(arrays: Sequence["np.memmap[Any, Any]"]) -> FileRows:
    first = arrays[0]
    for array in arrays[1:]:
        if array.shape[1:] != first.shape[1:] or array.dtype != first.dtype:
            expected, got = (f"rows {a.shape[1:]} of {a.dtype}" for a in (first, array))
            raise ArgumentError(f"{array.filename}: expected {expected}, got {got}")
    runs = [_Run(str(a.filename), a.offset, len(a)) for a in arrays]
    dtype = np.dtype(np.float32 if first.dtype == np.float32 else np.float64)
    return FileRows(runs, first.shape[1:], first.dtype, dtype)


def part(data: Rows, rows: slice) -> Rows:
    """Return some rows, not read yet if they lie in files."""
    return data.part(rows) if isinstance(data, FileRows) else data[rows]


def columns(data: Rows, chosen: slice) -> Rows:
    """Return some components of all rows, not read yet if they lie in files."""
    return data.columns(chosen) if isinstance(data, FileRows) else data[:, chosen]
