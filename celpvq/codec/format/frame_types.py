"""Frame types, and the per-frame information that encoder and decoder report."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from ..._types import F64
from .modes import Mode

SPEECH, SID, NO_DATA, BAD, REDUNDANT = range(5)  # as the kernels take them

FrameType: TypeAlias = Literal["speech", "sid", "no_data", "bad", "redundant"]
FRAME_TYPES: tuple[FrameType, ...] = ("speech", "sid", "no_data", "bad", "redundant")


@dataclass(frozen=True, slots=True)
class EncodedFrame:
    """A frame as the encoder coded it."""

    type: FrameType
    mode: Mode
    active: bool | None  # whether it holds speech; None without DTX
    lsf: F64  # (p,) quantized [radians]


@dataclass(frozen=True, slots=True)
class DecodedFrame:
    """A frame as the decoder rebuilt it."""

    type: FrameType  # "bad" if it was concealed, "redundant" if a redundant frame helped
    mode: Mode | None  # of the last speech packet
    lsf: F64  # (p,) [radians]
    lag: F64  # (N_SUBFRAMES,) [samples]
    gain: F64  # (N_SUBFRAMES, 2) of adaptive and fixed codebook, linear


@dataclass(frozen=True, slots=True)
class DecoderStats:
    """Numbers of decoded frames, by type."""

    frames: int = 0  # all of them
    speech: int = 0
    sid: int = 0
    no_data: int = 0  # empty packets
    bad: int = 0  # lost or malformed packets, concealed
    redundant: int = 0  # lost packets, concealed with a redundant frame
    malformed: int = 0  # packets that `write` could not read; they count as bad too
