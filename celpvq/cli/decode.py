"""``celpvq decode``: a .cvq file into a sound file, block by block."""

import argparse

from . import common

_EPILOG = """\
The ending of OUT says its format: .wav .flac .ogg .aiff and what else libsndfile writes; standard
output gets WAV. With --partial, a damaged or truncated stream gives the whole frames that are
there, and the summary says what is missing.

examples:
  celpvq decode speech.cvq speech.wav
  celpvq decode --rate original speech.cvq speech.flac
  celpvq decode speech.cvq - | aplay
  celpvq decode --raw speech.cvq - | sox -t s16 -r 8000 -c 1 - -d
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's options."""
    parser.epilog = _EPILOG
    common.add_files(parser, "a .cvq file", "the sound file")
    parser.add_argument(
        "--raw", action="store_true", help="write headerless samples: 16 bits, little-endian"
    )
    parser.add_argument(
        "--rate", type=rate, default=8000, metavar="HZ",
        help="sample rate of OUT, or `original` for that of what was encoded (default: 8000)",
    )  # fmt: skip
    parser.add_argument("--no-enhancement", action="store_true", help="leave the enhancement out")


def rate(text: str) -> int | None:
    """Return the rate that an option says, None for the original one."""
    return None if text == "original" else common.samplerate(text)


def run(args: argparse.Namespace) -> int:
    """Decode; return the exit status."""
    from ..audio.soundwriter import SoundWriter, check_suffix
    from ..stream import StreamReader

    suffix = ".raw" if args.raw else ".wav" if args.output == "-" else check_suffix(args.output)
    tables = common.load_tables(args.tables)
    with (
        common.open_input(args.input) as file,
        common.open_output(args.output, file, force=args.force) as output,
        common.about(args.input),
        StreamReader(
            file, args.rate, "int16",
            enhancement=not args.no_enhancement, tables=tables, strict=not args.partial,
        ) as stream,
    ):  # fmt: skip
        hz, n = stream.samplerate, stream.n_samples
        writer = SoundWriter(output, suffix, hz, None if args.partial else n)
        with common.Progress(
            "decode", n and n / hz, quiet=args.quiet, kernel=common.DECODER
        ) as progress:
            while len(samples := stream.read(hz)):
                writer.write(samples)
                progress.update(len(samples) / hz)
            writer.close()
    note = common.damage_note(stream.damage, stream.n_missing)
    common.summarize(args, progress, stream.n_bytes, note)
    return 0
