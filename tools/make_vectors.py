"""Make the references of the tests: golden streams, and recorded figures of quality.

    python tools/make_vectors.py                 make missing golden streams, check all hashes
    python tools/make_vectors.py --hashes        renew the hashes of the existing streams
    python tools/make_vectors.py --force         renew all golden streams: for a new bitstream
    python tools/make_vectors.py --quality       measure again, into data/quality.json
    python tools/make_vectors.py --force --quality       all of it: for new tables

A golden stream is a file as ``celpvq encode`` writes it, with the SHA-256 of its decoded samples
(16-bit, little-endian) with and without enhancement. Every later decoder must give these samples.
With the golden streams come vectors for other decoders, which ``tools/conformance.py`` describes.
The figures of quality are means over some bundled clips, and over a few recordings if there are any
(CELPVQ_SPEECH).
"""

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import conformance
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

DATA = Path(__file__).resolve().parents[1] / "data"
SECONDS = 2.0  # of each golden stream
OTHER_RATE = 16000  # of the original of one more stream [Hz]
OTHER_RATE_LEN = 16009  # 8004.5 samples at 8 kHz: halves become even
N_RECORDINGS = 5  # evenly spaced over the folder
RECORDING_LEN = 4 * SAMPLERATE
QUIET_DB = -50.0  # quieter frames do not count in spectral distances; full scale is 0


def digest(data: bytes, *, enhancement: bool) -> str:
    """Return the SHA-256 of the decoded samples of a stream."""
    samples, _ = celpvq.decode(data, dtype="int16", enhancement=enhancement)
    return hashlib.sha256(samples.astype("<i2").tobytes()).hexdigest()


def golden(paths: list[Path]) -> dict[str, dict[str, Any]]:
    """Return length and hashes of the decoded streams at `paths`, by name."""
    found = {}
    for path in paths:
        data = path.read_bytes()
        found[path.name] = {
            "samples": len(celpvq.decode(data)[0]),
            "sha256": digest(data, enhancement=True),
            "sha256_without_enhancement": digest(data, enhancement=False),
        }
    return found


def make_golden(folder: Path, *, force: bool) -> list[Path]:
    """Write the missing streams, or all of them; return the paths of all."""
    folder.mkdir(parents=True, exist_ok=True)
    made = {}
    for mode, clip in zip(celpvq.modes(), clip_paths(), strict=False):
        path = folder / f"{mode.name}.cvq"
        made[path] = (mode, clip)
        if path.exists() and not force:
            continue
        samples = read_clip(clip)[: int(SECONDS * SAMPLERATE) + 7]  # not a whole number of frames
        path.write_bytes(celpvq.encode(samples, SAMPLERATE, mode))
        print(f"{path.name}: {path.stat().st_size} bytes from {clip.name}")
    path = folder / f"{OTHER_RATE}hz.cvq"
    if force or not path.exists():
        samples = read_clip(clip_paths()[-1])[:OTHER_RATE_LEN]  # faster than it was spoken
        path.write_bytes(celpvq.encode(samples, OTHER_RATE))
        print(f"{path.name}: {path.stat().st_size} bytes from {clip_paths()[-1].name}")
    return sorted({*made, path, *folder.glob("*.cvq")})


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


def make_quality(path: Path) -> None:
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
        sys.exit("make_vectors: no recordings (CELPVQ_SPEECH)")
    write_json(path, found)
    print(path.read_text(), end="")


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write JSON with four decimals."""
    rounded = json.loads(json.dumps(content), parse_float=lambda text: round(float(text), 4))
    path.write_text(json.dumps(rounded, indent=1, sort_keys=True) + "\n")


def main(argv: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = options.new_parser(__doc__)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--hashes", action="store_true", help="renew the hashes")
    what.add_argument("--force", action="store_true", help="renew the streams")
    parser.add_argument("--quality", action="store_true", help="measure the quality")
    parser.add_argument("--out", type=Path, default=DATA, help="folder (default: data)")
    args = parser.parse_args(argv)
    if args.quality:
        make_quality(args.out / "quality.json")
        if not (args.hashes or args.force):
            return 0
    folder = args.out / "vectors"
    paths = sorted(folder.glob("*.cvq")) if args.hashes else make_golden(folder, force=args.force)
    listing = folder / "vectors.json"
    old = json.loads(listing.read_text()) if listing.exists() else {}
    new = golden(paths)
    changed = [name for name in new if name in old and old[name] != new[name]]
    if changed and not (args.hashes or args.force):
        sys.exit(f"make_vectors: {', '.join(changed)}: decoded to other samples than before; "
                 "a defect, or a change of the decoder (--hashes)")  # fmt: skip
    write_json(listing, new)
    if args.force or not (folder / "frames.json").exists():
        conformance.make_vectors(folder)
    elif args.hashes:
        conformance.renew_vectors(folder)
    print(f"{listing}: {len(new)} streams, {len(changed)} with other hashes than before")
    return 0


if __name__ == "__main__":
    sys.exit(main())
