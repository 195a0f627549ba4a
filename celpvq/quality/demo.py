"""``celpvq demo``: the bundled clips through the codec at every rate."""

import argparse
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ..codec.modes import FRAME_LEN, SAMPLERATE
from ..errors import MissingPackageError, OutputExistsError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ..codec.modes import Mode

    Signal = NDArray[np.float64]

PICTURE_CLIP = "flite-slt-en"
PICTURE_MODE = 6400


@dataclass(slots=True)
class Totals:
    """What a rate has taken and given so far, over all clips."""

    seconds: float = 0.0
    n_bytes: int = 0
    encode_s: float = 0.0
    decode_s: float = 0.0
    scores: list[dict[str, float]] = field(default_factory=list)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("celpvq-demo"),
        metavar="FOLDER",
        help="where the WAV files and the picture go (default: %(default)s)",
    )
    parser.add_argument(
        "--preset",
        choices=["fast", "default", "best"],
        default="default",
        help="effort of the encoder (default: %(default)s)",
    )


def run(args: argparse.Namespace) -> int:
    """Code the clips, print the table, write the files; return the exit status."""
    import celpvq

    from .clips import clip_paths, read_clip

    _make_folder(args.out)
    clips = {path.stem: read_clip(path) for path in clip_paths()}
    start = time.perf_counter()
    print("compiling, or loading what an earlier run compiled ...", file=sys.stderr, flush=True)
    celpvq.warmup()
    print(f"ready after {time.perf_counter() - start:.1f} s", file=sys.stderr, flush=True)

    measures, absent = _measures(clips[PICTURE_CLIP])
    totals = {}
    for mode in celpvq.modes():
        totals[mode.bitrate] = Totals()
        for name, clip in clips.items():
            _code(clip, mode, args.preset, args.out / f"{name}-{mode.name}.wav", measures,
                  totals[mode.bitrate])  # fmt: skip
    for name, clip in clips.items():
        _write_wav(args.out / f"{name}-original.wav", clip)

    seconds = sum(clip.size for clip in clips.values()) / SAMPLERATE
    print(f"{len(clips)} clips, {seconds:.1f} s of speech, preset {args.preset}")
    print(_table(totals, list(measures)))
    print("kbit/s: of the files, headers and checksums included")
    print("encode, decode: times real time, one core, compilation not counted")
    if absent:
        print(f"left out: {', '.join(absent)}: pip install celpvq[quality]")
    picture = _draw(
        args.out / f"{PICTURE_CLIP}-{PICTURE_MODE}.png", clips[PICTURE_CLIP], args.preset
    )
    print(f"WAV files {picture} in {args.out.resolve()}")
    return 0


def _make_folder(folder: Path) -> None:
    """Create `folder` unless it is there; raise `OutputExistsError` if it is a file."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise OutputExistsError(
            f"--out: expected a folder, {folder} is or lies in a file"
        ) from None


def _measures(clip: "Signal") -> "tuple[dict[str, Callable[[Signal, Signal], float]], list[str]]":
    """Return the measures whose packages are there, and the names of the others."""
    from .perceptual import estoi, pesq_nb
    from .signal import segmental_snr

    measures: dict[str, Callable[[Signal, Signal], float]] = {"segSNR": segmental_snr}
    absent = []
    for name, measure in {"PESQ": pesq_nb, "ESTOI": estoi}.items():
        try:
            measure(clip, clip)
        except MissingPackageError:
            absent.append(name)
        else:
            measures[name] = measure
    return measures, absent


def _code(
    clip: "Signal",
    mode: "Mode",
    preset: str,
    path: Path,
    measures: "Mapping[str, Callable[[Signal, Signal], float]]",
    totals: Totals,
) -> None:
    """Code one clip at one rate into the file `path` and add to `totals`."""
    import celpvq

    start = time.perf_counter()
    data = celpvq.encode(clip, SAMPLERATE, mode.bitrate, preset)
    middle = time.perf_counter()
    coded, _ = celpvq.decode(data)
    end = time.perf_counter()
    totals.seconds += clip.size / SAMPLERATE
    totals.n_bytes += len(data)
    totals.encode_s += middle - start
    totals.decode_s += end - middle
    totals.scores.append({name: measure(clip, coded) for name, measure in measures.items()})
    _write_wav(path, coded)


def _write_wav(path: Path, samples: "NDArray[np.floating]") -> None:
    """Write 16-bit WAV."""
    import soundfile

    soundfile.write(path, samples, SAMPLERATE, subtype="PCM_16")


def _table(totals: Mapping[int, Totals], measures: list[str]) -> str:
    """Return the table as text."""
    units = {"segSNR": "segSNR dB"}
    head = [
        "bit/s",
        "bytes",
        "kbit/s",
        "encode x",
        "decode x",
        *(units.get(m, m) for m in measures),
    ]
    lines = ["".join(f"{title:>11}" for title in head)]
    for bitrate, t in totals.items():
        means = [sum(s[m] for s in t.scores) / len(t.scores) for m in measures]
        lines.append(
            f"{bitrate:>11}{t.n_bytes:>11}{8 * t.n_bytes / t.seconds / 1000:>11.2f}"
            f"{t.seconds / t.encode_s:>11.0f}{t.seconds / t.decode_s:>11.0f}"
            + "".join(f"{mean:>11.3f}" for mean in means)
        )
    return "\n".join(lines)


def _draw(path: Path, clip: "Signal", preset: str) -> str:
    """Draw the picture; return words for it, or why there is none."""
    import numpy as np

    import celpvq

    from ..codec.parameters import parameters
    from .picture import draw

    coded, _ = celpvq.decode(celpvq.encode(clip, SAMPLERATE, PICTURE_MODE, preset))
    whole = np.pad(clip, (0, -clip.size % FRAME_LEN))
    packets = celpvq.Encoder(PICTURE_MODE, preset=preset).encode_frames(whole)
    tracks = parameters(packets, PICTURE_MODE)
    try:
        draw(path, clip, coded, tracks.lsf, tracks.lag, f"{PICTURE_CLIP}, {PICTURE_MODE} bit/s")
    except MissingPackageError as exc:
        return f"(no picture: {exc})"
    return f"and the picture {path.name}"
