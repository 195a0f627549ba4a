"""Make what the tests compare with: golden streams, and recorded figures of quality.

    python tools/make_vectors.py                 golden streams that are missing, and their hashes
    python tools/make_vectors.py --hashes        new hashes of the streams that are there
    python tools/make_vectors.py --force         all golden streams anew: only for a new bitstream
    python tools/make_vectors.py --quality       measure again, into data/quality.json

A golden stream is a file as ``celpvq encode`` writes it, and the SHA-256 of its samples (16-bit,
little-endian) with and without postfilter: the decoder must give them for ever. The figures of
quality are those of some bundled clips and, where recordings are found (CELPVQ_SPEECH), of a few.
"""

import argparse
import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

import celpvq
from celpvq.codec.encoder.encoder import Encoder
from celpvq.codec.format.modes import DELAY, FRAME_LEN
from celpvq.codec.decoder.tracks import parameters
from celpvq.quality import clip_paths, read_clip, segmental_snr, spectral_distortion

Signal = NDArray[np.float64]

DATA = Path(__file__).resolve().parents[1] / "data"
SAMPLERATE = 8000  # Hz
SECONDS = 2.0  # of each golden stream
N_RECORDINGS = 5  # evenly spaced over the folder
RECORDING_LEN = 4 * SAMPLERATE
QUIET_DB = -50.0  # frames this far below full scale do not count in spectral distances


def digest(data: bytes, *, postfilter: bool) -> str:
    """Return the SHA-256 of the samples that a stream decodes to."""
    samples, _ = celpvq.decode(data, dtype="int16", postfilter=postfilter)
    return hashlib.sha256(samples.astype("<i2").tobytes()).hexdigest()


def golden(paths: list[Path]) -> dict[str, dict[str, Any]]:
    """Return what the streams at `paths` decode to, by name."""
    found = {}
    for path in paths:
        data = path.read_bytes()
        found[path.name] = {
            "samples": celpvq.info(data).n_samples,
            "sha256": digest(data, postfilter=True),
            "sha256_without_postfilter": digest(data, postfilter=False),
        }
    return found


def make_golden(folder: Path, *, force: bool) -> list[Path]:
    """Write the streams that are missing, or all; return the paths of all."""
    folder.mkdir(parents=True, exist_ok=True)
    made = {}
    for mode, clip in zip(celpvq.modes(), clip_paths(), strict=False):
        path = folder / f"{mode.name}.cvq"
        made[path] = (mode, clip)
        if path.exists() and not force:
            continue
        samples = read_clip(clip)[: int(SECONDS * SAMPLERATE) + 7]  # no whole number of frames
        path.write_bytes(celpvq.encode(samples, SAMPLERATE, mode))
        print(f"{path.name}: {path.stat().st_size} bytes from {clip.name}")
    return sorted({*made, *folder.glob("*.cvq")})


def distortion_db(x: Signal, mode: celpvq.Mode, data: bytes) -> float:
    """Return the mean distortion of the quantized spectra of audible frames [dB]."""
    from celpvq.training import lsf_books

    tracks = parameters(data, mode)
    spectra = lsf_books.analyze([x])
    audible = spectra.weight[:, 0] > 0
    return float(spectral_distortion(spectra.lsf[audible], tracks.lsf[audible]).mean())


def log_spectral_distance_db(x: Signal, y: Signal) -> float:
    """Return the mean distance of the short-time spectra of audible frames, third octaves [dB]."""
    n = 2 * FRAME_LEN
    window = np.hanning(n)
    frames = [np.lib.stride_tricks.sliding_window_view(z, n)[::FRAME_LEN] * window for z in (x, y)]
    power = [np.abs(np.fft.rfft(f, axis=1)) ** 2 for f in frames]
    edges = np.unique(np.round(100 * 2 ** (np.arange(16) / 3) / SAMPLERATE * n)).astype(int)
    bands = [np.add.reduceat(p, edges, axis=1) + 1e-4 for p in power]
    level = 10 * np.log10((frames[0] ** 2).mean(axis=1) + 1e-12)
    distance = 10 * np.log10(bands[0] / bands[1])[level > QUIET_DB]
    return float(np.sqrt((distance**2).mean(axis=1)).mean())


