"""Make the bundled clips and messages again: python tools/make_clips.py [--out data/clips].

The messages are for the exports of listening tests: they ask for an answer. They are coded.

Needs the programs ``flite`` and ``espeak-ng``, as Debian packages them. `data/README.md` names the
versions that made the committed clips.
"""

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
import options
import soundfile
from levels import active, speech_power
from scipy.signal import resample_poly

import celpvq
from celpvq._types import F64, I16
from celpvq.codec.common.samples import FULL_SCALE
from celpvq.codec.format.modes import FRAME_LEN, SAMPLERATE

LEVEL_DBOV = -26.0  # of active speech, as in tests of telephone speech
MARGIN = 800  # samples kept before and after the speech: 0.1 s


class Sentence(NamedTuple):
    """The text of a clip, and the program and voice that speak it."""

    name: str
    program: str
    voice: str
    text: str


SENTENCES = (
    Sentence("flite-awb-en", "flite", "awb",
             "The ferry leaves at a quarter past eight, unless the wind turns round to the north."),
    Sentence("flite-kal-en", "flite", "kal16",
             "Twelve bytes, fifty times a second, are too few for music and enough for speech."),
    Sentence("flite-rms-en", "flite", "rms",
             "My neighbour keeps four hives of bees behind the old railway station."),
    Sentence("flite-slt-en", "flite", "slt",
             "She wrote the number on her hand, and washed it off before the call came."),
    Sentence("espeak-m-de", "espeak-ng", "de",
             "Morgen früh fahren wir mit dem Zug ans Meer und bleiben bis Sonntag."),
    Sentence("espeak-f-es", "espeak-ng", "es+f2",
             "La vecina del tercero toca la guitarra cuando llueve por la tarde."),
    Sentence("espeak-f-fr", "espeak-ng", "fr+f4",
             "Le boulanger ouvre sa boutique à six heures, même le dimanche."),
    Sentence("espeak-m-pl", "espeak-ng", "pl+m3",
             "W sobotę rano pójdziemy na targ po świeży chleb i jabłka."),
)  # fmt: skip
MESSAGES = tuple(
    Sentence(f"answer-{rating}", "flite", "slt",
             f"This is an interruption. Please choose the answer {number}: {word}.")
    for rating, number, word in (
        (1, "one", "bad"), (2, "two", "poor"), (3, "three", "fair"), (4, "four", "good"),
        (5, "five", "excellent"),
    )
)  # fmt: skip


def synthesize(sentence: Sentence, folder: Path) -> F64:
    """Return the speech at 8000 Hz, at the level of its program."""
    path = folder / f"{sentence.name}.wav"
    if sentence.program == "flite":
        command = ["flite", "-voice", sentence.voice, "-t", sentence.text, "-o", str(path)]
    else:
        command = ["espeak-ng", "-v", sentence.voice, "-w", str(path), sentence.text]
    subprocess.run(command, check=True)
    samples, rate = soundfile.read(path, dtype="float64")
    divisor = np.gcd(rate, SAMPLERATE)
    return resample_poly(samples, SAMPLERATE // divisor, rate // divisor)


def finish(samples: F64) -> I16:
    """Cut the silence at both ends, set the level of the active speech, and round."""
    speech = np.flatnonzero(active(samples)) * FRAME_LEN
    samples = samples[max(0, speech[0] - MARGIN) : speech[-1] + FRAME_LEN + MARGIN]
    gain = 10 ** (LEVEL_DBOV / 20) / np.sqrt(speech_power(samples))
    scaled = samples * gain * FULL_SCALE
    if np.abs(scaled).max() > FULL_SCALE - 1:
        sys.exit("make_clips: a clip would exceed full scale")
    return np.rint(scaled).astype(np.int16)


def main(argv: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = options.new_parser(__doc__)
    data = Path(__file__).parents[1] / "data"
    parser.add_argument("--out", type=Path, default=data / "clips")
    parser.add_argument("--messages", type=Path, default=data / "messages")
    args = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        for out, sentences in ((args.messages, MESSAGES), (args.out, SENTENCES)):
            out.mkdir(parents=True, exist_ok=True)
            for sentence in sentences:
                samples = finish(synthesize(sentence, Path(folder)))
                if sentence in MESSAGES:
                    data = celpvq.encode(samples, SAMPLERATE, 8000, "best")
                    (out / f"{sentence.name}.cvq").write_bytes(data)
                else:
                    path = out / f"{sentence.name}.flac"
                    soundfile.write(path, samples, SAMPLERATE, subtype="PCM_16")
                print(f"{sentence.name}: {samples.size / SAMPLERATE:.2f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
