"""The versions of a clip that a page plays: the original, and the clip after each codec."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isnan
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from .._types import F64
from ..audio import to_dtype
from ..channel.losses import draw_losses
from ..codec.common.table_set import TableSet, made_with, or_default
from ..codec.encoder.encoder import FrameEncoder
from ..codec.format.modes import SAMPLERATE
from ..container import info, read_packets, write_packets
from ..errors import CelpvqError, FormatError
from ..folders.naming import seed_of
from .clips import Clip, padded
from .coded_folders import CodedFolder
from .contenders import Celpvq, Contender, kbps_of


@dataclass(frozen=True, slots=True)
class Version:
    """A clip after a codec, in as few bytes as a page can decode without a change."""

    codec: str
    kbps: float | None
    form: Literal["cvq", "flac"]
    sound: bytes  # a .cvq file, or a FLAC file of 16 bits
    enhancement: bool = True  # whether a .cvq file is decoded with the enhancement
    lost: tuple[int, ...] = ()  # numbers of the packets of a .cvq file that do not arrive


@dataclass(frozen=True, slots=True)
class ClipVersions:
    """A clip and its versions, all of `n_samples`."""

    clip: Clip
    n_samples: int
    original: bytes  # a FLAC file of 16 bits
    versions: tuple[Version, ...]
    problems: tuple[str, ...]  # a line for each codec without a version


@dataclass(frozen=True, slots=True)
class Losses:
    """A channel that loses packets; each clip has losses of its own."""

    percent: float
    burst: float | None = None  # mean length of bursts [packets]; None: independent losses
    seed: int = 1

    def draw(self, clip: str, packets: Sequence[bytes]) -> tuple[int, ...]:
        """Return the numbers of the packets of a clip that are lost."""
        seed = seed_of(self.seed, clip)
        mask = draw_losses(len(packets), self.percent / 100, self.burst, seed).tolist()
        sent = map(bool, packets)  # NO_DATA is not sent
        return tuple(i for i, both in enumerate(zip(mask, sent, strict=True)) if all(both))


def find_versions(
    clip: Clip, codecs: Sequence[Contender], tables: TableSet | None = None,
    losses: Losses | None = None,
) -> ClipVersions:  # fmt: skip
    """Return a clip after each codec; a codec without this clip is listed as a problem.

    Parameters
    ----------
    clip : Clip
        At 8000 Hz.
    codecs : sequence of Contender
        `Celpvq`, or `CodedFolder` of decoded speech or of ``.cvq`` files.
    tables : TableSet, optional
        The tables of all ``.cvq`` files; by default the shipped ones.
    losses : Losses, optional
        Adds a second version of each ``.cvq`` file, with lost packets.

    Raises
    ------
    ArgumentError
        If the clip is not at 8000 Hz, or the losses cannot be drawn.
    """
    ref, tables = clip.read(), or_default(tables)
    versions, problems = list[Version](), list[str]()
    for codec in codecs:
        try:
            version = _version(codec, clip, ref, tables)
        except (CelpvqError, OSError) as error:
            problems.append(f"{codec.name}: {clip.name}: {error}")
            continue
        versions.append(version)
        if losses is not None and version.form == "cvq":
            lost = losses.draw(clip.name, read_packets(version.sound))
            name = f"{codec.name}, {losses.percent:g} % lost"
            versions.append(replace(version, codec=name, lost=lost))
    return ClipVersions(clip, ref.size, flac(ref), tuple(versions), tuple(problems))


def flac(samples: NDArray[Any]) -> bytes:
    """Return samples at 8000 Hz (floats of full scale 1, or int16) as a FLAC file of 16 bits."""
    import soundfile

    file = io.BytesIO()
    pcm = samples if samples.dtype == np.int16 else to_dtype(samples, "int16")
    soundfile.write(file, pcm, SAMPLERATE, subtype="PCM_16", format="FLAC")
    return file.getvalue()


def _version(codec: Contender, clip: Clip, ref: F64, tables: TableSet) -> Version:
    if isinstance(codec, Celpvq):
        return _coded(codec, ref, tables)
    if isinstance(codec, CodedFolder):
        stream = (codec.path / clip.name).with_suffix(".cvq")
        if stream.is_file():
            return _stored(codec.name, stream.read_bytes(), ref.size, tables)
    coded = codec.code(clip, ref)
    kbps = None if isnan(coded.kbps) else coded.kbps
    return Version(codec.name, kbps, "flac", flac(coded.samples))


def _coded(codec: Celpvq, ref: F64, tables: TableSet) -> Version:
    """Return the file that celpvq makes of samples."""
    encoder = FrameEncoder(codec.mode, codec.preset, tables=tables)
    file = io.BytesIO()
    packets = encoder.encode(padded(ref))
    write_packets(file, packets, n_samples=ref.size, tables=tables)
    kbps = kbps_of(packets)
    return Version(codec.name, kbps, "cvq", file.getvalue(), not codec.plain)


def _stored(name: str, data: bytes, n_samples: int, tables: TableSet) -> Version:
    """Return the content of a file that celpvq made earlier."""
    about = info(data)
    if about.damage is not None:
        raise FormatError(about.damage)
    if (about.samplerate, about.n_samples) != (SAMPLERATE, n_samples):
        raise FormatError(
            f"expected {n_samples} samples at {SAMPLERATE} Hz,"
            f" got {about.n_samples} at {about.samplerate} Hz"
        )
    made_with(about.tables, tables)
    return Version(name, about.rates.mean / 1000, "cvq", data)
