"""Codecs that differ from the shipped one in a single thing, for `celpvq.quality.compare`.

The kernels take any tables: books finer than a packet could name, or made of the very clip, leave a
part of the codec as good as unquantized, and the search around it stays what it is.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np

from celpvq.codec.common import pitch, table_set
from celpvq.codec.format import modes
from celpvq.codec.decoder.decoder import Decoder
from celpvq.codec.encoder.encoder import Encoder
from celpvq.codec.format.frame_types import SPEECH
from celpvq.codec.common.lsf_dequantizer import LsfTables, SPLIT
from celpvq.codec.format.modes import DELAY, LPC_ORDER, Mode, N_SUBFRAMES
from celpvq.codec.common.table_set import TableSet
from celpvq.codec.common.tables import ModeTables
from celpvq.codec.encoder.presets import MAX_PITCH_GAIN
from celpvq.quality.contenders import UNKNOWN, Celpvq, Clip, Coded, hash_of
from celpvq.training import lsf_books

from .classes import CLASSES, Signal, classify, padded, replace

_N_PITCH_GAINS = 25
_CORRECTION_STEP_DB = 0.75
_CORRECTION_REACH_DB = 10.0  # beyond the trained ones


@dataclass(frozen=True, eq=False, slots=True)
class OneMode:
    """Tables of one mode, whatever they hold: all that coding without pauses wants of a set."""

    tables: ModeTables

    def mode(self, mode: Mode) -> ModeTables:
        """Return the tables."""
        del mode
        return self.tables


def own_spectra(own: ModeTables, mode: Mode, x: Signal) -> ModeTables:
    """Return tables whose first LSF book holds the spectra of the clip x (n,) themselves."""
    del mode
    spectra = lsf_books.analyze([padded(x)]).lsf
    none = np.zeros((2, 1, SPLIT)), np.zeros((2, 1, LPC_ORDER - SPLIT))
    unpredicted = np.zeros(LPC_ORDER), np.zeros((2, LPC_ORDER))
    return own._replace(lsf=LsfTables(*unpredicted, np.stack([spectra, spectra]), *none))


def fine_gains(own: ModeTables, mode: Mode, x: Signal) -> ModeTables:
    """Return tables with steps of 0.05 in pitch gain and of 0.75 dB in the fixed codebook's."""
    del mode, x
    low, high = own.gain[:, 1].min(), own.gain[:, 1].max() + _CORRECTION_STEP_DB
    db = np.arange(low - _CORRECTION_REACH_DB, high + _CORRECTION_REACH_DB, _CORRECTION_STEP_DB)
    linear = np.linspace(0.0, MAX_PITCH_GAIN, _N_PITCH_GAINS)
    book = np.stack(np.meshgrid(linear, db, indexing="ij"), axis=-1).reshape(-1, 2)
    layout = np.tile(np.array([0, len(book)]), (N_SUBFRAMES, 1))
    return own._replace(gain=np.ascontiguousarray(book), gain_layout=layout)


def absolute_lags(own: ModeTables, mode: Mode, x: Signal) -> ModeTables:
    """Return tables with 8 bits for each lag."""
    del mode, x
    return own._replace(lag_bits=np.full(N_SUBFRAMES, pitch.ABSOLUTE_BITS))


def larger_codebook(own: ModeTables, mode: Mode, x: Signal) -> ModeTables:
    """Return tables with the fixed codebook of the next higher rate."""
    del x
    following = [other for other in modes.modes() if other.bitrate > mode.bitrate]
    donor = table_set.default().mode(following[0])
    layout = np.tile(donor.fcb_layout[0], (N_SUBFRAMES, 1))
    return own._replace(fcb=donor.fcb, fcb_layout=layout)


def all_but_codebook(own: ModeTables, mode: Mode, x: Signal) -> ModeTables:
    """Return tables that leave only the fixed codebook as it is."""
    for change in (own_spectra, fine_gains, absolute_lags):
        own = change(own, mode, x)
    return own


PARTS: Mapping[str, Callable[[ModeTables, Mode, Signal], ModeTables]] = MappingProxyType({
    "LSF unquantized": own_spectra,
    "gains unquantized": fine_gains,
    "lags all absolute": absolute_lags,
    "these three together": all_but_codebook,
    "fixed codebook of the next rate": larger_codebook,
})  # fmt: skip


def parts(mode: Mode) -> list[str]:
    """Return those of `PARTS` that change anything in `mode`."""
    same = set()
    if set(mode.bits("lag")) == {pitch.ABSOLUTE_BITS}:
        same.add("lags all absolute")
    if mode is modes.modes()[-1]:
        same.add("fixed codebook of the next rate")
    return [name for name in PARTS if name not in same]


def code(x: Signal, mode: Mode, given: TableSet | OneMode, *, postfilter: bool = True) -> Signal:
    """Return x (n,) after the codec with the tables `given`, without packets in between."""
    encoder, decoder = Encoder(mode), Decoder(postfilter=postfilter)
    encoder.tables = decoder.tables = given
    words = encoder.encode_words(padded(x))
    decoder._mode = mode  # words that no packet can hold have no public way in
    return decoder._decode(SPEECH, words)[DELAY : DELAY + len(x)] / 32768.0


@dataclass(frozen=True, slots=True)
class Changed(ABC):
    """celpvq at a bit rate with one thing changed: a `Contender`."""

    mode: int
    what: str

    @property
    def name(self) -> str:
        """What tables call it."""
        return self.what

    def key(self, clip: Clip) -> str:
        """Return a hash of all that the result depends on."""
        sources = (path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py")))
        return hash_of(Celpvq(self.mode).key(clip), self.name, *sources)

    def code(self, clip: Clip, ref: Signal) -> Coded:
        """Return the clip after the codec."""
        del clip
        return Coded(self.change(ref), UNKNOWN)

    @abstractmethod
    def change(self, x: Signal) -> Signal:
        """Return x (n,) after the codec so changed."""


class Unquantized(Changed):
    """With one of `PARTS` changed."""

    def change(self, x: Signal) -> Signal:
        """Return x (n,) after the codec so changed."""
        mode = modes.get(self.mode)
        changed = PARTS[self.what](table_set.default().mode(mode), mode, x)
        return code(x, mode, OneMode(changed))


class Unfiltered(Changed):
    """Without what the decoder does to the speech in the end."""

    def change(self, x: Signal) -> Signal:
        """Return x (n,) after the codec so changed."""
        return code(x, modes.get(self.mode), table_set.default(), postfilter=False)


class Replaced(Changed):
    """With the original in all frames of one of `CLASSES`."""

    @property
    def name(self) -> str:
        """What tables call it."""
        return f"original in {self.what} frames"

    def change(self, x: Signal) -> Signal:
        """Return x (n,) after the codec so changed."""
        y = code(x, modes.get(self.mode), table_set.default())
        return replace(x, y, classify(x) == CLASSES.index(self.what))
