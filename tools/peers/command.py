"""Code a folder of speech with every other codec that is installed.

    python tools/peers ~/speech coded
    celpvq compare ~/speech --out results --with coded

OUT gets a folder for each codec and rate: 16-bit WAV files as long as the originals and aligned
with them, and coded.csv with the rate and the processor times of each clip. Times are
processor time of the thread, calls through ctypes included (about a microsecond a frame).
"""

import argparse
import csv
import sys
from pathlib import Path

import soundfile

from .alignment import lag
from .codec import I16, SAMPLERATE, Coded, Peer
from .registry import KINDS, installed

CSV_NAME = "coded.csv"
_SUFFIXES = (".flac", ".wav")


def read_clips(folder: Path) -> dict[Path, I16]:
    """Return the clips of a folder by relative path; raise `ValueError` if they are no such."""
    paths = sorted(p for p in folder.rglob("*") if p.suffix in _SUFFIXES)
    if not paths:
        raise ValueError(f"{folder}: no {' or '.join(_SUFFIXES)} in it")
    clips = {}
    for path in paths:
        samples, rate = soundfile.read(path, dtype="int16")
        if rate != SAMPLERATE or samples.ndim != 1:
            raise ValueError(
                f"{path}: expected {SAMPLERATE} Hz mono, got {rate} Hz {samples.shape}"
            )
        clips[path.relative_to(folder)] = samples
    return clips


def write(folder: Path, coded: dict[Path, Coded]) -> None:
    """Write the clips and the list of what each took."""
    for name, clip in coded.items():
        path = folder / name.with_suffix(".wav")
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, clip.samples, SAMPLERATE, subtype="PCM_16")
    with (folder / CSV_NAME).open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["clip", "kbps", "encode_s", "decode_s"])
        for name, clip in coded.items():
            times = (f"{clip.kbps:.4f}", f"{clip.encode_s:.6f}", f"{clip.decode_s:.6f}")
            writer.writerow([name.as_posix(), *times])


def describe(peer: Peer, clips: dict[Path, I16], coded: dict[Path, Coded]) -> str:
    """Return a line on a codec: rate, speed, and how late it is after alignment."""
    seconds = sum(clip.size for clip in clips.values()) / SAMPLERATE
    took = sum(coded[name].kbps * clip.size for name, clip in clips.items()) / SAMPLERATE / seconds
    encode = seconds / max(sum(c.encode_s for c in coded.values()), 1e-9)
    decode = seconds / max(sum(c.decode_s for c in coded.values()), 1e-9)
    late = lag(((clips[n], coded[n].samples) for n in clips), waveform=peer.waveform)
    of = "" if peer.waveform else " (envelope)"
    return f"{peer.name:<24}{took:>8.2f}{encode:>10.0f}{decode:>10.0f}{late:>6}{of}"


def main(argv: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(
        "peers", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="speech: 8000 Hz, mono")
    parser.add_argument("out", metavar="OUT", type=Path, help="where the coded speech goes")
    parser.add_argument("--only", nargs="+", choices=KINDS, default=KINDS, help="some codecs")
    args = parser.parse_args(argv)
    if args.out.resolve().is_relative_to(args.folder.resolve()):
        parser.error("OUT lies in FOLDER: it would be taken for speech")
    try:
        clips = read_clips(args.folder)
    except (ValueError, OSError) as error:
        parser.error(str(error))
    peers, absent = installed(tuple(args.only))
    for kind, missing in absent.items():
        print(f"left out: {kind} needs {missing}", file=sys.stderr)
    if not peers:
        return 1
    print(f"{'codec':<24}{'kbit/s':>8}{'encode x':>10}{'decode x':>10}{'late':>6}")
    for peer in peers:
        coded = {name: peer.code(clip) for name, clip in clips.items()}
        write(args.out / peer.name, coded)
        print(describe(peer, clips, coded), flush=True)
    return 0
