"""Sound files with faults that the tests make: cut, tagged, chained, with wrong lengths."""

import io
import struct

import numpy as np
import soundfile

ID3V1 = b"TAG" + b"x" * 125


def voice(seconds=1.0, rate=8000, channels=1):
    """Harmonics of a pitch that wanders, in syllables."""
    t = np.arange(round(seconds * rate)) / rate
    phase = 2 * np.pi * np.cumsum(120 + 25 * np.sin(4.4 * t)) / rate
    x = 0.1 * sum(np.sin(k * phase) / k for k in range(1, 20))
    x *= np.clip(np.sin(2 * np.pi * 2.5 * t), 0, None) ** 0.5
    x += 1e-3 * np.random.default_rng(1).normal(size=len(t))
    return np.stack([x] * channels, axis=1)


def sound_file(kind, subtype=None, rate=8000, seconds=1.0, channels=1, **options):
    """Return the bytes of a sound file."""
    file = io.BytesIO()
    x = voice(seconds, rate, channels)
    soundfile.write(file, x, rate, format=kind, subtype=subtype, **options)
    return file.getvalue()


def id3v2(n):
    """Return a tag with n bytes in it: a picture, say."""
    return b"ID3\4\0\0" + bytes(n >> 7 * i & 127 for i in (3, 2, 1, 0)) + bytes(n)


def ape(n):
    """Return an APE tag of version 1 with n bytes of items."""
    return b"i" * n + b"APETAGEX" + struct.pack("<IIII", 1000, n + 32, 1, 0) + bytes(8)


def with_number(data, name, number, layout="<I", skip=0):
    """Return the data with another number behind a name."""
    at = data.index(name) + len(name) + skip
    return data[:at] + struct.pack(layout, number) + data[at + struct.calcsize(layout) :]
