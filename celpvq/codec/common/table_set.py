"""Sets of trained tables: the file that holds one, its hash, and the sets that are shipped.

A file is an ``npz`` of plain arrays. The LSF books are float32, the code vectors float16 (this
rounding is 60 dB below them). The hash is SHA-256 over the names, types, shapes and little-endian
bytes of the arrays, sorted by name. The provenance does not count.
"""

import functools
import hashlib
import io
import json
import os
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from ..._types import F32, F64
from ...errors import ArgumentTypeError, TablesError
from ...output import Output, write_all
from ..format.modes import SUBFRAME_LEN, Mode, fcb_stages
from . import enhancement_tables
from .gains import N_TAPS
from .lsf_dequantizer import LsfTables
from .tables import (
    SID_BOOK,
    ModeTables,
    expected,
    fcb_names,
    gain_name,
    lsf_names,
    predictor_name,
)

FOLDER = Path(__file__).parents[2] / "tables"
_PROVENANCE = "provenance"
_PITCH_GAIN_LIMIT = 1.3
_CORRECTION_LIMIT_DB = 60.0
_MAX_PREDICTOR_TAP = 2.0
_MAX_BYTES = 1 << 24  # limit of a file, packed and unpacked
# exceptions of numpy, zipfile and json for damaged or forged files
_UNREADABLE = (
    OSError, ValueError, EOFError, KeyError, MemoryError, RecursionError, NotImplementedError,
    zipfile.BadZipFile, zlib.error,
)  # fmt: skip


def _fits_int8(array: npt.NDArray[Any]) -> bool:
    return bool(((np.abs(array.astype(np.float64)) <= 127) & (array % 1 == 0)).all())


def _numbers(name: str, values: npt.ArrayLike, dtype: str) -> npt.NDArray[Any]:
    """Return a copy of values as `dtype`; raise `TablesError` unless they are real numbers."""
    try:
        array = np.asarray(values)
    except ValueError as error:  # ragged lists
        raise TablesError(f"tables: {name}: {error}") from None
    if array.dtype.kind not in "fiu":
        raise TablesError(f"tables: {name}: expected numbers, got {array.dtype}")
    if np.dtype(dtype).kind == "i" and not _fits_int8(array):
        raise TablesError(f"tables: {name}: expected whole numbers from -127 to 127")
    with np.errstate(over="ignore"):  # to infinity, which is refused
        return np.array(array, dtype=dtype, order="C")


