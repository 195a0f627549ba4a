"""What the wrappers share: a codec, what it makes of a clip, and how its library is found."""

import ctypes
import ctypes.util
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

SAMPLERATE = 8000  # Hz

I16 = NDArray[np.int16]


class AbsentError(Exception):
    """A library or a program is not installed; the message names it."""


@dataclass(frozen=True, slots=True)
class Coded:
    """A clip after a codec."""

    samples: I16  # (n,) as long as the clip, aligned with it
    kbps: float  # what it took [kbit/s]
    encode_s: float  # processor time [s]
    decode_s: float


class Peer(ABC):
    """A codec at one setting.

    Attributes
    ----------
    name : str
        What tables call it, rate included; also the name of its folder.
    kbps : float or None
        Rate of the setting [kbit/s]; None if only the packets tell.
    frame_len : int
        Samples per frame at 8 kHz.
    delay : int
        Samples by which the decoder's output is late, found by `alignment.lag`.
    waveform : bool
        Whether what is decoded follows the waveform; otherwise only its envelope can be aligned.
    """

    name: str
    kbps: float | None
    frame_len: ClassVar[int] = 160
    delay: ClassVar[int]
    waveform: ClassVar[bool] = True

    @abstractmethod
    def encode(self, frames: I16) -> Sequence[bytes]:
        """Return the packets of frames (n_frames, frame_len), from a fresh encoder."""

    @abstractmethod
    def decode(self, packets: Sequence[bytes]) -> I16:
        """Return the samples (n_frames * frame_len,) of packets, from a fresh decoder."""

    def code(self, samples: I16) -> Coded:
        """Encode and decode a clip (n,); zeros follow it until its last sample has come out."""
        n_frames = -(-(samples.size + self.delay) // self.frame_len)
        frames = np.zeros((n_frames, self.frame_len), dtype=np.int16)
        frames.reshape(-1)[: samples.size] = samples
        start = self.clock()
        packets = self.encode(frames)
        middle = self.clock()
        decoded = self.decode(packets)
        end = self.clock()
        if decoded.size != frames.size:
            raise RuntimeError(f"{self.name}: expected {frames.size} samples, got {decoded.size}")
        taken = sum(map(len, packets)) * 8e-3 / (frames.size / SAMPLERATE)
        return Coded(
            decoded[self.delay : self.delay + samples.size],
            taken if self.kbps is None else self.kbps,
            middle - start,
            end - middle,
        )

    @staticmethod
    def clock() -> float:
        """Return the processor time that counts [s]: that of this thread."""
        return time.thread_time()


def load(name: str, package: str) -> ctypes.CDLL:
    """Return the library `name`; raise `AbsentError` that names Debian's `package` for it."""
    path = ctypes.util.find_library(name)
    if path is None:
        raise AbsentError(f"lib{name} (Debian: {package})")
    return ctypes.CDLL(path)


def declare(library: ctypes.CDLL, name: str, result: object, *arguments: object) -> None:
    """Give a function of a library its types."""
    function = getattr(library, name)
    function.restype, function.argtypes = result, arguments
