"""``celpvq decode``: decode a .cvq file to a sound file, block by block."""

import argparse

from . import arguments
from .compiling import DECODER
from .files import open_both
from .headerless import add_raw
from .progress import Progress, damage_note, summarize

_EPILOG = """\
The ending of OUT selects the format: .wav .flac .ogg .aiff or another one that libsndfile writes.
Standard output gets WAV. With --partial, the intact frames of a damaged or truncated file are
decoded, and the summary states the missing part.

examples:
  celpvq decode speech.cvq speech.wav
  celpvq decode --rate original speech.cvq speech.flac
  celpvq decode speech.cvq - | aplay
  celpvq decode --raw speech.cvq - | sox -t s16 -r 8000 -c 1 - -d
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's options."""
    parser.epilog = _EPILOG
    arguments.add_files(parser, "a .cvq file", "the sound file")
    add_raw(parser, "write headerless samples")
    parser.add_argument(
        "--rate", type=rate, default=8000, metavar="HZ",
        help="sample rate of OUT, or `original` for the rate before encoding (default: 8000)",
    )  # fmt: skip
    arguments.add_no_enhancement(parser)


def rate(text: str) -> int | None:
    """Return the rate in an option, None for the original one."""
    return None if text == "original" else arguments.samplerate(text)


def run(args: argparse.Namespace) -> int:
    """Decode; return the exit status."""
    from ..audio.soundwriter import SoundWriter, check_suffix
    from ..stream import SpeechReader

    suffix = ".raw" if args.raw else ".wav" if args.output == "-" else check_suffix(args.output)
    tables = arguments.load_tables(args.tables)
    with (
        open_both(args) as (file, output),
        SpeechReader(
            file, args.rate, "int16",
            enhancement=not args.no_enhancement, tables=tables, strict=not args.partial,
        ) as stream,
    ):  # fmt: skip
        hz, n = stream.samplerate, stream.n_samples
        n_known = None if args.partial else n
        writer = SoundWriter(output, suffix, hz, n_known, subtype=args.raw or "PCM_16")
        with Progress("decode", n and n / hz, quiet=args.quiet, kernel=DECODER) as progress:
            while len(samples := stream.read(hz)):
                writer.write(samples)
                progress.update(len(samples) / hz)
            writer.close()
    summarize(args, progress, stream.n_bytes, damage_note(stream.damage, stream.n_missing))
    return 0
