"""Print the quality under frame loss, of celpvq and of AMR-NB with the same frames lost.

    python tools/loss_table.py FOLDER                      3 to 20 % lost, at random and in bursts
    python tools/loss_table.py FOLDER --every 3 --naive    a third of it; also without concealment
    python tools/loss_table.py FOLDER --naive --rates 10 --measure plcmos

AMR-NB is libopencore-amrnb at the nearest rate. It gets NO_DATA for a lost frame, and conceals it
as it would a bad frame. Figures are means over clips, of PESQ or another ``--measure``. ``--naive``
adds columns without concealment: zeros for a lost frame, and the last packet again. *over zeros* is
the benefit of concealment, with its 95 % confidence interval. ``--more`` adds two columns for a
receiver that waits for the packet after a lost one: that packet alone, and the packet with a
redundant frame of the lost one, which takes 4 bytes more.
"""

import argparse
import sys
from collections.abc import Callable, Sequence

import numpy as np
import options
from numpy.typing import NDArray
from peers.amr import KBPS, NEAREST_KBPS, Amr

import celpvq
from celpvq._types import F64
from celpvq.audio import to_dtype
from celpvq.channel import drop, gilbert_elliott_losses, random_losses
from celpvq.codec.decoder.decoder import FrameDecoder
from celpvq.codec.encoder.encoder import FrameEncoder
from celpvq.codec.format.modes import FRAME_LEN
from celpvq.lab.clips import aligned, padded
from celpvq.lab.intervals import paired_interval
from celpvq.lab.tabular import markdown
from celpvq.quality import score
from celpvq.quality.evaluation import TITLES

Mask = NDArray[np.bool_]
Packets = Sequence[bytes | None]
Decode = Callable[[Packets], NDArray[np.int16]]

MEASURES = ("pesq", "estoi", "visqol", "segsnr", "dnsmos", "plcmos")  # their first score


def conceal(packets: Packets) -> NDArray[np.int16]:
    """Decode packets; None stands for a lost one, which the decoder conceals."""
    decoder = FrameDecoder()
    return np.concatenate([decoder.decode(packet) for packet in packets])


def look_ahead(packets: Packets, redundancy: Sequence[bytes] = ()) -> NDArray[np.int16]:
    """Decode packets; conceal by the next packet, and by its redundant frame if given."""
    decoder, parts = FrameDecoder(), []
    for i, packet in enumerate(packets):
        after = packets[i + 1] if i + 1 < len(packets) else None
        extra = redundancy[i] if redundancy and after is not None else None
        parts.append(decoder.decode(packet, next_packet=after, redundancy=extra))
    return np.concatenate(parts)


def zeros(packets: Packets) -> NDArray[np.int16]:
    """Decode packets; put zeros where one was lost."""
    decoder, lost = FrameDecoder(), np.zeros(FRAME_LEN, np.int16)
    return np.concatenate([lost if p is None else decoder.decode(p) for p in packets])


def repetition(packets: Packets) -> NDArray[np.int16]:
    """Decode packets; decode the last one again where one was lost."""
    last, repeated = None, []
    for packet in packets:
        last = last if packet is None else packet
        repeated.append(last)
    return conceal(repeated)


def masks(n: int, rates: Sequence[float], burst: float, seed: int) -> dict[str, Mask]:
    """Return which of n frames are lost, by condition; the first five never are."""
    found = {"no loss": np.zeros(n, dtype=bool)}
    for rate in rates:
        found[f"{rate:g} %"] = random_losses(n, rate / 100, seed)
        found[f"{rate:g} %, bursts of {burst:g}"] = gilbert_elliott_losses(
            n, rate / 100, burst, seed
        )
    for mask in found.values():
        mask[:5] = False
    return found


def measure(x: F64, mode: int, args: argparse.Namespace, seed: int) -> dict[str, list[float]]:
    """Return the scores of a clip by condition: celpvq, AMR-NB, and the other columns."""
    frames = padded(x).reshape(-1, FRAME_LEN)
    encoder = FrameEncoder(mode, args.preset)
    own, redundancy = [], []
    for frame in frames:
        own += encoder.encode(frame)
        redundancy.append(encoder.redundancy)
    amr = Amr(KBPS.index(NEAREST_KBPS[mode]))
    ways: list[tuple[Packets, Decode]] = [
        (own, conceal), (amr.encode(to_dtype(frames, "int16")), amr.decode)
    ]  # fmt: skip
    if args.naive:
        ways += [(own, zeros), (own, repetition)]
    if args.more:
        ways += [(own, look_ahead), (own, lambda packets: look_ahead(packets, redundancy))]

    def scored(packets: Packets, decode: Decode, mask: Mask) -> float:
        y = aligned(decode(drop(packets, mask)), len(x))
        return score(x, y, [args.measure])[args.measure]

    return {
        name: [scored(packets, decode, mask) for packets, decode in ways]
        for name, mask in masks(len(frames), args.rates, args.burst, seed).items()
    }


def table(figures: list[dict[str, list[float]]], mode: int, args: argparse.Namespace) -> str:
    """Return the means over clips as a Markdown table."""
    head = ["lost", f"celpvq {mode}", f"AMR-NB {NEAREST_KBPS[mode]}", "difference"]
    head += ["zeros", "over zeros", "repetition"] if args.naive else []
    head += ["next packet", "redundancy"] if args.more else []
    rows = []
    for name in figures[0]:
        scores = np.array([clip[name] for clip in figures])
        own, amr, *others = scores.mean(axis=0)
        cells = [f"{own:.3f}", f"{amr:.3f}", f"{own - amr:+.3f}"]
        cells += [f"{other:.3f}" for other in others]
        if args.naive:
            gain = paired_interval(scores[:, 0], scores[:, 2])
            cells.insert(4, f"{gain.mean:+.3f} ± {gain.half:.3f}")
        rows.append([name, *cells])
    return markdown(head, rows)


def main(argv: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = options.new_parser(__doc__)
    options.add_speech(parser)
    parser.add_argument(
        "--modes", type=int, nargs="+", default=[6400, 8000], choices=list(NEAREST_KBPS)
    )
    parser.add_argument("--rates", type=float, nargs="+", default=[3, 5, 10, 20], help="[%%]")
    parser.add_argument("--burst", type=float, default=3, help="mean length of bursts [frames]")
    parser.add_argument("--preset", default="default")
    parser.add_argument("--measure", default="pesq", choices=MEASURES)
    parser.add_argument("--naive", action="store_true", help="also without concealment")
    parser.add_argument("--more", action="store_true", help="also with the packet after a loss")
    args = parser.parse_args(argv)
    clips = options.read_speech(args)
    print(
        f"celpvq {celpvq.__version__}, {len(clips)} clips, seed {args.seed}, {TITLES[args.measure]}"
    )
    for mode in args.modes:
        figures = [measure(x, mode, args, args.seed + i) for i, x in enumerate(clips)]
        print(f"\n{table(figures, mode, args)}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
