"""Make the golden streams of the tests, and the vectors for other decoders.

    python tools/make_vectors.py                 make missing golden streams, check all hashes
    python tools/make_vectors.py --hashes        renew the hashes of the existing streams
    python tools/make_vectors.py --force         renew all: for a new bitstream or new tables

A golden stream is a file as ``celpvq encode`` writes it, with the SHA-256 of its decoded samples
(16-bit, little-endian) with and without enhancement. Every later decoder must give these samples.
``docs/spec/conformance.md`` describes the vectors for other decoders, which the package ``vectors``
makes.
"""

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import options
from vectors import files

import celpvq
from celpvq.codec.format.modes import SAMPLERATE
from celpvq.lab.clips import clip_paths, read_clip

DATA = Path(__file__).resolve().parents[1] / "data"
SECONDS = 2.0  # of each golden stream
OTHER_RATE = 16000  # of the original of one more stream [Hz]
OTHER_RATE_LEN = 16009  # 8004.5 samples at 8 kHz: halves become even


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


def main(argv: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = options.new_parser(__doc__)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--hashes", action="store_true", help="renew the hashes")
    what.add_argument("--force", action="store_true", help="renew the streams")
    parser.add_argument("--out", type=Path, default=DATA, help="folder (default: data)")
    args = parser.parse_args(argv)
    folder = args.out / "vectors"
    paths = sorted(folder.glob("*.cvq")) if args.hashes else make_golden(folder, force=args.force)
    listing = folder / "vectors.json"
    old = json.loads(listing.read_text()) if listing.exists() else {}
    new = golden(paths)
    changed = [name for name in new if name in old and old[name] != new[name]]
    if changed and not (args.hashes or args.force):
        sys.exit(f"make_vectors: {', '.join(changed)}: decoded to other samples than before; "
                 "a defect, or a change of the decoder (--hashes)")  # fmt: skip
    listing.write_text(json.dumps(new, indent=1, sort_keys=True) + "\n")
    if args.force or not (folder / "frames.json").exists():
        files.make(folder)
    elif args.hashes:
        files.renew(folder)
    print(f"{listing}: {len(new)} streams, {len(changed)} with other hashes than before")
    return 0


if __name__ == "__main__":
    sys.exit(main())