class TableSet:
    """All tables of the codec, checked.

    Parameters
    ----------
    arrays : mapping of str to ndarray
        One array for each name of `expected`.
    provenance : mapping, optional
        Where the tables come from, as plain JSON values.

    Raises
    ------
    TablesError
        If an array is missing or unknown, or if its shape or a value is wrong.
    """

    def __init__(
        self, arrays: Mapping[str, npt.ArrayLike], provenance: Mapping[str, Any] | None = None
    ) -> None:
        want, optional = dict(expected()), enhancement_tables.expected()
        if not optional.keys().isdisjoint(arrays):
            want.update(optional)
        if set(arrays) != set(want):
            odd = sorted(set(arrays) ^ set(want))
            raise TablesError(f"tables: missing or unknown arrays: {', '.join(odd[:5])}")
        self.arrays = {}
        for name, (shape, dtype) in sorted(want.items()):
            array = _numbers(name, arrays[name], dtype)
            if array.shape != shape:
                raise TablesError(f"tables: {name}: expected shape {shape}, got {array.shape}")
            if not np.isfinite(array).all():
                raise TablesError(f"tables: {name}: holds a value that is not finite")
            array.flags.writeable = False
            self.arrays[name] = array
        self.provenance = dict(provenance or {})
        self._check_ranges()
        self._modes: dict[int, ModeTables] = {}

    def _check_ranges(self) -> None:
        """Refuse values that could make a decoder unstable."""
        for name, array in self.arrays.items():
            limits: tuple[float, ...] = ()
            if name.startswith("gain"):
                limits = (_PITCH_GAIN_LIMIT, _CORRECTION_LIMIT_DB)
            elif name.startswith("predictor"):
                limits = (200.0, *[_MAX_PREDICTOR_TAP] * N_TAPS)
            elif name.startswith("enhancement"):
                limits = (enhancement_tables.limit(name),)
            elif name.startswith("fcb"):
                limits = (100.0,) * SUBFRAME_LEN
            elif name == "lsf_rho":
                limits = (1.0,)
            elif name.startswith("lsf"):
                limits = (4.0,) * array.shape[-1]
            if (np.abs(array.astype(np.float64)) > np.array(limits)).any():
                raise TablesError(f"tables: {name}: a value is beyond its limit {limits[:2]}")

    @functools.cached_property
    def hash(self) -> str:
        """SHA-256 of the arrays, 64 hexadecimal digits."""
        digest = hashlib.sha256()
        for name, array in self.arrays.items():
            digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
            digest.update(array.tobytes())
        return digest.hexdigest()

    @functools.cached_property
    def enhancement(self) -> F32:
        """The weights of the enhancement network as the kernels take them.

        In a set without a network they are those of one that changes nothing.
        """
        has = not enhancement_tables.expected().keys().isdisjoint(self.arrays)
        return enhancement_tables.collect(self.arrays if has else enhancement_tables.identity())

    def mode(self, mode: Mode) -> ModeTables:
        """Return the tables of `mode` as the kernels take them."""
        if mode.bitrate not in self._modes:
            self._modes[mode.bitrate] = self._collect(mode)
        return self._modes[mode.bitrate]

    def _collect(self, mode: Mode) -> ModeTables:
        stage1, low, high = lsf_names(mode)
        lsf = [self._f64(name) for name in ("lsf_mean", "lsf_rho", stage1, low, high)]
        fcb, fcb_start = self._stack(n for bits in mode.bits("fcb") for n in fcb_names(bits))
        gain, gain_start = self._stack(gain_name(mode, bits) for bits in mode.bits("gain"))
        fcb_layout = []
        for bits in mode.bits("fcb"):
            row = []
            for name, row_bits in zip(fcb_names(bits), fcb_stages(bits), strict=True):
                row += [fcb_start[name], row_bits]
            fcb_layout.append([*row, 0, 0][:4])  # without a second stage, it has 0 bits
        return ModeTables(
            lsf=LsfTables(*lsf),
            lag_bits=np.array(mode.bits("lag"), dtype=np.int64),
            fcb_layout=np.array(fcb_layout, dtype=np.int64),
            fcb=fcb,
            gain_layout=np.array(
                [(gain_start[gain_name(mode, b)], 1 << b) for b in mode.bits("gain")],
                dtype=np.int64,
            ),
            gain=gain,
            gain_predictor=self._f64(predictor_name(mode)),
            sid=self._f64(SID_BOOK),
        )

    def _f64(self, name: str) -> F64:
        return self.arrays[name].astype(np.float64)

    def _stack(self, names: Iterable[str]) -> tuple[F64, dict[str, int]]:
        """Return the arrays of `names`, one below the other, each once, and their first rows."""
        parts = {name: self._f64(name) for name in names}
        starts = np.cumsum([0, *map(len, parts.values())])[:-1]
        return np.concatenate(list(parts.values())), dict(zip(parts, starts.tolist(), strict=True))

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle a shipped set by its hash, and any other set by its arrays."""
        if (FOLDER / f"{self.hash[:16]}.npz").is_file():
            return by_hash, (self.hash,)
        return type(self), (self.arrays, self.provenance)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the set to `path`. The file appears when it is complete.

        Raises
        ------
        OutputError
            If it cannot be written, for lack of space or permission.
        """
        with Output(path) as file:
            write_all(file, self.to_bytes())

    def to_bytes(self) -> bytes:
        """Return the content of the file that `save` writes."""
        text = json.dumps(self.provenance, sort_keys=True).encode()
        out = io.BytesIO()
        np.savez_compressed(out, **self.arrays, **{_PROVENANCE: np.frombuffer(text, np.uint8)})  # type: ignore[arg-type]
        return out.getvalue()

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Return the set in the file at `path`.

        Raises
        ------
        TablesError
            If it cannot be read, or is not a set of tables. Nothing is unpickled, and a file that
            would unpack to more than a set can hold is refused.
        """
        try:
            if Path(path).stat().st_size > _MAX_BYTES:
                raise TablesError(f"tables: {path}: larger than any set")
            with zipfile.ZipFile(path) as archive:
                if sum(item.file_size for item in archive.infolist()) > _MAX_BYTES:
                    raise TablesError(f"tables: {path}: unpacks to more than any set")
            with open(path, "rb") as file, np.load(file, allow_pickle=False) as data:
                arrays = {name: data[name] for name in data.files}
            provenance = json.loads(
                arrays.pop(_PROVENANCE, np.frombuffer(b"{}", np.uint8)).tobytes()
            )
        except TablesError:
            raise
        except _UNREADABLE as error:
            why = getattr(error, "strerror", None) or error  # the message names the path already
            raise TablesError(f"tables: {path}: {why}") from error
        if not isinstance(provenance, dict):
            raise TablesError(f"tables: {path}: expected a mapping as provenance")
        return cls(arrays, provenance)


def load(path: str | os.PathLike[str]) -> TableSet:
    """Return the set in the file at `path`; see `TableSet.load`."""
    return TableSet.load(path)


@functools.cache
def default() -> TableSet:
    """Return the set that new streams use by default: the newest one that is shipped."""
    return by_hash((FOLDER / "default").read_text().strip())


def or_default(tables: TableSet | None) -> TableSet:
    """Return `tables`, or the shipped set for None; raise `ArgumentTypeError` for anything else."""
    if tables is None:
        return default()
    if not isinstance(tables, TableSet):
        raise ArgumentTypeError(f"tables: expected a TableSet, got {type(tables).__name__}")
    return tables


def made_with(digest: str, tables: TableSet | None = None) -> TableSet:
    """Return the set of a stream, whose hash begins with `digest`.

    Raises
    ------
    TablesError
        If it is not installed, or if `tables` is another set.
    """
    if tables is None:
        return by_hash(digest)
    tables = or_default(tables)
    if not tables.hash.startswith(digest):
        got = tables.hash[: len(digest)]
        raise TablesError(f"tables: the stream was made with {digest}, got {got}")
    return tables


@functools.cache
def by_hash(digest: str) -> TableSet:
    """Return the shipped set whose hash begins with `digest`, at least 16 hexadecimal digits.

    Raises
    ------
    TablesError
        If no such set is shipped, or if its file is damaged.
    """
    path = FOLDER / f"{digest[:16]}.npz"
    if len(digest) < 16 or not digest.isalnum() or not path.is_file():
        raise TablesError(
            f"tables: no set with hash {digest!r} is installed; pass the set as tables="
        )
    tables = load(path)
    if not tables.hash.startswith(digest):
        raise TablesError(f"tables: {path.name} is damaged: its hash is {tables.hash}")
    return tables
