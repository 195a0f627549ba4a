"""Inputs for runs over many files, and work that goes wrong as a file says."""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from celpvq.errors import FormatError, OutputError
from celpvq.folders import Work
from celpvq.folders.work import Done


@dataclass(frozen=True)
class Copy(Work):
    """Copies a file, or does what its first word says."""

    ending: str = ".out"
    endings = (".in",)

    @property
    def output_ending(self):
        return self.ending

    def convert(self, file, name, output, seed):
        data = file.read()
        word, _, rest = data.partition(b" ")
        output.write(data)
        if word == b"bad":
            raise FormatError(f"{name}: it is bad")
        if word == b"full":
            raise OutputError(f"{name}: no space") from OSError(28, "No space left on device")
        if word == b"bug":
            raise ZeroDivisionError("a bug")
        if word == b"die":
            os.kill(os.getpid(), signal.SIGKILL)
        if word == b"once" and not Path(rest.decode()).exists():
            Path(rest.decode()).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        if word == b"wait":
            time.sleep(float(rest))
        return Done(8 * len(data), 8000, 6400, "noted" if word == b"note" else "")


def write_all(folder, texts):
    """Write files by name, and return the folder."""
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def write_speech(folder, x, n, seed=0, longest=8000):
    """Write n short WAV files, cut from speech at 8 kHz, into some subfolders."""
    rng = np.random.default_rng(seed)
    for k in range(n):
        length = int(rng.integers(800, longest))
        start = int(rng.integers(0, len(x) - length))
        path = folder / f"speaker {k % 7}" / f"{k:04d}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, x[start : start + length], 8000)
    return folder


def tree(folder):
    """Return the content of all files below a folder by path."""
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
