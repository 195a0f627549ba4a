"""The base of the wrappers: a codec at one setting, and the search for its library."""

import ctypes
import ctypes.util
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import ClassVar, TypeVar

import numpy as np
from numpy.typing import NDArray

from celpvq._types import I16
from celpvq.codec.format.modes import FRAME_LEN, SAMPLERATE
from celpvq.lab.contenders import Coded

Bytes = NDArray[np.uint8]
P = TypeVar("P")


class AbsentError(Exception):
    """A library or a program is not installed; the message names it."""


class Peer(ABC):
    """A codec at one setting.

    Attributes
    ----------
    name : str
        Name in tables, rate included; also the name of its folder.
    kbps : float or None
        Rate of the setting [kbit/s]; None if the rate varies.
    frame_len : int
        Samples per frame at 8 kHz.
    delay : int
        Delay of the decoder's output [samples], found by `alignment.lag`.
    waveform : bool
        Whether decoded speech follows the waveform; otherwise only its envelope can be aligned.
    """

    name: str
    kbps: float | None
    frame_len: ClassVar[int] = FRAME_LEN
    delay: ClassVar[int]
    waveform: ClassVar[bool] = True

    @abstractmethod
    def encode(self, frames: I16) -> Sequence[bytes]:
        """Return the packets of frames (n_frames, frame_len), from a fresh encoder."""

    @abstractmethod
    def decode(self, packets: Sequence[bytes]) -> I16:
        """Return the samples (n_frames * frame_len,) of packets, from a fresh decoder."""

    def code(self, samples: I16) -> Coded:
        """Encode and decode a clip (n,), followed by the zeros that bring out its last sample."""
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
        """Return the processor time of this thread [s]."""
        return time.thread_time()


def encode_each(frames: I16, packet: Bytes, call: Callable[[int], int | None]) -> list[bytes]:
    """Return the packets of frames (n_frames, frame_len).

    call(address of a frame) fills `packet` and returns its length; None stands for all of it.
    """
    packets = []
    for i in range(len(frames)):
        length = call(frames.ctypes.data + i * frames.strides[0])
        packets.append(packet[:length].tobytes())
    return packets


def decode_each(
    packets: Sequence[P], frame_len: int, call: Callable[[P, int], object]
) -> I16:  # fmt: skip
    """Return the samples of packets; call(packet, address) writes those of one."""
    out = np.empty((len(packets), frame_len), dtype=np.int16)
    for i, packet in enumerate(packets):
        call(packet, out.ctypes.data + i * out.strides[0])
    return out.reshape(-1)


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
