"""Mix recorded noise into speech: python tools/noisy.py FOLDER NOISE OUT --snr 10 20 --seed 1.

OUT gets a folder for each ratio, such as 10dB, with a FLAC file for each clip. ``celpvq compare
OUT/10dB`` then codes these files and compares with them. The list noise.csv names the noise of each
clip and its first sample. They are the same at all ratios, and depend only on the seed and on the
clip's name.

The ratio compares mean powers: of the active speech, and of all the noise. Active are the frames of
20 ms within 30 dB of the loudest one (ITU-T P.56 would follow the envelope). A mixture beyond full
scale is attenuated as a whole.
"""

import sys
import zlib
from pathlib import Path

import numpy as np
import options
import soundfile
from levels import speech_power

from celpvq._types import F64
from celpvq.codec.format.modes import SAMPLERATE
from celpvq.errors import ArgumentError
from celpvq.lab.clips import find_clips
from celpvq.lab.tabular import csv_bytes
from celpvq.output import make_folder, write_file

PEAK = 0.99  # full scale is 1


def mix(x: F64, noise: F64, snr_db: float) -> F64:
    """Return speech x (n,) with noise (n,) at a ratio [dB], no louder than `PEAK`.

    Raises
    ------
    ArgumentError
        If one of them is silent.
    """
    power = float(np.square(noise).mean())
    if not power:
        raise ArgumentError("expected noise, got silence")
    y = x + noise * np.sqrt(speech_power(x) / power * 10 ** (-snr_db / 10))
    return np.asarray(y * min(1.0, PEAK / np.abs(y).max()))


def cut(noise: F64, start: int, n: int) -> F64:
    """Return n samples of the noise from `start` on; after its end it repeats."""
    return np.take(noise, np.arange(start, start + n), mode="wrap")


def draw(name: str, lengths: list[int], seed: int) -> tuple[int, int]:
    """Return the number of the noise that the clip `name` gets, and its first sample."""
    rng = np.random.default_rng([seed, zlib.crc32(name.encode())])
    which = int(rng.integers(len(lengths)))
    return which, int(rng.integers(lengths[which]))


def make(folder: Path, noise_folder: Path, out: Path, snrs: list[float], seed: int) -> int:
    """Write all mixtures; return the number of clips."""
    sources = find_clips(noise_folder)
    noises = [source.read() for source in sources]
    rows = []
    for clip in find_clips(folder):
        x = clip.read()
        which, start = draw(clip.name, [len(noise) for noise in noises], seed)
        name = Path(clip.name).with_suffix(".flac")
        rows.append([name.as_posix(), sources[which].name, start])
        for snr in snrs:
            try:
                y = mix(x, cut(noises[which], start, len(x)), snr)
            except ArgumentError as error:
                raise ArgumentError(f"{clip.name}, {sources[which].name}: {error}") from None
            path = out / f"{snr:g}dB" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(path, y, SAMPLERATE, subtype="PCM_16")
    write_file(out / "noise.csv", csv_bytes(["clip", "noise", "start"], rows))
    return len(rows)


def main(argv: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = options.new_parser(__doc__)
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="speech: 8000 Hz, mono")
    parser.add_argument("noise", metavar="NOISE", type=Path, help="noise: 8000 Hz, mono")
    parser.add_argument("out", metavar="OUT", type=Path, help="folder for the mixtures")
    parser.add_argument("--snr", type=float, nargs="+", default=[10.0, 20.0], help="[dB]")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args(argv)
    options.check_outside(parser, args.out, args.folder)
    with options.errors_end("noisy"):
        make_folder(args.out, "OUT")
        n = make(args.folder, args.noise, args.out, args.snr, args.seed)
    print(f"{n} clips at {len(args.snr)} ratios, seed {args.seed}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