def measure_clip(x: Signal, mode: celpvq.Mode) -> dict[str, float]:
    """Return figures of a clip through a mode that need nothing but the package [dB]."""
    x = x[: len(x) // FRAME_LEN * FRAME_LEN]
    encoder = Encoder(mode, highpass=False)
    data = encoder.encode_frames(x)
    heard = {}
    for postfilter in (False, True):
        decoder = celpvq.Decoder(postfilter=postfilter)
        heard[postfilter] = decoder.decode_frames(data, mode)[DELAY:] / 32768.0
    x_heard = x[: len(x) - DELAY]
    level = 10 * np.log10(np.sum(heard[True] ** 2) / np.sum(x_heard**2))
    return {
        "segmental_snr": segmental_snr(x_heard, heard[False]),
        "segmental_snr_postfiltered": segmental_snr(x_heard, heard[True]),
        "lsf_distortion": distortion_db(x, mode, Encoder(mode, "fast").encode_frames(x)),
        "spectral_distance": log_spectral_distance_db(x_heard, heard[True]),
        "level": float(level),
    }


def measure_bundled() -> dict[str, dict[str, float]]:
    """Return the mean figures of every other bundled clip, by mode."""
    clips = [read_clip(path) for path in clip_paths()[1::2]]
    figures = {}
    for mode in celpvq.modes():
        rows = [measure_clip(x, mode) for x in clips]
        figures[mode.name] = {k: float(np.mean([row[k] for row in rows])) for k in rows[0]}
    return figures


def recordings(folder: Path) -> dict[str, Signal]:
    """Return a few recordings of a folder, evenly spaced, at most some seconds of each."""
    paths = sorted(folder.rglob("*.flac"))
    paths = [paths[i * len(paths) // N_RECORDINGS] for i in range(N_RECORDINGS)]
    return {
        str(path.relative_to(folder)): soundfile.read(path, RECORDING_LEN, dtype="float64")[0]
        for path in paths
    }


def measure_recordings(clips: dict[str, Signal]) -> dict[str, dict[str, float]]:
    """Return the mean PESQ and ESTOI of recordings, by mode."""
    from celpvq.quality import estoi, pesq_nb

    figures = {}
    for mode in celpvq.modes():
        heard = [celpvq.roundtrip(x, SAMPLERATE, mode) for x in clips.values()]
        pairs = list(zip(clips.values(), heard, strict=True))
        figures[mode.name] = {
            "pesq": float(np.mean([pesq_nb(x, y) for x, y in pairs])),
            "estoi": float(np.mean([estoi(x, y) for x, y in pairs])),
        }
    return figures


def make_quality(path: Path) -> None:
    """Measure, show and write the figures; those of recordings only where there are some."""
    beside = DATA.parents[1] / "shared" / "speech"
    folder = Path(os.environ.get("CELPVQ_SPEECH", beside)) / "dev"
    found: dict[str, Any] = {"bundled": measure_bundled()}
    if folder.is_dir():
        clips = recordings(folder)
        found["recordings"] = {"clips": list(clips), "modes": measure_recordings(clips)}
    elif path.exists():
        found["recordings"] = json.loads(path.read_text())["recordings"]
        print(f"no recordings in {folder}: their figures stay", file=sys.stderr)
    else:
        sys.exit(f"make_vectors: no recordings in {folder} (CELPVQ_SPEECH)")
    write_json(path, found)
    print(path.read_text(), end="")


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write with figures rounded to what matters."""
    rounded = json.loads(json.dumps(content), parse_float=lambda text: round(float(text), 4))
    path.write_text(json.dumps(rounded, indent=1, sort_keys=True) + "\n")


def main(argv: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--hashes", action="store_true", help="new hashes, of streams as they are")
    what.add_argument("--force", action="store_true", help="replace the streams that are there")
    what.add_argument("--quality", action="store_true", help="measure the quality")
    parser.add_argument("--out", type=Path, default=DATA, help="folder (default: data)")
    args = parser.parse_args(argv)
    if args.quality:
        make_quality(args.out / "quality.json")
        return 0
    folder = args.out / "vectors"
    paths = sorted(folder.glob("*.cvq")) if args.hashes else make_golden(folder, force=args.force)
    listing = folder / "vectors.json"
    old = json.loads(listing.read_text()) if listing.exists() else {}
    new = golden(paths)
    changed = [name for name in new if name in old and old[name] != new[name]]
    if changed and not (args.hashes or args.force):
        sys.exit(f"make_vectors: {', '.join(changed)}: decode to other samples than before; "
                 "that is a defect, or a change of the decoder (--hashes)")  # fmt: skip
    write_json(listing, new)
    print(f"{listing}: {len(new)} streams, {len(changed)} with other hashes than before")
    return 0


if __name__ == "__main__":
    sys.exit(main())
