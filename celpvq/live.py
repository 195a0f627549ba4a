"""The loop of ``celpvq live``: sound through encoder, channel and decoder, frame by frame."""

import itertools
import time
from collections import deque
from collections.abc import Iterator

import numpy as np

from ._types import F32
from .channel import draw_losses
from .codec.format.modes import DELAY, FRAME_LEN, SAMPLERATE
from .stream import Decoder, Encoder

CODEC_MS = 1000 * (FRAME_LEN + DELAY) / SAMPLERATE  # a frame and the look-ahead
_FRAMES = SAMPLERATE // FRAME_LEN  # in a second, the time that meters look back
_SILENT_DB = -99.0


def losses(rate: float, burst: float | None, seed: int) -> Iterator[bool]:
    """Yield without end whether the next frame is lost; see `celpvq.channel`."""
    for part in itertools.count(seed):
        yield from draw_losses(100 * _FRAMES, rate, burst, part).tolist()


class Loop:
    """Encode, lose, and decode a frame (160,) per call.

    Parameters
    ----------
    encoder, decoder : Encoder, Decoder
        New, or reset.
    lost : iterator of bool
        For each packet, whether it is lost.

    Attributes
    ----------
    n_frames, n_lost : int
        Frames so far, and lost packets among them.
    """

    def __init__(self, encoder: Encoder, decoder: Decoder, lost: Iterator[bool]) -> None:
        self._encoder, self._decoder, self._lost = encoder, decoder, lost
        self.n_frames = self.n_lost = 0
        self._bytes = deque[int](maxlen=_FRAMES)
        self._power = deque[float](maxlen=_FRAMES // 4)
        self._busy_s = deque[float](maxlen=_FRAMES)

    def __call__(self, frame: F32) -> F32:
        """Return the decoded frame (160,) for a frame from the microphone."""
        start = time.perf_counter()
        packet = self._encoder.encode_frame(np.clip(frame, -1, 1))
        lost = next(self._lost) and packet != b""
        decoded = self._decoder.decode_frame(None if lost else packet)
        self.n_frames += 1
        self.n_lost += lost
        self._bytes.append(len(packet))
        self._power.append(float(np.mean(np.square(frame, dtype=np.float64))))
        self._busy_s.append(time.perf_counter() - start)
        return decoded

    @property
    def level_db(self) -> float:
        """Level of the input over the last quarter of a second [dB of full scale]."""
        power = sum(self._power) / max(len(self._power), 1)
        return max(10 * float(np.log10(power + 1e-30)), _SILENT_DB)

    @property
    def kbps(self) -> float:
        """Rate of the packets over the last second [kbit/s]."""
        return 8e-3 * sum(self._bytes) * _FRAMES / max(len(self._bytes), 1)

    @property
    def busy_ms(self) -> float:
        """Longest processing time of a frame in the last second [ms]; real time allows 20."""
        return 1000 * max(self._busy_s, default=0.0)

    def line(self, latency_s: float) -> str:
        """Return the meters on one line; the devices add `latency_s` to the delay [s]."""
        lost = 100 * self.n_lost / max(self.n_frames, 1)
        return (
            f"level {self.level_db:5.1f} dB | {self.kbps:4.2f} kbit/s | {lost:4.1f} % lost |"
            f" delay {CODEC_MS + 1000 * latency_s:3.0f} ms, codec {CODEC_MS:.0f} |"
            f" {self.busy_ms:4.1f} ms a frame"
        )
