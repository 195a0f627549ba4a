"""``celpvq demo``: encode and decode the bundled clips at every rate."""

import argparse
import sys
import time
from pathlib import Path

from ..output import make_folder
from . import arguments
from .compiling import usual_jobs

_EPILOG = """\
For each clip, FOLDER gets CLIP-original.wav, and CLIP-RATE.wav for every bit rate. A picture shows
one clip before and after the codec (needs matplotlib). The printed table has the size of the files,
the speed of the codec and quality scores (PESQ and ESTOI need their packages).

examples:
  celpvq demo                                      writes to celpvq-demo in the current folder
  celpvq demo --out /tmp/speech --preset best
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's options."""
    parser.epilog = _EPILOG
    parser.add_argument(
        "--out", type=Path, default=Path("celpvq-demo"), metavar="FOLDER",
        help="folder for the WAV files and the picture; existing files are replaced"
        " (default: %(default)s)",
    )  # fmt: skip
    arguments.add_preset(parser)


def run(args: argparse.Namespace) -> int:
    """Code the clips, write the files, print the table, and return the exit status."""
    import celpvq

    from ..codec.format.modes import SAMPLERATE
    from ..errors import MissingPackageError
    from ..lab import clips as bundled
    from ..lab import demo
    from ..quality.evaluation import missing_packages

    make_folder(args.out, "--out")
    clips = {path.stem: bundled.read_clip(path) for path in bundled.clip_paths()}
    start = time.perf_counter()
    print("compiling, or loading compiled code of an earlier run ...", file=sys.stderr, flush=True)
    celpvq.warmup(usual_jobs())
    print(f"ready after {time.perf_counter() - start:.1f} s", file=sys.stderr, flush=True)

    wanted = ("segsnr", "pesq", "estoi")
    missing = missing_packages(wanted)
    measures = [measure for measure in wanted if measure not in missing]
    totals = {mode.bitrate: demo.Totals() for mode in celpvq.modes()}
    for mode in celpvq.modes():
        for name, clip in clips.items():
            path = args.out / f"{name}-{mode.name}.wav"
            demo.code(clip, mode, args.preset, path, measures, totals[mode.bitrate])
    for name, clip in clips.items():
        demo.write_wav(args.out / f"{name}-original.wav", clip)

    seconds = sum(clip.size for clip in clips.values()) / SAMPLERATE
    print(f"{len(clips)} clips, {seconds:.1f} s of speech, preset {args.preset}")
    print(demo.table(totals, measures))
    print("kbit/s: size of the files over their duration, headers and checksums included")
    print("encode, decode: times real time on one core, without compilation")
    if missing:
        print(f"left out: {', '.join(missing).upper()}: pip install celpvq[quality]")
    path = args.out / f"{demo.PICTURE_CLIP}-{demo.PICTURE_MODE}.png"
    try:
        demo.draw_clip(path, clips[demo.PICTURE_CLIP], args.preset)
        picture = f"and the picture {path.name}"
    except MissingPackageError as error:
        picture = f"(no picture: {error})"
    print(f"WAV files {picture} in {args.out.resolve()}")
    return 0
