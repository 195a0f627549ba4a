"""Print the rate and the quality with and without DTX, as Markdown.

    python tools/dtx_table.py FOLDER --every 3

Each clip gives three kinds of speech: the clip as it is, which is read speech with few pauses; and
twice a conversation, where a pause as long as the clip follows, with white noise of one of two
levels under both. PESQ and ESTOI compare with the input, noise included, clip by clip.
"""

import sys

import numpy as np
import options

from celpvq import Decoder, Encoder, VariableRate
from celpvq._types import F64
from celpvq.codec.encoder.variable_rate import RateLike
from celpvq.codec.format.modes import SID_BYTES
from celpvq.lab.contenders import kbps_of
from celpvq.lab.tabular import markdown
from celpvq.quality import estoi, pesq_nb

FLOORS_DB = (-70.0, -55.0)  # of the noise under conversation; full scale is 0


def code(x: F64, mode: RateLike, preset: str, *, dtx: bool) -> tuple[F64, float, float]:
    """Return x (n,) decoded, the mean rate [kbit/s], and the share of frames without speech."""
    encoder = Encoder(mode, preset, dtx=dtx)
    packets = encoder.write(x) + encoder.flush()
    sizes = np.array([len(packet) for packet in packets])
    y = Decoder(dtype="float64").write(packets)[: len(x)]
    return y, kbps_of(packets), float((sizes <= SID_BYTES).mean())


def kinds(x: F64, rng: np.random.Generator) -> dict[str, tuple[F64, slice]]:
    """Return the kinds of speech made of a clip, each with the part that is scored."""
    found = {"read": (x, slice(None))}
    for floor in FLOORS_DB:
        noise = rng.normal(size=2 * len(x)) * 10 ** (floor / 20)
        talk = np.clip(np.r_[x, np.zeros(len(x))] + noise, -1, 1)
        found[f"half pauses, noise at {floor:g} dB"] = (talk, slice(len(x)))
    return found


def main(argv: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = options.new_parser(__doc__)
    options.add_speech(parser)
    parser.add_argument("--mode", type=int, default=6400)
    parser.add_argument("--vbr", type=int, metavar="BITRATE", help="variable rate in place of it")
    parser.add_argument("--preset", default="default")
    args = parser.parse_args(argv)
    clips, rng = options.read_speech(args), np.random.default_rng(args.seed)
    rate = args.mode if args.vbr is None else VariableRate(args.vbr)
    figures: dict[str, list[list[float]]] = {}
    for clip in clips:
        for name, (x, scored) in kinds(clip, rng).items():
            row = []
            for dtx in (False, True):
                y, kbps, saved = code(x, rate, args.preset, dtx=dtx)
                row += [pesq_nb(x[scored], y[scored]), estoi(x[scored], y[scored]), kbps]
            figures.setdefault(name, []).append([*row, saved])
    rows = []
    for name, figure in figures.items():
        pesq, estoi_, kbps, pesq_dtx, estoi_dtx, kbps_dtx, saved = np.mean(figure, axis=0)
        rows.append(
            [name, f"{kbps:.2f}", f"{kbps_dtx:.2f}", f"{saved:.0%}", f"{pesq:.3f}",
             f"{pesq_dtx - pesq:+.3f}", f"{estoi_:.3f}", f"{estoi_dtx - estoi_:+.4f}"]
        )  # fmt: skip
    head = ["speech", "kbit/s", "with DTX", "SID or NO_DATA", "PESQ", "change", "ESTOI", "change"]
    print(f"{len(clips)} clips, rate {rate}, preset {args.preset}, seed {args.seed}\n")
    print(markdown(head, rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
