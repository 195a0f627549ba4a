"""Mix recorded noise into speech: python tools/noisy.py FOLDER NOISE OUT --snr 10 20 --seed 1.

OUT gets a folder for each ratio, such as 10dB, with a FLAC file for each clip: what a codec is
given, and what its output is compared with, as by ``celpvq compare OUT/10dB``. In noise.csv
stands which noise each clip got, and from where on; it is the same at all ratios, and depends on
the seed and the clip's name alone.

The ratio is that of mean powers: of the active speech, which are the frames of 20 ms within 30 dB
of the loudest, to all of the noise. ITU-T P.56 would find the level of speech by its envelope. A
mixture beyond full scale is made quieter as a whole.
"""

import argparse
import csv
import io
import sys
import zlib
from pathlib import Path

import numpy as np
import soundfile
from make_clips import GATE_LEN, active
from numpy.typing import NDArray

from celpvq.codec.format.modes import SAMPLERATE
from celpvq.errors import ArgumentError, CelpvqError
from celpvq.output import make_folder, write_file
from celpvq.quality.compare import find_clips
from celpvq.quality.contenders import read_speech

Signal = NDArray[np.float64]

PEAK = 0.99  # full scale 1


def speech_power(x: Signal) -> float:
    """Return the mean power of the active frames of speech x (n,)."""
    frames = x[: x.size // GATE_LEN * GATE_LEN].reshape(-1, GATE_LEN)
    if not frames.any():
        raise ArgumentError("expected at least 20 ms of speech, got silence")
    return float(np.square(frames[active(x)]).mean())


def mix(x: Signal, noise: Signal, snr_db: float) -> Signal:
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


def cut(noise: Signal, start: int, n: int) -> Signal:
    """Return n samples of the noise from `start` on; after its end it begins anew."""
    return np.take(noise, np.arange(start, start + n), mode="wrap")


def draw(name: str, lengths: list[int], seed: int) -> tuple[int, int]:
    """Return which of the noises, and the first sample of it, the clip `name` gets."""
    rng = np.random.default_rng([seed, zlib.crc32(name.encode())])
    which = int(rng.integers(len(lengths)))
    return which, int(rng.integers(lengths[which]))


def make(folder: Path, noise_folder: Path, out: Path, snrs: list[float], seed: int) -> int:
    """Write all mixtures; return the number of clips."""
    sources = find_clips(noise_folder)
    noises = [read_speech(source.path) for source in sources]
    clips = find_clips(folder)
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["clip", "noise", "start"])
    for clip in clips:
        x = read_speech(clip.path)
        which, start = draw(clip.name, [len(noise) for noise in noises], seed)
        name = Path(clip.name).with_suffix(".flac")
        table.writerow([name.as_posix(), sources[which].name, start])
        for snr in snrs:
            try:
                y = mix(x, cut(noises[which], start, len(x)), snr)
            except ArgumentError as error:
                raise ArgumentError(f"{clip.name}, {sources[which].name}: {error}") from None
            path = out / f"{snr:g}dB" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(path, y, SAMPLERATE, subtype="PCM_16")
    write_file(out / "noise.csv", text.getvalue().encode())
    return len(clips)


def main(argv: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="speech: 8000 Hz, mono")
    parser.add_argument("noise", metavar="NOISE", type=Path, help="noise: 8000 Hz, mono")
    parser.add_argument("out", metavar="OUT", type=Path)
    parser.add_argument("--snr", type=float, nargs="+", default=[10.0, 20.0], help="[dB]")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args(argv)
    if args.out.resolve().is_relative_to(args.folder.resolve()):
        parser.error("OUT lies in FOLDER: it would be taken for speech")
    try:
        make_folder(args.out, "OUT")
        n = make(args.folder, args.noise, args.out, args.snr, args.seed)
    except CelpvqError as error:
        sys.exit(f"noisy: {error}")
    print(f"{n} clips at {len(args.snr)} ratios, seed {args.seed}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
