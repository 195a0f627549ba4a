"""Score the codec on a folder of speech, at every rate and preset asked for.

    python tools/evaluate.py --jobs 2
    python tools/evaluate.py ~/speech --modes 4800 6400 --presets fast best --csv scores.csv

The reference is the clip itself, unfiltered; the decoded clip has its length and is aligned with
it. Clips at other rates than 8000 Hz, or with several channels, are refused.
"""

import argparse
import csv
import os
import sys
from functools import partial
from pathlib import Path

for _library in ("OMP", "OPENBLAS"):  # before numpy is loaded: there is a process per core
    os.environ.setdefault(f"{_library}_NUM_THREADS", "1")

import soundfile

import celpvq
from celpvq.quality.evaluation import MEASURES, Row, Signal, evaluate, summarize, table

SAMPLERATE = 8000  # Hz


def speech_folder() -> Path:
    """Return the recordings: CELPVQ_SPEECH, or ``../shared/speech`` beside the checkout."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "speech"
    return Path(os.environ.get("CELPVQ_SPEECH", beside))


def read_clips(folder: Path, limit: int | None = None) -> dict[str, Signal]:
    """Return the clips of a folder by name; at most `limit`, evenly spaced over the folder."""
    paths = sorted(p for p in folder.rglob("*") if p.suffix in {".flac", ".wav"})
    if limit and limit < len(paths):
        paths = [paths[i * len(paths) // limit] for i in range(limit)]
    if not paths:
        sys.exit(f"evaluate: no .flac or .wav in {folder}")
    clips = {}
    for path in paths:
        samples, rate = soundfile.read(path, dtype="float64")
        if rate != SAMPLERATE or samples.ndim != 1:
            sys.exit(f"evaluate: {path}: expected 8000 Hz mono, got {rate} Hz {samples.shape}")
        clips[str(path.relative_to(folder))] = samples
    return clips


def code(ref: Signal, mode: int, preset: str) -> Signal:
    """Encode and decode a clip."""
    coded, _ = celpvq.decode(celpvq.encode(ref, SAMPLERATE, mode, preset))
    return coded


def parse(argv: list[str] | None) -> argparse.Namespace:
    """Return the parsed command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, help="default: dev of CELPVQ_SPEECH")
    parser.add_argument("--modes", nargs="+", type=int, default=[m.bitrate for m in celpvq.modes()])
    parser.add_argument("--presets", nargs="+", default=["default"])
    parser.add_argument("--limit", type=int, help="only so many clips, evenly spaced")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    parser.add_argument("--no-visqol", action="store_true", help="leave the slowest measure out")
    parser.add_argument("--csv", type=Path, help="also write a row for each clip")
    return parser.parse_args(argv)


def write_csv(path: Path, rows: list[Row]) -> None:
    """Write a row for each codec and clip."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["codec", "clip", *rows[0].scores])
        writer.writerows([row.codec, row.clip, *row.scores.values()] for row in rows)


def main(argv: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    args = parse(argv)
    clips = read_clips(args.folder or speech_folder() / "dev", args.limit)
    codecs = {
        f"{mode} {preset}": partial(code, mode=mode, preset=preset)
        for preset in args.presets
        for mode in args.modes
    }
    measures = {k: f for k, f in MEASURES.items() if not (args.no_visqol and k == "visqol")}
    celpvq.warmup()  # once here rather than once in every process
    n = len(codecs) * len(clips)
    rows = []
    for row in evaluate(clips, codecs, measures, args.jobs):
        rows.append(row)
        if sys.stderr.isatty():
            print(f"\r{len(rows)}/{n}", end="\n" if len(rows) == n else "", file=sys.stderr)
    print(f"{len(clips)} clips, mean ± standard error")
    print(table(summarize(rows), "mode, preset"))
    if args.csv:
        write_csv(args.csv, rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
