"""G.723.1 at 6.3 kbit/s, by the program ffmpeg, whose encoder has this rate only.

Its times exclude the time for a single frame, which is nearly all the start of the program.
"""

import functools
import resource
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from celpvq._types import I16
from celpvq.codec.format.modes import SAMPLERATE
from celpvq.lab.contenders import Coded

from .codec import AbsentError, Peer

_PACKET_BYTES = 24
_N_RUNS = 5
_RAW = ("-f", "s16le", "-ar", str(SAMPLERATE), "-ac", "1")


class G723(Peer):
    """The rate of 6.3 kbit/s."""

    name = "G.723.1 6.3"
    kbps = 6.3
    frame_len = 240
    delay = 60  # the encoder's look-ahead

    def __init__(self) -> None:
        program = shutil.which("ffmpeg")
        if program is None:
            raise AbsentError("the program ffmpeg (Debian: ffmpeg)")
        self._ffmpeg = (program, "-hide_banner", "-loglevel", "error", "-threads", "1")

    @staticmethod
    def clock() -> float:
        """Return the processor time of all programs that have ended [s]."""
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return used.ru_utime + used.ru_stime

    @functools.cached_property
    def _start(self) -> Coded:
        """The median time of a single frame."""
        frame = np.zeros(1, dtype=np.int16)
        runs = [Peer.code(self, frame) for _ in range(_N_RUNS)]
        encode_s, decode_s = np.median([(r.encode_s, r.decode_s) for r in runs], axis=0)
        return replace(runs[0], encode_s=float(encode_s), decode_s=float(decode_s))

    def code(self, samples: I16) -> Coded:
        """Encode and decode a clip (n,)."""
        start, coded = self._start, super().code(samples)
        return replace(
            coded,
            encode_s=coded.encode_s - start.encode_s,
            decode_s=coded.decode_s - start.decode_s,
        )

    def _run(self, data: bytes, *arguments: str) -> bytes:
        command = [*self._ffmpeg, *arguments, "-"]
        return subprocess.run(command, input=data, check=True, capture_output=True).stdout

    def encode(self, frames: I16) -> list[bytes]:
        """Return the packets."""
        data = self._run(
            frames.tobytes(), *_RAW, "-i", "-", "-c:a", "g723_1", "-b:a", "6300", "-f", "g723_1"
        )
        return [data[i : i + _PACKET_BYTES] for i in range(0, len(data), _PACKET_BYTES)]

    def decode(self, packets: Sequence[bytes]) -> I16:
        """Return the samples."""
        data = self._run(b"".join(packets), "-f", "g723_1", "-i", "-", *_RAW)
        return np.frombuffer(data, dtype="<i2").astype(np.int16)


def peers() -> list[Peer]:
    """Return the codec; raise `AbsentError` without the program."""
    return [G723()]
