"""Draw the spectra of speech without and with enhancement.

    python tools/spectra.py FOLDER OUT.png             the first clip, and the means of all
    python tools/spectra.py FOLDER OUT.png --mode 8000 --seconds 3

The upper panels are spectrograms of the first clip: original, coded without enhancement, and coded
with it. The lower panel shows the level minus the original's in thirds of an octave, as means over
all clips.
"""

from pathlib import Path
from typing import Any

import numpy as np
import options

import celpvq
from celpvq._types import F64
from celpvq.audio import to_dtype
from celpvq.codec.format.modes import SAMPLERATE
from celpvq.lab.figures import new_figure, save_figure
from celpvq.lab.spectrogram import draw_spectrogram, level
from celpvq.quality.long_term import THIRD_OCTAVES, third_octaves

WAYS = {"without enhancement": False, "with enhancement": True}


def coded(x: F64, mode: int, *, enhancement: bool) -> F64:
    """Return 16-bit samples of x, encoded and decoded."""
    y, _ = celpvq.decode(celpvq.encode(x, SAMPLERATE, mode), enhancement=enhancement)
    return to_dtype(y, "int16") / 32768


def draw(path: Path, clips: list[F64], mode: int) -> None:
    """Write the picture."""
    found = {name: [coded(x, mode, enhancement=on) for x in clips] for name, on in WAYS.items()}
    figure = new_figure(10, 11)
    figure.suptitle(f"{mode} bit/s")
    axes = figure.subplots(4, 1)
    shown = {"original": clips[0]} | {name: signals[0] for name, signals in found.items()}
    peak = level(clips[0]).max()
    for panel, (name, signal) in zip(axes, shown.items(), strict=False):
        draw_spectrogram(panel, level(signal), peak, f"{name} [Hz]")
    axes[2].set(xlabel="time [s]")
    _draw_long_term(axes[3], clips, found)
    save_figure(figure, path)


def _draw_long_term(panel: Any, clips: list[F64], found: dict[str, list[F64]]) -> None:
    hz = list(THIRD_OCTAVES)
    for name, signals in found.items():
        change = [third_octaves(x, y) for x, y in zip(clips, signals, strict=True)]
        panel.plot(hz, np.mean(change, axis=0), "o-", label=name)
    panel.axhline(0.0, color="black", linewidth=0.8)
    panel.set(xscale="log", xlabel="frequency [Hz]", ylabel="level - original's [dB]")
    panel.set_xticks(hz, [f"{value:g}" for value in hz], minor=False)
    panel.minorticks_off()
    panel.legend()


def main() -> None:
    """Read the arguments and draw."""
    parser = options.new_parser(__doc__)
    options.add_speech(parser)
    parser.add_argument("out", metavar="OUT", type=Path, help="the picture (.png, .svg)")
    parser.add_argument("--mode", type=int, default=4800, help="bit rate (default: 4800)")
    args = parser.parse_args()
    with options.errors_end("spectra"):
        draw(args.out, options.read_speech(args), args.mode)


if __name__ == "__main__":
    main()
