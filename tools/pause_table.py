"""What pauses save, and what that costs: quality and rate with and without silence descriptors.

    python tools/pause_table.py FOLDER --every 3

Three kinds of speech are made of the clips of a folder: the clips as they are, read speech with few
pauses; and conversation, every clip followed by as long a pause, with white noise of two levels
under all of it. PESQ and ESTOI compare with what went in, noise included, clip by clip.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from celpvq import Decoder, Encoder
from celpvq.codec.format.modes import DELAY
from celpvq.quality import estoi, pesq_nb, read_clip
from celpvq.quality.compare import find_clips

Signal = NDArray[np.float64]

FLOORS_DB = (-70.0, -55.0)  # of the noise under conversation, full scale 0


def code(x: Signal, mode: int, preset: str, *, dtx: bool) -> tuple[Signal, float, float]:
    """Return what is heard of x, the mean rate [bit/s], and the share of the frames not coded."""
    encoder = Encoder(mode, preset, dtx=dtx)
    packets = encoder.write(x) + encoder.flush()
    sizes = np.array([len(packet) for packet in packets])
    y = Decoder().write(packets)[DELAY : DELAY + len(x)]
    return np.asarray(y, dtype=np.float64), float(sizes.mean() * 8 * 50), float((sizes < 3).mean())


def kinds(x: Signal, rng: np.random.Generator) -> dict[str, tuple[Signal, slice]]:
    """Return the kinds of speech made of a clip, and the part that is scored."""
    found = {"read": (x, slice(None))}
    for floor in FLOORS_DB:
        noise = rng.normal(size=2 * len(x)) * 10 ** (floor / 20)
        talk = np.clip(np.r_[x, np.zeros(len(x))] + noise, -1, 1)
        found[f"half pauses, noise at {floor:g} dB"] = (talk, slice(len(x)))
    return found


def main(argv: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="speech at 8 kHz")
    parser.add_argument("--mode", type=int, default=6400)
    parser.add_argument("--preset", default="default")
    parser.add_argument("--every", type=int, default=1, metavar="K", help="take each Kth clip")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args(argv)
    clips = find_clips(args.folder)[:: args.every]
    rng = np.random.default_rng(args.seed)
    rows: dict[str, list[list[float]]] = {}
    for clip in clips:
        for name, (x, scored) in kinds(read_clip(clip.path), rng).items():
            row = []
            for dtx in (False, True):
                y, rate, paused = code(x, args.mode, args.preset, dtx=dtx)
                row += [pesq_nb(x[scored], y[scored]), estoi(x[scored], y[scored]), rate]
            rows.setdefault(name, []).append([*row, paused])
    print(f"{len(clips)} clips, mode {args.mode}, preset {args.preset}, seed {args.seed}\n")
    print("| speech | kbit/s | with pauses | not coded | PESQ | change | ESTOI | change |")
    print("|---" * 8 + "|")
    for name, row in rows.items():
        pesq, estoi_, rate, pesq_dtx, estoi_dtx, rate_dtx, paused = np.mean(row, axis=0)
        print(
            f"| {name} | {rate / 1000:.2f} | {rate_dtx / 1000:.2f} | {paused:.0%} | {pesq:.3f} |"
            f" {pesq_dtx - pesq:+.3f} | {estoi_:.3f} | {estoi_dtx - estoi_:+.4f} |"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
