"""What a comparison compares: a codec, seen as what it makes of a clip; and celpvq as one."""

import functools
import hashlib
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from ..codec.common import table_set as table_sets
from ..codec.common.table_set import TableSet
from ..codec.decoder.decoder import FrameDecoder
from ..codec.encoder import presets
from ..codec.encoder.encoder import FrameEncoder
from ..codec.format import modes
from ..codec.format.modes import DELAY, FRAME_LEN, SAMPLERATE
from ..errors import ArgumentError
from .signal import Signal

_CODE = Path(__file__).parents[1] / "codec"
UNKNOWN = float("nan")


@dataclass(frozen=True, slots=True)
class Clip:
    """A recording: its path below the folder, as text, and where it is."""

    name: str
    path: Path
    seconds: float


@dataclass(frozen=True, slots=True)
class Coded:
    """A clip after a codec."""

    samples: Signal  # (n,) full scale +-1, aligned with the original
    kbps: float
    encode_s: float = UNKNOWN  # processor time of the thread [s]
    decode_s: float = UNKNOWN


class Contender(Protocol):
    """A codec at one setting; it can be pickled."""

    @property
    def name(self) -> str:
        """What tables call it."""

    def key(self, clip: Clip) -> str:
        """Return a hash of all that the result depends on; empty if there can be none.

        Of two hashes with a hyphen between, the scores depend on the first one only.
        """

    def code(self, clip: Clip, ref: Signal) -> Coded:
        """Return `clip`, whose samples are `ref`, after the codec."""


def read_speech(path: Path) -> Signal:
    """Return the samples (n,) of a sound file, full scale +-1.

    Raises
    ------
    ArgumentError
        If it does not hold 8000 Hz, one channel and at least one sample.
    """
    import soundfile

    samples, rate = soundfile.read(path, dtype="float64")
    if rate != SAMPLERATE or samples.ndim != 1 or not samples.size:
        got = f"{rate} Hz, {samples.shape}"
        raise ArgumentError(
            f"{path}: expected {SAMPLERATE} Hz and samples of one channel, got {got}"
        )
    return samples  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class Celpvq:
    """celpvq at one rate and effort, with the shipped tables or those of a file."""

    mode: int
    preset: str = "default"
    tables: str | None = None

    def __post_init__(self) -> None:
        modes.get(self.mode)
        presets.get(self.preset)

    @property
    def name(self) -> str:
        """Rate, and the preset unless it is the default."""
        return f"celpvq {self.mode}" + ("" if self.preset == "default" else f" {self.preset}")

    def key(self, clip: Clip) -> str:
        """Return a hash of clip, settings, tables and the codec's source."""
        tables = _tables(self.tables).hash
        return hash_of(clip.path.read_bytes(), self.mode, self.preset, tables, _code_hash())

    def code(self, clip: Clip, ref: Signal) -> Coded:
        """Return the clip as a file of celpvq gives it back."""
        del clip
        mode, tables = modes.get(self.mode), _tables(self.tables)
        _prepare(self.mode, self.tables)
        padded = np.zeros(-(-(ref.size + DELAY) // FRAME_LEN) * FRAME_LEN)
        padded[: ref.size] = ref
        encoder = FrameEncoder(mode, self.preset, tables=tables)
        decoder = FrameDecoder(tables=tables)
        start = time.thread_time()
        packets = b"".join(encoder.encode(padded))
        middle = time.thread_time()
        decoded = decoder.decode_run(packets, mode)
        end = time.thread_time()
        samples = decoded[DELAY : DELAY + ref.size] / 32768.0
        return Coded(samples, self.mode / 1000, middle - start, end - middle)


@functools.cache
def _prepare(mode: int, tables: str | None) -> None:
    """Code a frame, so that loading and deriving tables does not count as time of a clip."""
    [packet] = FrameEncoder(mode, tables=_tables(tables)).encode(np.zeros(FRAME_LEN))
    FrameDecoder(tables=_tables(tables)).decode(packet)


@functools.cache
def _tables(path: str | None) -> TableSet:
    return table_sets.default() if path is None else TableSet.load(path)


@functools.cache
def _code_hash() -> str:
    return hash_of(*(path.read_bytes() for path in sorted(_CODE.glob("*.py"))))


def hash_of(*parts: object) -> str:
    """Return 16 hexadecimal digits for bytes, and for other things by their `repr`."""
    digest = hashlib.sha256()
    for part in parts:
        data = part if isinstance(part, bytes) else repr(part).encode()
        digest.update(len(data).to_bytes(8) + data)
    return digest.hexdigest()[:16]
