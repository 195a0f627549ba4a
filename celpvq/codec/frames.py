"""What a frame is, and what encoder and decoder tell of those that they had."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from .._types import F64
from .modes import Mode

SPEECH, SID, NOT_SENT, LOST, COPY = range(5)  # kinds of frames, as the kernels take them

Kind: TypeAlias = Literal["speech", "sid", "not sent", "lost", "copy"]
KINDS: tuple[Kind, ...] = ("speech", "sid", "not sent", "lost", "copy")


@dataclass(frozen=True, slots=True)
class EncodedFrame:
    """What the encoder made of its last frame."""

    kind: Kind
    mode: Mode
    active: bool | None  # whether there is speech in it; None without `dtx`
    lsf: F64  # (p,) quantized [radians]


@dataclass(frozen=True, slots=True)
class DecodedFrame:
    """What the decoder made of its last frame."""

    kind: Kind  # what the packet was; `copy` if it was lost, but for a coarse copy
    mode: Mode | None  # of the last speech
    lsf: F64  # (p,) [radians]
    lag: F64  # (N_SUBFRAMES,) [samples]
    gain: F64  # (N_SUBFRAMES, 2) of pitch and fixed codebook, linear


@dataclass(frozen=True, slots=True)
class DecoderStats:
    """How many frames of each kind a decoder was given."""

    frames: int = 0  # all of them
    speech: int = 0
    sid: int = 0  # silence descriptors
    not_sent: int = 0  # empty packets
    lost: int = 0  # concealed: `bad` ones too
    copy: int = 0  # lost, but for a coarse copy
    bad: int = 0  # packets that were none, given to `write`
