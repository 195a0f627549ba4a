"""``celpvq demo``: the bundled clips through the codec at every rate."""

import argparse
import sys
import time
from pathlib import Path

from ..output import make_folder

_EPILOG = """\
FOLDER gets, for each clip, CLIP-original.wav and CLIP-RATE.wav for every bit rate, and a picture of
one clip before and after (needs matplotlib). The table says what the files take, how fast they were
made, and how they score (PESQ and ESTOI need their packages).

examples:
  celpvq demo                                      into celpvq-demo, here
  celpvq demo --out /tmp/speech --preset best
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's options."""
    parser.epilog = _EPILOG
    parser.add_argument(
        "--out", type=Path, default=Path("celpvq-demo"), metavar="FOLDER",
        help="where the WAV files and the picture go; replaces files of these names"
        " (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "-p", "--preset", choices=["fast", "default", "best"], default="default",
        help="effort of the encoder (default: default)",
    )  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """Code the clips, print the table, write the files; return the exit status."""
    import celpvq

    from ..codec.format.modes import SAMPLERATE
    from ..errors import MissingPackageError
    from ..lab import clips as bundled
    from ..lab import demo
    from ..quality.evaluation import missing_packages

    make_folder(args.out, "--out")
    clips = {path.stem: bundled.read_clip(path) for path in bundled.clip_paths()}
    start = time.perf_counter()
    print("compiling, or loading what an earlier run compiled ...", file=sys.stderr, flush=True)
    celpvq.warmup()
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
    print("kbit/s: of the files, headers and checksums included")
    print("encode, decode: times real time, one core, compilation not counted")
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
