"""The sounds of a test as WAV files for browsers and crowdsourcing: 48 kHz, 16 bits."""

import io
from pathlib import Path

import numpy as np
import soundfile

from .._types import F64
from ..audio import Resampler
from ..codec.format.modes import SAMPLERATE
from ..output import write_file

WEB_RATE = 48000


def upsampled(x: F64) -> F64:
    """Return x (n,) at 8000 Hz as 6 n samples at 48 kHz."""
    resampler = Resampler(SAMPLERATE, WEB_RATE)
    parts = [resampler.write(x), resampler.flush()]
    return np.concatenate(parts)[: x.size * WEB_RATE // SAMPLERATE]


def write_wav(path: Path, x: F64) -> None:
    """Write samples (n,) at 8000 Hz, full scale 1, as a WAV file at 48 kHz."""
    file = io.BytesIO()
    soundfile.write(file, upsampled(x).clip(-1, 1), WEB_RATE, format="WAV", subtype="PCM_16")
    write_file(path, file.getvalue())
