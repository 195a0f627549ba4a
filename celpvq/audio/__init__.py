"""Sound on its way to and from the codec: arrays, sampling rates, sound files."""

from .arrays import as_mono, check_samplerate, converted_len, to_dtype
from .resampler import Resampler
from .sound import Sound
from .soundfiles import read_raw, read_sound
from .soundwriter import SoundWriter

__all__ = [
    "Resampler",
    "Sound",
    "SoundWriter",
    "as_mono",
    "check_samplerate",
    "converted_len",
    "read_raw",
    "read_sound",
    "to_dtype",
]
