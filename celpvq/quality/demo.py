"""The bundled clips through the codec at every rate: files to hear, and what was measured."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .. import api
from ..audio import SoundWriter, to_dtype
from ..codec.decoder.tracks import parameters
from ..codec.encoder.encoder import FrameEncoder
from ..codec.format.modes import FRAME_LEN, SAMPLERATE, Mode
from ..output import Output
from .evaluation import MEASURES, score
from .picture import draw
from .signal import Signal

PICTURE_CLIP = "flite-slt-en"
PICTURE_MODE = 6400
_TITLES = {"segsnr": "segSNR dB", "pesq": "PESQ", "estoi": "ESTOI"}


@dataclass(slots=True)
class Totals:
    """What a rate has taken and given so far, over all clips."""

    seconds: float = 0.0
    n_bytes: int = 0
    encode_s: float = 0.0
    decode_s: float = 0.0
    scores: list[dict[str, float]] = field(default_factory=list)


def code(
    clip: Signal, mode: Mode, preset: str, path: Path, measures: Sequence[str], totals: Totals
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
    totals.scores.append(score(clip, coded, {m: MEASURES[m] for m in measures}))
    write_wav(path, coded)


def write_wav(path: Path, samples: NDArray[np.floating]) -> None:
    """Write 16-bit WAV; replace what is there."""
    pcm = to_dtype(np.asarray(samples, dtype=np.float64), "int16")
    with Output(path) as file:
        writer = SoundWriter(file, ".wav", SAMPLERATE, len(pcm))
        writer.write(pcm)
        writer.close()


def table(totals: Mapping[int, Totals], measures: Sequence[str]) -> str:
    """Return the table as text; `totals` are by bit rate."""
    head = ["bit/s", "bytes", "kbit/s", "encode x", "decode x", *(_TITLES[m] for m in measures)]
    lines = ["".join(f"{title:>11}" for title in head)]
    for bitrate, t in totals.items():
        means = [sum(s[m] for s in t.scores) / len(t.scores) for m in measures]
        lines.append(
            f"{bitrate:>11}{t.n_bytes:>11}{8 * t.n_bytes / t.seconds / 1000:>11.2f}"
            f"{t.seconds / t.encode_s:>11.0f}{t.seconds / t.decode_s:>11.0f}"
            + "".join(f"{mean:>11.3f}" for mean in means)
        )
    return "\n".join(lines)


def draw_clip(path: Path, clip: Signal, preset: str) -> None:
    """Draw `PICTURE_CLIP` before and after; raise `MissingPackageError` without matplotlib."""
    coded, _ = api.decode(api.encode(clip, SAMPLERATE, PICTURE_MODE, preset))
    whole = np.pad(clip, (0, -clip.size % FRAME_LEN))
    packets = b"".join(FrameEncoder(PICTURE_MODE, preset=preset).encode(whole))
    tracks = parameters(packets, PICTURE_MODE)
    draw(path, clip, coded, tracks.lsf, tracks.lag, f"{PICTURE_CLIP}, {PICTURE_MODE} bit/s")
