"""``celpvq roundtrip``: pass a sound file through a telephone line."""

import argparse
import sys
from typing import TYPE_CHECKING, Any

from . import arguments
from .compiling import encoder_kernel
from .files import about, name_of, open_both, open_input
from .progress import Progress

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..audio import Sound
    from ..augment import DrawnLine

_EPILOG = """\
OUT has the length, the sample rate and the channels of IN, and is aligned with it; each channel is
coded on its own. Standard output gets WAV with 16 bits. The whole file is held in memory.

--line FILE has the parameters of the line as JSON, from TelephoneLine.to_dict or DrawnLine.to_dict.
--seed selects the line from a TelephoneLine, and determines the random losses and bit errors.

examples:
  celpvq roundtrip speech.wav telephone.wav --mode 4800 --low 300 --high 3400
  celpvq roundtrip speech.wav variable.wav --vbr 5600
  celpvq roundtrip speech.flac lossy.flac --loss 5 --burst 3 --ber 1e-4 --seed 7
  celpvq roundtrip speech.wav random.wav --line line.json --seed 7
  celpvq roundtrip - - --mode 4800 < in.wav | aplay

A line of Kaldi's wav.scp (the vertical bar at its end belongs to it):
  utt1 celpvq roundtrip -q --mode 4800 --seed 1 audio/utt1.wav - |
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's options."""
    from ..augment.parameters import LOW_HZ, MAX_CODINGS

    parser.epilog = _EPILOG
    parser.add_argument("input", metavar="IN", help="a sound file, or - for standard input")
    parser.add_argument("output", metavar="OUT", help="the sound file, or - for standard output")
    arguments.add_force(parser)
    arguments.add_quiet(parser, "no summary and no progress bar")
    parser.add_argument(
        "--partial", action="store_true", help="use the undamaged part of a damaged or truncated IN"
    )
    arguments.add_encoder(parser)
    arguments.add_losses(parser)
    arguments.add_bit_errors(parser)
    parser.add_argument(
        "--codings", dest="n_codings", type=int, default=1, metavar="N",
        choices=range(MAX_CODINGS + 1),
        help="number of codings one after the other (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--low", dest="low_hz", type=float, default=LOW_HZ, metavar="HZ",
        help="lower edge of the band-pass, 0 for none (default: %(default)g)",
    )  # fmt: skip
    parser.add_argument(
        "--high", dest="high_hz", type=float, metavar="HZ",
        help="upper edge of the band-pass (default: none)",
    )  # fmt: skip
    parser.add_argument(
        "--level", dest="level_db", type=float, metavar="DB",
        help="level in the codec: root mean square relative to full scale [dB], -100 to 0"
        " (default: as it is)",
    )  # fmt: skip
    parser.add_argument(
        "--line", metavar="FILE", help="parameters of the line, JSON; replaces the options above"
    )


def run(args: argparse.Namespace) -> int:
    """Code the file; return the exit status."""
    from ..audio import SoundWriter, read_sound, to_dtype
    from ..audio.soundwriter import check_suffix

    line = _line(args)
    suffix = ".wav" if args.output == "-" else check_suffix(args.output)
    with open_both(args) as (file, output):
        sound = read_sound(file, name_of(args.input, "input"), strict=not args.partial)
        n_known = sound.n_samples
        seconds = None if n_known is None else n_known / sound.samplerate
        kernel = encoder_kernel(args)
        with Progress("roundtrip", seconds, quiet=args.quiet, kernel=kernel) as progress:
            samples = _samples(sound)
            coded = line(samples, sound.samplerate)
            progress.update(coded.shape[1] / sound.samplerate)
        writer = SoundWriter(
            output, suffix, sound.samplerate, coded.shape[1], n_channels=sound.channels
        )
        writer.write(to_dtype(coded.T, "int16") if coded.dtype.kind == "f" else coded.T)
        writer.close()
    if not args.quiet:
        _summarize(args, line, progress, sound)
    return 0


def _samples(sound: "Sound") -> "NDArray[Any]":
    """Return all samples (n_channels, n) of a file."""
    import numpy as np

    blocks = list(sound.blocks)
    samples = np.concatenate(blocks) if blocks else np.zeros((0, sound.channels))
    return samples.reshape(-1, sound.channels).T


def _line(args: argparse.Namespace) -> "DrawnLine":
    """Return the line that the options describe."""
    import json

    from ..augment import DrawnLine, TelephoneLine
    from ..errors import ArgumentError, FormatError

    names = ("mode", "preset", "loss", "burst", "ber", "bit_burst", "dtx", "n_codings", "low_hz",
             "high_hz", "level_db")  # fmt: skip
    values = {name: getattr(args, name) for name in names}
    if args.line is None:
        arguments.check_bursts(args)
        values |= {
            "mode": arguments.mode(args), "loss": args.loss / 100, "low_hz": args.low_hz or None,
        }  # fmt: skip
        return TelephoneLine(**values).draw(args.seed)
    for name, value in (values | {"vbr": args.vbr}).items():
        if value != args.parser.get_default(name):
            raise ArgumentError(f"--line: replaces the options of the line, got {name} as well")
    with open_input(args.line) as file, about(args.line):
        try:
            described = json.load(file)
        except ValueError as error:
            raise FormatError(f"expected JSON: {error}") from None
        if isinstance(described, dict) and "modes" in described:
            return DrawnLine.from_dict(described)
        return TelephoneLine.from_dict(described).draw(args.seed)


def _summarize(
    args: argparse.Namespace, line: "DrawnLine", progress: Progress, sound: "Sound"
) -> None:
    """Print one line about the work."""
    rates = ", ".join(f"{rate} bit/s" for rate in line.modes) or "not coded"
    names = f"{name_of(args.input, 'input')} -> {name_of(args.output, 'output')}"
    notes = "".join(f"; {note}" for note in sound.notes)
    print(
        f"{names}: {progress.seconds:.2f} s, {rates}, {progress.speed:.3g} times real time,"
        f" seed {line.seed}{notes}",
        file=sys.stderr,
    )
