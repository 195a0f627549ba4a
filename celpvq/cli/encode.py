"""``celpvq encode``: encode a sound file to a .cvq file, block by block."""

import argparse

from . import arguments
from .compiling import encoder_kernel
from .files import name_of, open_both
from .headerless import add_raw
from .progress import Progress, summarize

_EPILOG = """\
IN is any sound file that libsndfile reads (WAV, FLAC, Ogg, MP3, AIFF, ...), at 4 to 192 kHz.
Several channels are averaged, unless --channel picks one.

--vbr gives each frame of 20 ms the rate that it needs, 4800 to 8000 bit/s, so that the average is
the given one.

examples:
  celpvq encode speech.wav speech.cvq
  celpvq encode --mode 8000 --preset best --channel 1 interview.flac right.cvq
  celpvq encode --vbr 5600 speech.wav speech.cvq
  celpvq encode --raw --rate 16000 samples.s16 speech.cvq
  celpvq encode --raw alaw call.al call.cvq
  ffmpeg -i film.mkv -f wav - | celpvq encode - speech.cvq
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's options."""
    parser.epilog = _EPILOG
    arguments.add_files(parser, "a sound file", "the .cvq file")
    arguments.add_encoder(parser)
    arguments.add_channel(parser)
    add_raw(parser, "IN is headerless, of one channel")
    parser.add_argument(
        "--rate", type=arguments.samplerate, metavar="HZ",
        help="sample rate of a --raw IN (default: 8000)",
    )  # fmt: skip
    arguments.add_no_highpass(parser)


def run(args: argparse.Namespace) -> int:
    """Encode; return the exit status."""
    from ..audio import read_raw, read_sound
    from ..errors import ArgumentError
    from ..stream import SpeechWriter

    if args.rate is not None and not args.raw:
        raise ArgumentError("--rate requires --raw: the header of a sound file states its rate")
    if args.raw and args.channel:
        raise ArgumentError("--channel: a --raw input has one channel, number 0")
    mode = arguments.mode(args)
    name = name_of(args.input, "input")
    tables = arguments.load_tables(args.tables)
    with open_both(args) as (file, output):
        if args.raw:
            rate = args.rate or 8000
            sound = read_raw(file, rate, name, subtype=args.raw, strict=not args.partial)
        else:
            sound = read_sound(file, name, strict=not args.partial)
        rate = sound.samplerate
        seconds = None if sound.n_samples is None else sound.n_samples / rate
        with (
            SpeechWriter(
                output, rate, mode, args.preset,
                highpass=not args.no_highpass, dtx=args.dtx, tables=tables,
            ) as stream,
            Progress("encode", seconds, quiet=args.quiet, kernel=encoder_kernel(args)) as progress,
        ):  # fmt: skip
            for block in sound.mono(args.channel):
                stream.write(block)
                progress.update(len(block) / rate)
    note = _channel_note(sound.channels, args.channel)
    note += "".join(f"; {text}" for text in (sound.clipping, *sound.notes) if text)
    summarize(args, progress, stream.n_bytes, note)
    return 0


def _channel_note(n: int, channel: int | None) -> str:
    """Return the note about the channels of the input for the summary."""
    if n == 1:
        return ""
    return f" ({n} channels averaged)" if channel is None else f" (channel {channel} of {n})"
