"""Small sound files of every format that libsndfile writes, and what reads them."""

import io

import numpy as np
import soundfile

from celpvq.audio import read_sound

_PARTS = ("RAW", "SD2")  # headerless, and a file with a resource fork


def corpus() -> list[bytes]:
    """Return a short sound in every format, in two in some of them."""
    x = np.sin(np.arange(800) / 10) / 4
    found = []
    for kind in soundfile.available_formats():
        if kind in _PARTS:
            continue
        subtypes = {"OGG": ["VORBIS", "OPUS"], "WAV": ["PCM_16", "ULAW", "IMA_ADPCM", "GSM610"],
                    "AIFF": ["PCM_16", "FLOAT"]}.get(kind, [None])  # fmt: skip
        for subtype in subtypes:
            file = io.BytesIO()
            soundfile.write(file, x, 8000, format=kind, subtype=subtype)
            found.append(file.getvalue())
    return found


def read(data: bytes) -> None:
    """Read a file as the command line does, with and without ``--partial``."""
    for strict in (False, True):
        sound = read_sound(io.BytesIO(data), "fuzz", strict=strict)
        n = 0
        for block in sound.mono():
            n += len(block)
            if n > 1 << 24:  # a header may promise silence for ever, as compressed data
                break


def repair(data: bytes) -> bytes:
    """Return an Ogg file with checksums that agree; any other as it is."""
    from celpvq.audio.ogg import with_checksums

    return with_checksums(data)
