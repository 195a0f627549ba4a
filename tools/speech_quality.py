"""Measure the quality that the tests demand, into data/quality.json: after new tables.

    python tools/speech_quality.py

The figures are means over some bundled clips, and over a few recordings if there are any
(CELPVQ_SPEECH).
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import options

import celpvq
from celpvq._types import F64
from celpvq.codec.decoder.decoder import FrameDecoder
from celpvq.codec.decoder.tracks import parameters
from celpvq.codec.encoder.encoder import FrameEncoder
from celpvq.codec.format.modes import DELAY, FRAME_LEN, SAMPLERATE
from celpvq.lab.clips import aligned, clip_paths, find_clips, read_clip
from celpvq.quality import estoi, pesq_nb, segmental_snr, spectral_distortion
from celpvq.training import lsf_frames

QUALITY = Path(__file__).resolve().parents[1] / "data" / "quality.json"
N_RECORDINGS = 5  # evenly spaced over the folder
RECORDING_LEN = 4 * SAMPLERATE
QUIET_DB = -50.0  # quieter frames do not count in spectral distances; full scale is 0


def distortion_db(x: F64, mode: celpvq.Mode, data: bytes) -> float:
    """Return the mean spectral distortion of the quantized LSF of audible frames [dB]."""
    tracks = parameters(data, mode)
    analyzed = lsf_frames.analyze([x])
    audible = analyzed.weight[:, 0] > 0
    return float(spectral_distortion(analyzed.lsf[audible], tracks.lsf[audible]).mean())


def log_spectral_distance_db(x: F64, y: F64) -> float:
    """Return the mean distance of the third-octave spectra of audible frames [dB]."""
    n = 2 * FRAME_LEN
    window = np.hanning(n)
    frames = [np.lib.stride_tricks.sliding_window_view(z, n)[::FRAME_LEN] * window for z in (x, y)]
    power = [np.abs(np.fft.rfft(f, axis=1)) ** 2 for f in frames]
    edges = np.unique(np.round(100 * 2 ** (np.arange(16) / 3) / SAMPLERATE * n)).astype(int)
    bands = [np.add.reduceat(p, edges, axis=1) + 1e-4 for p in power]
    level = 10 * np.log10((frames[0] ** 2).mean(axis=1) + 1e-12)
    distance = 10 * np.log10(bands[0] / bands[1])[level > QUIET_DB]
    return float(np.sqrt((distance**2).mean(axis=1)).mean())


def measure_clip(x: F64, mode: celpvq.Mode) -> dict[str, float]:
    """Return the figures of a clip at a mode that need no other package [dB]."""
    x = x[: len(x) // FRAME_LEN * FRAME_LEN]
    ref = x[: len(x) - DELAY]
    data = b"".join(FrameEncoder(mode, highpass=False).encode(x))
    plain, filtered = (
        aligned(FrameDecoder(enhancement=enhancement).decode_run(data, mode), len(ref))
        for enhancement in (False, True)
    )
    level = 10 * np.log10(np.sum(filtered**2) / np.sum(ref**2))
    fast = b"".join(FrameEncoder(mode, "fast").encode(x))
    return {
        "segmental_snr": segmental_snr(ref, plain),
        "segmental_snr_enhanced": segmental_snr(ref, filtered),
        "lsf_distortion": distortion_db(x, mode, fast),
        "spectral_distance": log_spectral_distance_db(ref, filtered),
        "level": float(level),
    }


def mean(rows: list[dict[str, float]]) -> dict[str, float]:
    """Return the mean of each figure."""
    return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}


def measure_bundled() -> dict[str, dict[str, float]]:
    """Return the mean figures of every other bundled clip, by mode."""
    clips = [read_clip(path) for path in clip_paths()[1::2]]
    return {m.name: mean([measure_clip(x, m) for x in clips]) for m in celpvq.modes()}


def recordings(folder: Path) -> dict[str, F64]:
    """Return a few recordings of a folder, evenly spaced, at most some seconds of each."""
    return {clip.name: clip.read()[:RECORDING_LEN] for clip in find_clips(folder, N_RECORDINGS)}


def measure_recordings(clips: dict[str, F64]) -> dict[str, dict[str, float]]:
    """Return the mean PESQ and ESTOI of recordings, by mode."""
    figures = {}
    for mode in celpvq.modes():
        pairs = [(x, celpvq.roundtrip(x, SAMPLERATE, mode)) for x in clips.values()]
        figures[mode.name] = mean([{"pesq": pesq_nb(*p), "estoi": estoi(*p)} for p in pairs])
    return figures


def measure(path: Path) -> None:
    """Measure, print and write the figures; without recordings, keep theirs."""
    folder = options.recordings()
    found: dict[str, Any] = {"bundled": measure_bundled()}
    if folder is not None:
        clips = recordings(folder)
        found["recordings"] = {"clips": list(clips), "modes": measure_recordings(clips)}
    elif path.exists():
        found["recordings"] = json.loads(path.read_text())["recordings"]
        print("no recordings (CELPVQ_SPEECH): their figures stay", file=sys.stderr)
    else:
        sys.exit("speech_quality: no recordings (CELPVQ_SPEECH)")
    rounded = json.loads(json.dumps(found), parse_float=lambda text: round(float(text), 4))
    path.write_text(json.dumps(rounded, indent=1, sort_keys=True) + "\n")
    print(path.read_text(), end="")


def main(argv: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = options.new_parser(__doc__)
    parser.add_argument("--out", type=Path, default=QUALITY, help="default: data/quality.json")
    measure(parser.parse_args(argv).out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
