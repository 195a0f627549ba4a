"""The sounds of a test: coded, cut, at one level, and as files that do not tell them apart."""

import io
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
import soundfile

from .._types import F64, I16
from ..codec.common.samples import FULL_SCALE
from ..codec.format.modes import SAMPLERATE
from ..errors import ArgumentError
from ..lab.clips import Clip
from ..lab.contenders import Contender
from .anchors import Anchor
from .design import REFERENCE, Design, Trial
from .level import active_level

LEVEL_DB = -26.0  # active speech level of every sound
PEAK = 0.98
FADE_S = 0.01
_STREAMINFO_END = 4 + 4 + 34  # the magic number, a block's head, the block
_LAST, _PADDING = 0x80, 1  # flag and type in the head of a FLAC metadata block


def encode_sounds(
    design: Design,
    clips: Sequence[Clip],
    contenders: Sequence[Contender],
    anchors: Sequence[Anchor],
    seconds: float,
    progress: Callable[[Clip], None] = lambda clip: None,
) -> dict[str, bytes]:
    """Return a FLAC file for each sound of a design, by its random name.

    All sounds have the same active level: -26 dB, or less if a peak would exceed full scale. The
    sounds of a clip have the same number of samples, and their files the same number of bytes.
    Each sound has dither of its own, so that two copies of a sound are different files.

    Parameters
    ----------
    design : Design
    clips : sequence of Clip
        The speech of the design.
    contenders : sequence of Contender
        The systems under test, by name.
    anchors : sequence of Anchor
    seconds : float
        The longest sound; longer clips are cut at the end.
    progress : callable
        Called after each clip.

    Raises
    ------
    ArgumentError
        If a system has no such clip, or another number of samples.
    """
    rng = np.random.default_rng([design.seed, 1])
    trials = [*design.trials.values(), *design.training]
    coded: dict[str, dict[str, F64]] = {}
    for clip in clips:
        coded[clip.name] = _levelled(_versions(clip, contenders, anchors, rng), seconds)
        progress(clip)
    peak = max(float(np.abs(x).max()) for versions in coded.values() for x in versions.values())
    gain = min(1.0, PEAK / peak)
    files: dict[str, bytes] = {}
    for name, versions in coded.items():
        mine = [trial for trial in trials if trial.clip == name]
        scaled = {system: gain * x for system, x in versions.items()}
        files |= dict(_padded_files(mine, scaled, rng)) if mine else {}
    return dict(sorted(files.items()))


def _versions(
    clip: Clip, contenders: Sequence[Contender], anchors: Sequence[Anchor],
    rng: np.random.Generator,
) -> dict[str, F64]:  # fmt: skip
    """Return the reference, the coded versions and the anchors of a clip, by name."""
    ref = clip.read()
    versions = {REFERENCE: ref}
    for contender in contenders:
        try:
            samples = contender.code(clip, ref).samples
        except ArgumentError as error:
            raise ArgumentError(f"{contender.name}: {clip.name}: {error}") from None
        scale = FULL_SCALE if samples.dtype == np.int16 else 1.0
        versions[contender.name] = samples.astype(np.float64) / scale
    return versions | {anchor.name: anchor.apply(ref, rng) for anchor in anchors}


def _levelled(versions: Mapping[str, F64], seconds: float) -> dict[str, F64]:
    """Return all versions of a clip cut, faded at their ends and at one level."""
    cut = {name: _faded(x[: round(seconds * SAMPLERATE)]) for name, x in versions.items()}
    return {name: x * 10 ** ((LEVEL_DB - active_level(x)) / 20) for name, x in cut.items()}


def _faded(x: F64) -> F64:
    """Return x (n,) with a fade at both ends, so that a cut does not click."""
    n = min(round(FADE_S * SAMPLERATE), x.size // 2)
    ramp = (np.arange(n) + 0.5) / max(n, 1)
    return np.concatenate([x[:n] * ramp, x[n : x.size - n], x[x.size - n :] * ramp[::-1]])


def _padded_files(
    trials: Sequence[Trial], versions: Mapping[str, F64], rng: np.random.Generator
) -> Iterator[tuple[str, bytes]]:
    """Yield the name and the file of each sound; all files have the same length."""
    sounds = dict(sorted((name, s) for trial in trials for name, s in trial.sounds.items()))
    files = {name: flac(dithered(versions[system], rng)) for name, system in sounds.items()}
    longest = max(map(len, files.values()))
    for name, file in files.items():
        yield name, padded(file, longest + 4)


def dithered(x: F64, rng: np.random.Generator) -> I16:
    """Return x (n,), full scale 1, in 16 bits with triangular dither of one step."""
    noise = rng.random(x.size) - rng.random(x.size)
    steps = np.rint(x * FULL_SCALE + noise)
    return steps.clip(-FULL_SCALE, FULL_SCALE - 1).astype(np.int16)


def flac(samples: I16) -> bytes:
    """Return a FLAC file at 8000 Hz with samples (n,)."""
    file = io.BytesIO()
    soundfile.write(file, samples, SAMPLERATE, format="FLAC", subtype="PCM_16")
    return file.getvalue()


def padded(file: bytes, length: int) -> bytes:
    """Return a FLAC file of `length` bytes, at least 4 more, by a block of padding."""
    n = length - len(file) - 4
    head, rest = bytearray(file[:_STREAMINFO_END]), file[_STREAMINFO_END:]
    last = head[4] & _LAST
    head[4] &= ~_LAST & 0xFF
    return bytes(head) + bytes([last | _PADDING]) + n.to_bytes(3) + bytes(n) + rest


def read_flac(file: bytes) -> F64:
    """Return the samples (n,) of a FLAC file, full scale 1."""
    samples, _ = soundfile.read(io.BytesIO(file), dtype="float64")
    return np.asarray(samples)
