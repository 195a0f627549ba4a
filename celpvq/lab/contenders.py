"""The codecs of a comparison: the interface that all of them have, and celpvq."""

import functools
import hashlib
import itertools
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from .._types import F64
from ..codec.common import table_set as table_sets
from ..codec.common.table_set import TableSet
from ..codec.decoder.decoder import FrameDecoder
from ..codec.encoder import presets, variable_rate
from ..codec.encoder.encoder import FrameEncoder
from ..codec.encoder.variable_rate import VariableRate
from ..codec.format import modes
from ..codec.format.modes import FRAME_LEN, SAMPLERATE
from ..errors import ArgumentError
from .clips import Clip, aligned, padded

_CODE = Path(__file__).parents[1] / "codec"
UNKNOWN = float("nan")


@dataclass(frozen=True, slots=True)
class Coded:
    """A clip after a codec."""

    samples: NDArray[Any]  # (n,) aligned with the original: floats of full scale 1, or int16
    kbps: float
    encode_s: float = UNKNOWN  # processor time of the thread [s]
    decode_s: float = UNKNOWN


class Contender(Protocol):
    """A codec at one setting; it can be pickled."""

    @property
    def name(self) -> str:
        """Name of the codec in tables."""

    def key(self, clip: Clip) -> str:
        """Return a hash of all that the result depends on; empty if the clip is missing.

        The key may have a second part after a hyphen, on which the scores do not depend.
        """

    def code(self, clip: Clip, ref: F64) -> Coded:
        """Return `clip`, whose samples are `ref`, after the codec."""


@dataclass(frozen=True, slots=True)
class Celpvq:
    """celpvq at a fixed or variable rate and a preset, with the shipped tables or those of a file.

    A plain one decodes the same packets without the enhancement.
    """

    mode: int | VariableRate
    preset: str = "default"
    tables: str | None = None
    plain: bool = False

    def __post_init__(self) -> None:
        variable_rate.get(self.mode)
        presets.get(self.preset)

    @property
    def name(self) -> str:
        """Rate, the preset unless it is the default, and "plain" for a plain one."""
        words = ["celpvq", str(self.mode)]
        words += [self.preset] if self.preset != "default" else []
        return " ".join([*words, "plain"] if self.plain else words)

    @classmethod
    def from_name(cls, name: str, tables: str | None = None) -> Self | None:
        """Return the codec of that name; None if it is another codec's name."""
        rate = re.match(rf"celpvq ({variable_rate.NAME} )?(\d+)", name)
        if rate is None:
            return None
        try:
            mode = VariableRate(int(rate[2])) if rate[1] else int(rate[2])
            known = [
                cls(mode, preset, tables, plain)
                for preset, plain in itertools.product(presets.PRESETS, [False, True])
            ]
        except ArgumentError:  # no such rate
            return None
        return next((codec for codec in known if codec.name == name), None)

    def key(self, clip: Clip) -> str:
        """Return a hash of clip, settings, tables and the codec's source."""
        parts = (self.mode, self.preset, _tables(self.tables).hash, self.plain, code_hash())
        return hash_of(clip.path.read_bytes(), *parts)

    def code(self, clip: Clip, ref: F64) -> Coded:
        """Return the clip after the codec, to the bit as from a file."""
        del clip
        tables = _tables(self.tables)
        _prepare(self.mode, self.tables)
        frames = padded(ref)
        encoder = FrameEncoder(self.mode, self.preset, tables=tables)
        decoder = FrameDecoder(enhancement=not self.plain, tables=tables)
        start = time.thread_time()
        packets = encoder.encode(frames)
        middle = time.thread_time()
        decoded = [
            decoder.decode_run(b"".join(run), modes.BY_LENGTH[n_bytes])
            for n_bytes, run in itertools.groupby(packets, len)
        ]
        end = time.thread_time()
        samples = aligned(np.concatenate(decoded), ref.size)
        return Coded(samples, kbps_of(packets), middle - start, end - middle)


def kbps_of(packets: Sequence[bytes]) -> float:
    """Return the mean rate of packets [kbit/s]."""
    return 8 * SAMPLERATE * sum(map(len, packets)) / (1000 * FRAME_LEN * len(packets))


@functools.cache
def _prepare(mode: int | VariableRate, tables: str | None) -> None:
    """Code a frame, so that the time of the first clip excludes loading and deriving tables."""
    [packet] = FrameEncoder(mode, tables=_tables(tables)).encode(np.zeros(FRAME_LEN))
    FrameDecoder(tables=_tables(tables)).decode(packet)


@functools.cache
def _tables(path: str | None) -> TableSet:
    return table_sets.default() if path is None else TableSet.load(path)


@functools.cache
def code_hash(folder: Path = _CODE) -> str:
    """Return a hash of all Python sources below a folder, by default the codec's."""
    paths = sorted(folder.rglob("*.py"))
    return hash_of(*((path.relative_to(folder).as_posix(), path.read_bytes()) for path in paths))


def hash_of(*parts: object) -> str:
    """Return 16 hexadecimal digits for bytes, and for other objects by their `repr`."""
    digest = hashlib.sha256()
    for part in parts:
        data = part if isinstance(part, bytes) else repr(part).encode()
        digest.update(len(data).to_bytes(8) + data)
    return digest.hexdigest()[:16]
