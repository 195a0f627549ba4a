"""Code the bundled clips at every rate, into sound files and a table of measurements."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .. import api
from .._types import F64
from ..audio import SoundWriter, to_dtype
from ..codec.decoder.tracks import parameters
from ..codec.encoder.encoder import FrameEncoder
from ..codec.format.modes import FRAME_LEN, SAMPLERATE, Mode
from ..output import Output
from ..quality.evaluation import TITLES, score
from .clip_picture import draw

PICTURE_CLIP = "flite-slt-en"
PICTURE_MODE = 6400
_WIDTH = 12  # of a column of the table


@dataclass(slots=True)
class Totals:
    """The measurements at one rate, summed over clips."""

    seconds: float = 0.0
    n_bytes: int = 0
    encode_s: float = 0.0
    decode_s: float = 0.0
    scores: list[dict[str, float]] = field(default_factory=list)


def code(
    clip: F64, mode: Mode, preset: str, path: Path, measures: Sequence[str], totals: Totals
) -> None:
    """Code one clip at one rate into the sound file `path` and add to `totals`."""
    start = time.perf_counter()
    data = api.encode(clip, SAMPLERATE, mode.bitrate, preset)
    middle = time.perf_counter()
    coded, _ = api.decode(data)
    end = time.perf_counter()
    totals.seconds += clip.size / SAMPLERATE
    totals.n_bytes += len(data)
    totals.encode_s += middle - start
    totals.decode_s += end - middle
    totals.scores.append(score(clip, coded, measures))
    write_wav(path, coded)


def write_wav(path: Path, samples: NDArray[np.floating]) -> None:
    """Write a 16-bit WAV file; replace an older one."""
    pcm = to_dtype(np.asarray(samples, dtype=np.float64), "int16")
    with Output(path) as file:
        writer = SoundWriter(file, ".wav", SAMPLERATE, len(pcm))
        writer.write(pcm)
        writer.close()


def table(totals: Mapping[int, Totals], measures: Sequence[str]) -> str:
    """Return the table as text; `totals` are by bit rate."""
    rows = [["bit/s", "bytes", "kbit/s", "encode x", "decode x", *(TITLES[m] for m in measures)]]
    for bitrate, t in totals.items():
        means = [sum(s[m] for s in t.scores) / len(t.scores) for m in measures]
        rows.append(
            [str(bitrate), str(t.n_bytes), f"{8 * t.n_bytes / t.seconds / 1000:.2f}",
             f"{t.seconds / t.encode_s:.0f}", f"{t.seconds / t.decode_s:.0f}",
             *(f"{mean:.3f}" for mean in means)]
        )  # fmt: skip
    return "\n".join("".join(f"{cell:>{_WIDTH}}" for cell in row) for row in rows)


def draw_clip(path: Path, clip: F64, preset: str) -> None:
    """Draw `PICTURE_CLIP` before and after the codec; it raises the errors of `draw`."""
    coded, _ = api.decode(api.encode(clip, SAMPLERATE, PICTURE_MODE, preset))
    whole = np.pad(clip, (0, -clip.size % FRAME_LEN))
    packets = b"".join(FrameEncoder(PICTURE_MODE, preset=preset).encode(whole))
    tracks = parameters(packets, PICTURE_MODE)
    draw(path, clip, coded, tracks.lsf, tracks.lag, f"{PICTURE_CLIP}, {PICTURE_MODE} bit/s")
