"""Draw the rate of each frame over a sentence: python tools/vbr_picture.py CLIP OUT.png --vbr 5600.

The upper panel shows the sound, the lower one the rate of each frame and the mean of the last
second.
"""

import sys
from pathlib import Path

import numpy as np
import options

from celpvq import VariableRate
from celpvq._types import F64
from celpvq.codec.encoder.encoder import FrameEncoder
from celpvq.codec.encoder.rate_control import SECOND
from celpvq.codec.encoder.variable_rate import CHOICES, MODES
from celpvq.codec.format.modes import DELAY, FRAME_LEN, SAMPLERATE
from celpvq.lab.clips import padded, read_clip
from celpvq.lab.figures import new_figure, save_figure


def frame_rates(x: F64, rate: VariableRate, preset: str) -> F64:
    """Return the rate of each frame of a clip (n,) [kbit/s]."""
    packets = FrameEncoder(rate, preset).encode(padded(x))
    return np.array([8e-3 * len(packet) * SECOND for packet in packets])


def last_second(rates: F64) -> F64:
    """Return for each frame the mean of the last second, or of the frames so far."""
    total = np.cumsum(np.r_[0.0, rates])
    end = np.arange(1, len(rates) + 1)
    start = np.maximum(end - SECOND, 0)
    return np.asarray((total[end] - total[start]) / (end - start))


def draw(path: Path, x: F64, rates: F64, average: float) -> None:
    """Write the picture; the suffix of `path` names the format."""
    figure = new_figure(10, 4.5)
    sound, steps = figure.subplots(2, 1, sharex=True)
    sound.plot(np.arange(len(x)) / SAMPLERATE, x, linewidth=0.4, color="C7")
    sound.set(ylabel="sound")
    edges = (np.arange(len(rates) + 1) * FRAME_LEN - DELAY) / SAMPLERATE
    steps.stairs(rates, edges, fill=True, color="C0", alpha=0.4, label="frame")
    steps.plot(edges[1:], last_second(rates), color="C1", label="last second")
    steps.axhline(average, color="C3", linestyle="--", label="average wanted")
    low, high = MODES[0].bitrate / 1000, MODES[-1].bitrate / 1000
    steps.set(ylabel="kbit/s", xlabel="time [s]", ylim=(low - 0.8, high + 1.0))
    steps.set(xlim=(0, len(x) / SAMPLERATE))
    steps.legend(loc="upper right", ncols=3)
    save_figure(figure, path)


def main(argv: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = options.new_parser(__doc__)
    parser.add_argument("clip", metavar="CLIP", type=Path, help="speech: 8000 Hz, mono")
    parser.add_argument("out", metavar="OUT", type=Path, help="the picture, .png or .svg")
    parser.add_argument("--vbr", type=int, default=5600, metavar="BITRATE", help="the average")
    parser.add_argument("--choice", choices=CHOICES, default=CHOICES[0])
    parser.add_argument("--preset", default="default")
    args = parser.parse_args(argv)
    with options.errors_end("vbr_picture"):
        x = read_clip(args.clip)
        rates = frame_rates(x, VariableRate(args.vbr, choice=args.choice), args.preset)
        draw(args.out, x, rates, args.vbr / 1000)
    print(f"{args.clip.name}: mean {rates.mean():.2f} kbit/s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
