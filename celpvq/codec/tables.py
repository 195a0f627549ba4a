"""Sets of trained tables: what a file holds, its hash, and the form that the kernels take.

A file is an ``npz`` of plain arrays. The LSF books are float32, the shapes of the fixed codebooks
float16 (their rounding lies 60 dB below the shapes). The hash is SHA-256 over the names, types,
shapes and little-endian bytes of the arrays, sorted by name; where they come from does not count.
"""

import functools
import hashlib
import io
import json
import os
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from .._types import F64, I64
from ..errors import ArgumentTypeError, TablesError
from ..output import Output, write_all
from .gains import N_TAPS
from .lsf_quantizer import SPLIT, LsfTables
from .modes import LPC_ORDER, SID_LSF_BITS, SUBFRAME_LEN, Mode, fcb_stages, modes

FOLDER = Path(__file__).parents[1] / "tables"
SILENCE = "lsf_silence"  # the name of the book of silence descriptors
_PROVENANCE = "provenance"
_PITCH_GAIN_LIMIT = 1.3
_MAX_CORRECTION_DB = 60.0
_MAX_PREDICTOR_TAP = 2.0
_MAX_BYTES = 1 << 24  # of a file and of what it unpacks to
# what numpy, zipfile and json raise on files that somebody damaged or made up
_UNREADABLE = (
    OSError, ValueError, EOFError, KeyError, MemoryError, RecursionError, NotImplementedError,
    zipfile.BadZipFile, zlib.error,
)  # fmt: skip


class ModeTables(NamedTuple):
    """The tables of one mode, as the kernels take them."""

    lsf: LsfTables
    lag_bits: I64  # (N_SUBFRAMES,)
    fcb_layout: I64  # (N_SUBFRAMES, 4) first row and index bits of each stage
    fcb: F64  # (N, SUBFRAME_LEN)
    gain_layout: I64  # (N_SUBFRAMES, 2) first row and number of rows
    gain: F64  # (G, 2) pitch gain [linear] and correction of the predicted level [dB]
    predictor: F64  # (1 + N_TAPS,) mean level [dB] and taps
    silence: F64  # (2^SID_LSF_BITS, p) LSF of silence descriptors, the same in all modes


def lsf_names(mode: Mode) -> tuple[str, str, str]:
    """Return the names of the mode's LSF books: stage 1 and both halves of stage 2."""
    bits = sum(mode.bits("lsf"))
    return f"lsf{bits}_stage1", f"lsf{bits}_low", f"lsf{bits}_high"


def fcb_names(bits: int) -> tuple[str, ...]:
    """Return the names of the books, one per stage, of a fixed codebook with `bits` in all."""
    return tuple(f"fcb{bits}_{i + 1}" for i in range(len(fcb_stages(bits))))


def gain_name(mode: Mode, bits: int) -> str:
    """Return the name of the mode's gain book of `bits`."""
    return f"gain{mode.bitrate}_{bits}"


def predictor_name(mode: Mode) -> str:
    """Return the name of the mode's gain predictor."""
    return f"predictor{mode.bitrate}"


@functools.cache
def expected() -> Mapping[str, tuple[tuple[int, ...], str]]:
    """Return the shape and type of every array that a set must hold."""
    want: dict[str, tuple[tuple[int, ...], str]] = {
        "lsf_mean": ((LPC_ORDER,), "<f4"),
        "lsf_rho": ((2, LPC_ORDER), "<f4"),
        SILENCE: ((1 << SID_LSF_BITS, LPC_ORDER), "<f4"),
    }
    for mode in modes():
        _, *lsf_bits = mode.bits("lsf")
        sizes = (LPC_ORDER, SPLIT, LPC_ORDER - SPLIT)
        for name, bits, size in zip(lsf_names(mode), lsf_bits, sizes, strict=True):
            shape = (2, 1 << bits, size)
            assert want.setdefault(name, (shape, "<f4"))[0] == shape, (
                "modes share LSF books by size"
            )
        for bits in mode.bits("fcb"):
            for name, stage in zip(fcb_names(bits), fcb_stages(bits), strict=True):
                want[name] = ((1 << stage, SUBFRAME_LEN), "<f2")
        for bits in mode.bits("gain"):
            want[gain_name(mode, bits)] = ((1 << bits, 2), "<f4")
        want[predictor_name(mode)] = ((1 + N_TAPS,), "<f4")
    return dict(sorted(want.items()))


def _numbers(name: str, values: npt.ArrayLike, dtype: str) -> npt.NDArray[Any]:
    """Return a copy of values as `dtype`; raise `TablesError` if they are no real numbers."""
    try:
        array = np.asarray(values)
    except ValueError as error:  # ragged lists
        raise TablesError(f"tables: {name}: {error}") from None
    if array.dtype.kind not in "fiu":
        raise TablesError(f"tables: {name}: expected numbers, got {array.dtype}")
    with np.errstate(over="ignore"):  # to infinity, which is refused
        return np.array(array, dtype=dtype, order="C")


