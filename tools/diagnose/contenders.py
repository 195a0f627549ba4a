"""Codecs that differ from the shipped one in a single property, for `celpvq.lab.comparison`.

The kernels take any tables. Codebooks that are finer than any packet allows, or that are made of
the clip itself, leave a part of the codec practically unquantized. The search stays the same.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np

from celpvq._types import F32, F64
from celpvq.codec.common import pitch, table_set
from celpvq.codec.common.lsf_dequantizer import SPLIT, LsfTables
from celpvq.codec.common.table_set import TableSet
from celpvq.codec.common.tables import ModeTables
from celpvq.codec.decoder.decoder import FrameDecoder
from celpvq.codec.encoder.encoder import FrameEncoder
from celpvq.codec.encoder.presets import MAX_PITCH_GAIN
from celpvq.codec.format import modes
from celpvq.codec.format.modes import LPC_ORDER, MAX_LSF_BITS, N_SUBFRAMES, Mode
from celpvq.errors import ArgumentError
from celpvq.lab.clips import Clip, aligned, padded
from celpvq.lab.contenders import UNKNOWN, Celpvq, Coded, code_hash, hash_of
from celpvq.training import lsf_frames

from .classes import CLASSES, classify, replace

_N_PITCH_GAINS = 25
_CORRECTION_STEP_DB = 0.75
_CORRECTION_REACH_DB = 10.0  # beyond the trained ones


@dataclass(frozen=True, eq=False, slots=True)
class OneMode:
    """Any tables of one mode, in place of a `TableSet`; coding without DTX needs no more."""

    tables: ModeTables

    def mode(self, mode: Mode) -> ModeTables:
        """Return the tables."""
        del mode
        return self.tables

    @property
    def enhancement(self) -> F32:
        """The weights of the enhancement, which stay as they are."""
        return table_set.default().enhancement


def own_lsf(own: ModeTables, mode: Mode, x: F64) -> ModeTables:
    """Return tables whose first LSF codebook holds the LSF of the clip x (n,) itself."""
    del mode
    lsf = lsf_frames.analyze([padded(x)]).lsf
    if len(lsf) > 1 << MAX_LSF_BITS:  # the room that the search has on its stack
        raise ArgumentError(f"expected at most {1 << MAX_LSF_BITS} frames, got {len(lsf)}")
    none = np.zeros((2, 1, SPLIT)), np.zeros((2, 1, LPC_ORDER - SPLIT))
    unpredicted = np.zeros(LPC_ORDER), np.zeros((2, LPC_ORDER))
    return own._replace(lsf=LsfTables(*unpredicted, np.stack([lsf, lsf]), *none))


def fine_gains(own: ModeTables, mode: Mode, x: F64) -> ModeTables:
    """Return tables with steps of 0.05 in pitch gain and of 0.75 dB in the correction factor."""
    del mode, x
    low, high = own.gain[:, 1].min(), own.gain[:, 1].max() + _CORRECTION_STEP_DB
    db = np.arange(low - _CORRECTION_REACH_DB, high + _CORRECTION_REACH_DB, _CORRECTION_STEP_DB)
    linear = np.linspace(0.0, MAX_PITCH_GAIN, _N_PITCH_GAINS)
    book = np.stack(np.meshgrid(linear, db, indexing="ij"), axis=-1).reshape(-1, 2)
    layout = np.tile(np.array([0, len(book)]), (N_SUBFRAMES, 1))
    return own._replace(gain=np.ascontiguousarray(book), gain_layout=layout)


def absolute_lags(own: ModeTables, mode: Mode, x: F64) -> ModeTables:
    """Return tables with 8 bits for each lag."""
    del mode, x
    return own._replace(lag_bits=np.full(N_SUBFRAMES, pitch.ABSOLUTE_BITS))


def larger_codebook(own: ModeTables, mode: Mode, x: F64) -> ModeTables:
    """Return tables with the fixed codebook of the next higher rate."""
    del x
    following = [other for other in modes.modes() if other.bitrate > mode.bitrate]
    donor = table_set.default().mode(following[0])
    layout = np.tile(donor.fcb_layout[0], (N_SUBFRAMES, 1))
    return own._replace(fcb=donor.fcb, fcb_layout=layout)


def all_but_codebook(own: ModeTables, mode: Mode, x: F64) -> ModeTables:
    """Return tables that leave only the fixed codebook as it is."""
    for change in (own_lsf, fine_gains, absolute_lags):
        own = change(own, mode, x)
    return own


PARTS: Mapping[str, Callable[[ModeTables, Mode, F64], ModeTables]] = MappingProxyType({
    "LSF unquantized": own_lsf,
    "gains unquantized": fine_gains,
    "lags all absolute": absolute_lags,
    "these three together": all_but_codebook,
    "fixed codebook of the next rate": larger_codebook,
})  # fmt: skip


def parts(mode: Mode) -> list[str]:
    """Return the names in `PARTS` that change anything in `mode`."""
    same = set()
    if set(mode.bits("lag")) == {pitch.ABSOLUTE_BITS}:
        same.add("lags all absolute")
    if mode is modes.modes()[-1]:
        same.add("fixed codebook of the next rate")
    return [name for name in PARTS if name not in same]


def code(x: F64, mode: Mode, tables: TableSet | OneMode, *, enhancement: bool = True) -> F64:
    """Return x (n,) after the codec with any tables; indices need not fit a packet."""
    encoder, decoder = FrameEncoder(mode), FrameDecoder(enhancement=enhancement)
    encoder.tables = decoder.tables = tables
    return aligned(decoder.decode_indices(encoder.indices(padded(x)), mode), len(x))


@dataclass(frozen=True, slots=True)
class Changed(ABC):
    """celpvq at a bit rate with one change: a `Contender`."""

    mode: int
    what: str

    @property
    def name(self) -> str:
        """The change, as tables name it."""
        return self.what

    def key(self, clip: Clip) -> str:
        """Return a hash of all that the result depends on."""
        return hash_of(Celpvq(self.mode).key(clip), self.name, code_hash(Path(__file__).parent))

    def code(self, clip: Clip, ref: F64) -> Coded:
        """Return the clip after the codec."""
        del clip
        return Coded(self.change(ref), UNKNOWN)

    @abstractmethod
    def change(self, x: F64) -> F64:
        """Return x (n,) after the changed codec."""


class Unquantized(Changed):
    """With one of `PARTS` changed."""

    def change(self, x: F64) -> F64:
        """Return x (n,) after the changed codec."""
        mode = modes.get(self.mode)
        changed = PARTS[self.what](table_set.default().mode(mode), mode, x)
        return code(x, mode, OneMode(changed))


class Replaced(Changed):
    """With the original in all frames of one of `CLASSES`."""

    @property
    def name(self) -> str:
        """The change, as tables name it."""
        return f"original in {self.what} frames"

    def change(self, x: F64) -> F64:
        """Return x (n,) after the changed codec."""
        y = code(x, modes.get(self.mode), table_set.default())
        return replace(x, y, classify(x) == CLASSES.index(self.what))
