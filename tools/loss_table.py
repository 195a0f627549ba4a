"""Quality under frame loss, beside AMR-NB at the nearest rate with the same frames lost.

    python tools/loss_table.py FOLDER                      speech, 3 to 20 % lost, random and bursty
    python tools/loss_table.py FOLDER --every 3 --naive    a third of it; also without concealment

AMR-NB is libopencore-amrnb; a lost frame is given to it as NO_DATA, which it conceals like a bad
frame. Figures are the mean PESQ (narrowband MOS-LQO) over the clips. With ``--naive`` two columns
say what celpvq's packets are worth without concealment: zeros instead of what is lost, and the last
packet that came once more. With ``--more`` two say what the packet after a lost one is good for, if
the receiver waits for it: alone, and with a copy of the lost one in its envelope, 4 bytes more.
"""

import argparse
import functools
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from peers.amr import KBPS, Amr

import celpvq
from celpvq import Decoder, Encoder
from celpvq.channel import gilbert_elliott_losses, random_losses
from celpvq.codec.format.modes import DELAY, FRAME_LEN
from celpvq.quality import pesq_nb, read_clip
from celpvq.quality.compare import find_clips

Signal = NDArray[np.float64]
Mask = NDArray[np.bool_]
Packets = Sequence[bytes | None]

PAIRS = {4800: 4.75, 5600: 5.9, 6400: 6.7, 7200: 7.4, 8000: 7.95}  # bit/s, and AMR's kbit/s


def conceal(packets: Packets) -> Signal:
    """Return what the decoder makes of packets, None for the lost ones."""
    return np.asarray(Decoder().write(packets), dtype=np.float64)


def ahead(packets: Packets, copies: Sequence[bytes] = ()) -> Signal:
    """Return the same, lost frames concealed by the next packet, and its copy of them if given."""
    decoder, parts = Decoder(), []
    for i, packet in enumerate(packets):
        after = packets[i + 1] if i + 1 < len(packets) else None
        copy = copies[i] if copies and after is not None else None
        parts.append(decoder.decode_frame(packet, next_packet=after, copy=copy))
    return np.concatenate(parts)


def zeros(packets: Packets) -> Signal:
    """Return the same, zeros where a packet was lost."""
    decoder = Decoder()
    return np.concatenate(
        [np.zeros(FRAME_LEN) if p is None else decoder.decode_frame(p) for p in packets]
    )


def repetition(packets: Packets) -> Signal:
    """Return the same, the last packet once more where one was lost."""
    decoder, last = Decoder(), None
    parts = []
    for packet in packets:
        last = last if packet is None else packet
        parts.append(decoder.decode_frame(last))
    return np.concatenate(parts)


def amr(packets: Packets) -> Signal:
    """Return what AMR's decoder makes of packets, None for the lost ones."""
    return Amr(0).decode(packets) / 32768.0


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


def measure(x: Signal, mode: int, args: argparse.Namespace, seed: int) -> dict[str, list[float]]:
    """Return the PESQ of a clip by condition: celpvq, AMR-NB, and the naive ones."""
    frames = np.zeros((-(-(len(x) + DELAY) // FRAME_LEN), FRAME_LEN), dtype=np.int16)
    frames.reshape(-1)[: len(x)] = np.rint(x * 32768)
    encoder = Encoder(mode, args.preset)
    own, copies = [], []
    for frame in frames:
        own.append(encoder.encode_frame(frame))
        copies.append(encoder.last_copy)
    other = Amr(KBPS.index(PAIRS[mode])).encode(frames)
    ways: list[tuple[Packets, Callable[[Packets], Signal]]] = [(own, conceal), (other, amr)]
    if args.naive:
        ways += [(own, zeros), (own, repetition)]
    if args.more:
        ways += [(own, ahead), (own, functools.partial(ahead, copies=copies))]
    figures = {}
    for name, mask in masks(len(frames), args.rates, args.burst, seed).items():
        figures[name] = [
            pesq_nb(
                x,
                decode([None if gone else p for p, gone in zip(packets, mask, strict=True)])[
                    DELAY : DELAY + len(x)
                ],
            )
            for packets, decode in ways
        ]
    return figures


def table(figures: list[dict[str, list[float]]], mode: int, args: argparse.Namespace) -> str:
    """Return the means of clips as a Markdown table."""
    heads = ["lost", f"celpvq {mode}", f"AMR-NB {PAIRS[mode]}", "difference"]
    heads += ["zeros", "repetition"] if args.naive else []
    heads += ["next packet", "copies"] if args.more else []
    lines = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    for name in figures[0]:
        means = np.mean([clip[name] for clip in figures], axis=0)
        cells = [means[0], means[1], means[0] - means[1], *means[2:]]
        texts = [f"{cell:+.3f}" if i == 2 else f"{cell:.3f}" for i, cell in enumerate(cells)]
        lines.append(f"| {name} | " + " | ".join(texts) + " |")
    return "\n".join(lines)


def main(argv: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="speech at 8 kHz")
    parser.add_argument("--modes", type=int, nargs="+", default=[6400, 8000], choices=list(PAIRS))
    parser.add_argument("--rates", type=float, nargs="+", default=[3, 5, 10, 20], help="[%%]")
    parser.add_argument("--burst", type=float, default=3, help="mean length of bursts [frames]")
    parser.add_argument("--preset", default="default")
    parser.add_argument("--every", type=int, default=1, metavar="K", help="take each Kth clip")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--naive", action="store_true", help="also without concealment")
    parser.add_argument("--more", action="store_true", help="also with the packet after")
    args = parser.parse_args(argv)
    clips = find_clips(args.folder)[:: args.every]
    print(f"celpvq {celpvq.__version__}, {len(clips)} clips, seed {args.seed}")
    for mode in args.modes:
        figures = [
            measure(read_clip(clip.path), mode, args, args.seed + i) for i, clip in enumerate(clips)
        ]
        print(f"\n{table(figures, mode, args)}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
