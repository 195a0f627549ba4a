"""Print what packets below 4800 bit/s could bring to variable rate, at most.

    python tools/vbr_short_packets.py FOLDER --out results
    python tools/vbr_short_packets.py FOLDER --out results --bytes 8 --every 3

It supposes that each silent frame could be sent in a packet of ``--bytes`` instead of 12 bytes, and
would sound the same. A frame is silent if discontinuous transmission would take it. The bits that
this frees are spent on the other frames: that is worth as much as an average that is higher by that
amount. So the gain is read from the quality of variable rate at two averages, clip by clip.
"""

import sys
from pathlib import Path

import numpy as np
import options
from vbr_table import MEASURES, Setting, mean_kbps, measure

import celpvq
from celpvq import VariableRate
from celpvq.codec.encoder.encoder import FrameEncoder
from celpvq.codec.format import modes
from celpvq.codec.format.modes import FRAME_LEN, SAMPLERATE
from celpvq.lab.clips import Clip, find_clips, padded
from celpvq.lab.intervals import mean_interval
from celpvq.lab.scores import ScoresFile
from celpvq.lab.tabular import markdown
from celpvq.output import make_folder
from celpvq.quality.evaluation import TITLES

STEP = 400  # bit/s, between the two averages
LOWEST = modes.modes()[0]


def silent_share(clip: Clip) -> float:
    """Return the share of the frames that discontinuous transmission would take."""
    packets = FrameEncoder(LOWEST, "fast", dtx=True).encode(padded(clip.read()))
    return float(np.mean([len(packet) < LOWEST.frame_bytes for packet in packets]))


def main(argv: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = options.new_parser(__doc__)
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="speech: 8000 Hz, mono")
    parser.add_argument("--every", type=int, default=1, metavar="K", help="only each Kth clip")
    parser.add_argument("--out", type=Path, required=True, metavar="OUT", help="folder of results")
    parser.add_argument("--averages", type=int, nargs="+", default=[5600, 6400, 7200])
    parser.add_argument("--preset", default="default")
    parser.add_argument("--bytes", type=int, default=6, help="of a short packet (default: 6)")
    parser.add_argument("--measures", nargs="+", choices=MEASURES, default=list(MEASURES))
    args = parser.parse_args(argv)
    options.check_outside(parser, args.out, args.folder)
    clips = find_clips(args.folder)[:: args.every]
    make_folder(args.out, "--out")
    scores = ScoresFile(args.out / "scores.csv")

    share = float(np.average([silent_share(c) for c in clips], weights=[c.seconds for c in clips]))
    freed = share * 8 * (LOWEST.frame_bytes - args.bytes) * SAMPLERATE / FRAME_LEN
    print(
        f"celpvq {celpvq.__version__}, {len(clips)} clips: {100 * share:.1f} % of the frames are"
        f" silent; packets of {args.bytes} bytes would free {freed:.0f} bit/s\n"
    )
    rows = []
    for average in args.averages:
        settings = [
            Setting(VariableRate(rate), args.preset, 0.0, 0.0, 1)
            for rate in (average, average + STEP)
        ]
        low, high = measure(settings, clips, scores, args.measures)
        worth = freed / (1000 * (mean_kbps(high) - mean_kbps(low)))
        gains = [
            mean_interval(
                [worth * (b.scores[m] - a.scores[m]) for a, b in zip(low, high, strict=True)]
            )
            for m in args.measures
        ]
        rows.append([average, *(f"{gain.mean:+.3f} ± {gain.half:.3f}" for gain in gains)])
    print(markdown(["average", *(f"gain in {TITLES[m]}" for m in args.measures)], rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