class TableSet:
    """All tables of the codec, checked.

    Parameters
    ----------
    arrays : mapping of str to ndarray
        One array for each name of `expected`.
    provenance : mapping, optional
        Where they come from: plain JSON values.

    Raises
    ------
    TablesError
        If an array is missing or foreign, or has a wrong shape or values.
    """

    def __init__(
        self, arrays: Mapping[str, npt.ArrayLike], provenance: Mapping[str, Any] | None = None
    ) -> None:
        want = expected()
        if set(arrays) != set(want):
            odd = sorted(set(arrays) ^ set(want))
            raise TablesError(f"tables: missing or foreign arrays: {', '.join(odd[:5])}")
        self.arrays = {}
        for name, (shape, dtype) in want.items():
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
        """Refuse values that would let a stream run away."""
        for name, array in self.arrays.items():
            limits: tuple[float, ...] = ()
            if name.startswith("gain"):
                limits = (_PITCH_GAIN_LIMIT, _MAX_CORRECTION_DB)
            elif name.startswith("predictor"):
                limits = (200.0, *[_MAX_PREDICTOR_TAP] * N_TAPS)
            elif name.startswith("fcb"):
                limits = (100.0,) * SUBFRAME_LEN
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

    def mode(self, mode: Mode) -> ModeTables:
        """Return the tables of `mode` as the kernels take them."""
        if mode.bitrate not in self._modes:
            self._modes[mode.bitrate] = self._collect(mode)
        return self._modes[mode.bitrate]

    def _collect(self, mode: Mode) -> ModeTables:
        stage1, low, high = lsf_names(mode)
        lsf = [self._f64(name) for name in ("lsf_mean", "lsf_rho", stage1, low, high)]
        fcb_names_ = dict.fromkeys(n for bits in mode.bits("fcb") for n in fcb_names(bits))
        fcb, fcb_start = self._stack(list(fcb_names_))
        gain, gain_start = self._stack(
            list(dict.fromkeys(gain_name(mode, b) for b in mode.bits("gain")))
        )
        layout = []
        for bits in mode.bits("fcb"):
            row = [
                x
                for n, b in zip(fcb_names(bits), fcb_stages(bits), strict=True)
                for x in (fcb_start[n], b)
            ]
            layout.append([*row, 0, 0][:4])
        return ModeTables(
            lsf=LsfTables(*lsf),
            lag_bits=np.array(mode.bits("lag"), dtype=np.int64),
            fcb_layout=np.array(layout, dtype=np.int64),
            fcb=fcb,
            gain_layout=np.array(
                [(gain_start[gain_name(mode, b)], 1 << b) for b in mode.bits("gain")],
                dtype=np.int64,
            ),
            gain=gain,
            predictor=self._f64(predictor_name(mode)),
            silence=self._f64(SILENCE),
        )

    def _f64(self, name: str) -> F64:
        return self.arrays[name].astype(np.float64)

    def _stack(self, names: list[str]) -> tuple[F64, dict[str, int]]:
        """Return the arrays of `names`, one below the other, and the first row of each."""
        parts = [self._f64(name) for name in names]
        starts = np.cumsum([0] + [len(p) for p in parts[:-1]])
        return np.concatenate(parts), dict(zip(names, starts.tolist(), strict=True))

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle a shipped set by its hash, another one by what it holds."""
        if (FOLDER / f"{self.hash[:16]}.npz").is_file():
            return by_hash, (self.hash,)
        return type(self), (self.arrays, self.provenance)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the set to `path`, whole or not at all.

        Raises
        ------
        OutputError
            If it cannot be written: no space, no permission.
        """
        text = json.dumps(self.provenance, sort_keys=True).encode()
        out = io.BytesIO()
        np.savez_compressed(out, **self.arrays, **{_PROVENANCE: np.frombuffer(text, np.uint8)})  # type: ignore[arg-type]
        with Output(path) as file:
            write_all(file, out.getvalue())

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Return the set in the file at `path`.

        Raises
        ------
        TablesError
            If it cannot be read, or is not a set of tables; nothing is unpickled, and what would
            unpack to more than a set can hold is refused.
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
            why = getattr(error, "strerror", None) or error  # without the path, which is there
            raise TablesError(f"tables: {path}: {why}") from error
        if not isinstance(provenance, dict):
            raise TablesError(f"tables: {path}: its provenance is not a mapping")
        return cls(arrays, provenance)


def load(path: str | os.PathLike[str]) -> TableSet:
    """Return the set in the file at `path`; see `TableSet.load`."""
    return TableSet.load(path)


@functools.cache
def default() -> TableSet:
    """Return the set that new streams are made with: the newest one that is shipped."""
    return by_hash((FOLDER / "default").read_text().strip())


def given(tables: TableSet | None) -> TableSet:
    """Return `tables`, or the shipped set for None; raise `ArgumentTypeError` for anything else."""
    if tables is None:
        return default()
    if not isinstance(tables, TableSet):
        raise ArgumentTypeError(f"tables: expected a TableSet, got {type(tables).__name__}")
    return tables


def made_with(digest: str, given: TableSet | None = None) -> TableSet:
    """Return the set that a stream was made with, whose hash begins with `digest`.

    Raises
    ------
    TablesError
        If it is not installed, or another one is given.
    """
    if given is None:
        return by_hash(digest)
    if not given.hash.startswith(digest):
        got = given.hash[: len(digest)]
        raise TablesError(f"tables: the stream was made with {digest}, got {got}")
    return given


@functools.cache
def by_hash(digest: str) -> TableSet:
    """Return the shipped set whose hash begins with `digest`, at least 16 hexadecimal digits.

    Raises
    ------
    TablesError
        If there is none.
    """
    path = FOLDER / f"{digest[:16]}.npz"
    if len(digest) < 16 or not digest.isalnum() or not path.is_file():
        raise TablesError(f"tables: no set with hash {digest!r} is installed; give it as tables=")
    tables = load(path)
    if not tables.hash.startswith(digest):
        raise TablesError(f"tables: {path.name} is damaged: its hash is {tables.hash}")
    return tables
