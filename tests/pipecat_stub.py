"""The parts of pipecat 1.14 that a serializer needs: the same names, arguments and results.

`test_pipecat_serializer.py` compares it with pipecat where that is installed.
"""

import sys
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import numpy as np


@dataclass
class Frame:
    pass


@dataclass
class AudioRawFrame:
    audio: bytes
    sample_rate: int
    num_channels: int
    num_frames: int = field(default=0, init=False)

    def __post_init__(self):
        self.num_frames = int(len(self.audio) / (self.num_channels * 2))


@dataclass
class InputAudioRawFrame(Frame, AudioRawFrame):
    pass


@dataclass
class OutputAudioRawFrame(Frame, AudioRawFrame):
    pass


@dataclass
class EndFrame(Frame):
    pass


@dataclass
class CancelFrame(Frame):
    pass


@dataclass
class InterruptionFrame(Frame):
    pass


@dataclass
class TextFrame(Frame):
    text: str


@dataclass
class OutputTransportMessageFrame(Frame):
    message: Any


@dataclass
class OutputTransportMessageUrgentFrame(Frame):
    message: Any


@dataclass
class FrameProcessorSetup:
    clock: Any
    task_manager: Any
    pipeline_worker: Any
    audio_in_sample_rate: int = 16000
    audio_out_sample_rate: int = 24000


class FrameSerializer(ABC):
    @dataclass
    class InputParams:
        ignore_rtvi_messages: bool = True
        resampler_clear_after_secs: float | None = 0.2

    def __init__(self, params=None, **kwargs):
        self._params = params or FrameSerializer.InputParams()

    def should_ignore_frame(self, frame):
        return (
            self._params.ignore_rtvi_messages
            and isinstance(frame, OutputTransportMessageFrame | OutputTransportMessageUrgentFrame)
            and frame.message.get("label") == "rtvi-ai"
        )

    async def setup(self, setup):
        self._setup = setup

    @abstractmethod
    async def serialize(self, frame):
        pass

    @abstractmethod
    async def deserialize(self, data):
        pass


class _Resampler:
    """Linear interpolation; it holds one sample back, as every resampler holds some."""

    def __init__(self, clear_after_secs=0.2):
        self._clear_after_secs = clear_after_secs
        self._x, self._n_in, self._n_out, self._rates = np.zeros(0), 0, 0, None

    async def resample(self, audio, in_rate, out_rate):
        if in_rate == out_rate:
            return audio
        self._rates = (in_rate, out_rate)
        self._x = np.concatenate([self._x, np.frombuffer(audio, "<i2")])
        return self._up_to(max(len(self._x) - 1, 0) * out_rate // in_rate)

    async def flush(self):
        if self._rates is None:
            return b""
        in_rate, out_rate = self._rates
        tail = self._up_to(round(len(self._x) * out_rate / in_rate))
        await self.reset()
        return tail

    async def reset(self):
        self._x, self._n_out = np.zeros(0), 0

    def _up_to(self, end):
        in_rate, out_rate = self._rates
        at = np.arange(self._n_out, end) * in_rate / out_rate
        self._n_out = end
        return np.interp(at, np.arange(len(self._x)), self._x).astype("<i2").tobytes()


def create_stream_resampler(**kwargs):
    return _Resampler(**kwargs)


CONTENT = {
    "pipecat.audio.utils": [create_stream_resampler],
    "pipecat.frames.frames": [
        AudioRawFrame, CancelFrame, EndFrame, Frame, InputAudioRawFrame, InterruptionFrame,
        OutputAudioRawFrame, OutputTransportMessageFrame, OutputTransportMessageUrgentFrame,
        TextFrame,
    ],
    "pipecat.processors.frame_processor": [FrameProcessorSetup],
    "pipecat.serializers.base_serializer": [FrameSerializer],
}  # fmt: skip


def install(monkeypatch):
    """Let the stub be imported as pipecat, until the end of the test."""
    for name in [name for name in sys.modules if name.split(".")[0] == "pipecat"]:
        monkeypatch.delitem(sys.modules, name)
    for path, objects in CONTENT.items():
        names = path.split(".")
        for end in range(1, len(names) + 1):
            name = ".".join(names[:end])
            if name not in sys.modules:
                monkeypatch.setitem(sys.modules, name, ModuleType(name))
        for thing in objects:
            setattr(sys.modules[path], thing.__name__, thing)
