"""Make the bundled clips again: python tools/make_clips.py [--out data/clips].

Needs the programs ``flite`` and ``espeak-ng``, as Debian packages them; `data/README.md` says which
versions made the clips that are committed.
"""

import argparse
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy.signal import resample_poly

SAMPLERATE = 8000  # Hz
LEVEL_DBOV = -26.0  # of the active speech, as telephone speech is tested
GATE_DB = 30.0  # frames this far below the loudest are pauses
GATE_LEN = 160  # 20 ms
MARGIN = 800  # kept before and after the speech: 0.1 s


@dataclass(frozen=True, slots=True)
class Clip:
    """A sentence, and who says it: `program` with the voice `voice`."""

    name: str
    program: str
    voice: str
    text: str


CLIPS = (
    Clip("flite-awb-en", "flite", "awb",
         "The ferry leaves at a quarter past eight, unless the wind turns round to the north."),
    Clip("flite-kal-en", "flite", "kal16",
         "Twelve bytes, fifty times a second, are too few for music and enough for speech."),
    Clip("flite-rms-en", "flite", "rms",
         "My neighbour keeps four hives of bees behind the old railway station."),
    Clip("flite-slt-en", "flite", "slt",
         "She wrote the number on her hand, and washed it off before the call came."),
    Clip("espeak-m-de", "espeak-ng", "de",
         "Morgen früh fahren wir mit dem Zug ans Meer und bleiben bis Sonntag."),
    Clip("espeak-f-es", "espeak-ng", "es+f2",
         "La vecina del tercero toca la guitarra cuando llueve por la tarde."),
    Clip("espeak-f-fr", "espeak-ng", "fr+f4",
         "Le boulanger ouvre sa boutique à six heures, même le dimanche."),
    Clip("espeak-m-pl", "espeak-ng", "pl+m3",
         "W sobotę rano pójdziemy na targ po świeży chleb i jabłka."),
)  # fmt: skip


def synthesize(clip: Clip, folder: Path) -> NDArray[np.float64]:
    """Return the clip at 8000 Hz, as loud as its program made it."""
    path = folder / f"{clip.name}.wav"
    if clip.program == "flite":
        command = ["flite", "-voice", clip.voice, "-t", clip.text, "-o", str(path)]
    else:
        command = ["espeak-ng", "-v", clip.voice, "-w", str(path), clip.text]
    subprocess.run(command, check=True)
    samples, rate = soundfile.read(path, dtype="float64")
    divisor = np.gcd(rate, SAMPLERATE)
    return resample_poly(samples, SAMPLERATE // divisor, rate // divisor)


def active(samples: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which frames of 20 ms hold speech."""
    frames = samples[: samples.size // GATE_LEN * GATE_LEN].reshape(-1, GATE_LEN)
    power = np.square(frames).mean(axis=1)
    return power > power.max() * 10 ** (-GATE_DB / 10)


def finish(samples: NDArray[np.float64]) -> NDArray[np.int16]:
    """Cut the silence at both ends, set the level of the active speech, and round."""
    speech = np.flatnonzero(active(samples)) * GATE_LEN
    samples = samples[max(0, speech[0] - MARGIN) : speech[-1] + GATE_LEN + MARGIN]
    frames = samples[: samples.size // GATE_LEN * GATE_LEN].reshape(-1, GATE_LEN)
    level = np.sqrt(np.square(frames[active(samples)]).mean())
    scaled = samples * 10 ** (LEVEL_DBOV / 20) / level * 32768
    if np.abs(scaled).max() > 32767:
        sys.exit("make_clips: a clip would be clipped")
    return np.rint(scaled).astype(np.int16)


def main(argv: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[1] / "data" / "clips")
    out = parser.parse_args(argv).out
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for clip in CLIPS:
            samples = finish(synthesize(clip, Path(folder)))
            soundfile.write(out / f"{clip.name}.flac", samples, SAMPLERATE, subtype="PCM_16")
            print(f"{clip.name}: {samples.size / SAMPLERATE:.2f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
