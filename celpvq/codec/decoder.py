"""Packets to speech: `Decoder`, and the kernel that is its block diagram."""

import copy
from typing import Any, NamedTuple, Self

import numpy as np

from .._jit import kernel
from .._types import F32, F64, I16, I64
from ..errors import ArgumentTypeError, FormatError
from . import bitstream, filters, lsf, lsf_quantizer, modes, postfilter, restoration, synthesis
from . import tables as table_sets
from .modes import DELAY, FRAME_LEN, LPC_ORDER, N_SUBFRAMES, SAMPLERATE, SUBFRAME_LEN, Mode
from .postfilter import PostfilterSettings, PostfilterState
from .restoration import RestorationSettings, RestorationState
from .synthesis import SynthesisState
from .tables import ModeTables, TableSet


class DecoderState(NamedTuple):
    """What a frame leaves for the next one; its arrays change in place."""

    lsf_q: F64  # (p,) of the last frame
    synthesis: SynthesisState
    restoration: RestorationState
    postfilter: PostfilterState

    @classmethod
    def new(cls) -> Self:
        """Return the state of a decoder that has heard nothing."""
        return cls(lsf.flat(), SynthesisState.new(), RestorationState.new(), PostfilterState.new())


@kernel
def _round(x: F64, out: I16) -> None:
    """Round x (n,), full scale 1, to 16 bits."""
    for n in range(x.shape[0]):
        y = min(max(x[n] * 32768.0, -32768.0), 32767.0)
        out[n] = int(y + 32768.5) - 32768


@kernel
def _decode_frames(
    words: I64, tables: ModeTables, lifting: RestorationSettings, emphasis: PostfilterSettings,
    filtered: bool, state: DecoderState, out: I16,
) -> None:  # fmt: skip
    """Rebuild all frames of words (n_frames, N_WORDS) into out (n_frames * FRAME_LEN,)."""
    lsf_q, part, a = np.empty(LPC_ORDER), np.empty(LPC_ORDER), np.empty(LPC_ORDER)
    speech = np.empty(SUBFRAME_LEN)
    for f in range(words.shape[0]):
        lsf_quantizer.dequantize(words[f], tables.lsf, state.lsf_q, lsf_q)
        for s in range(N_SUBFRAMES):
            start = f * FRAME_LEN + s * SUBFRAME_LEN
            lsf.interpolate(state.lsf_q, lsf_q, s, part)
            lsf.to_lpc(part, a)
            synthesis.subframe(words[f], s, a, tables, state.synthesis)
            filters.copy(state.synthesis.speech[LPC_ORDER:], speech)
            if filtered:
                restoration.apply(state.synthesis.exc, lifting, state.restoration, speech)
                postfilter.apply(a, emphasis, state.postfilter, speech)
            _round(speech, out[start : start + SUBFRAME_LEN])
        filters.copy(lsf_q, state.lsf_q)


class Decoder:
    """Rebuild speech from packets.

    Parameters
    ----------
    postfilter : bool
        Restore the upper bands and emphasize formants. Without it, the output is what the
        encoder's search heard.
    tables : TableSet, optional
        Trained tables; those that the packets were made with.

    Notes
    -----
    One object decodes one stream, from one thread at a time. It can be copied and pickled at any
    frame. Packets tell their mode by their length. The output is the same to the bit on every
    machine; it is the encoder's input `delay_samples` late.
    """

    frame_samples = FRAME_LEN
    delay_samples = DELAY
    samplerate = SAMPLERATE

    def __init__(self, *, postfilter: bool = True, tables: TableSet | None = None) -> None:
        self.postfilter = bool(postfilter)
        self.tables = table_sets.default() if tables is None else tables
        self._state = DecoderState.new()
        self._mode: Mode | None = None

    @property
    def mode(self) -> Mode | None:
        """The mode of the last packet; None before the first one."""
        return self._mode

    @property
    def bitrate(self) -> int | None:
        """Bits per second of the last packet; None before the first one."""
        return self._mode.bitrate if self._mode else None

    @property
    def frame_bytes(self) -> int | None:
        """Length of the last packet; None before the first one."""
        return self._mode.frame_bytes if self._mode else None

    def decode_frame(self, data: bytes) -> F32:
        """Return the samples (160,) of a packet, float32 in [-1, 1).

        Raises
        ------
        FormatError
            If no mode has packets of this length; the decoder is then as it was.
        """
        data = _as_bytes(data)
        mode = modes.BY_LENGTH.get(len(data))
        if mode is None:
            lengths = ", ".join(map(str, modes.BY_LENGTH))
            raise FormatError(f"packet: expected {lengths} bytes, got {len(data)}")
        return np.asarray(self.decode_frames(data, mode) / np.float32(32768.0))

    def decode_frames(self, data: bytes, mode: int | str | Mode) -> I16:
        """Return the samples (n_frames * 160,) of packets of one mode, one after the other.

        Raises
        ------
        FormatError
            If the length is not a multiple of the mode's packet.
        """
        data = _as_bytes(data)
        mode = modes.get(mode)
        words = bitstream.unpack(mode, data)
        out = np.empty(len(words) * FRAME_LEN, dtype=np.int16)
        _decode_frames(
            words, self.tables.mode(mode), restoration.settings(mode), postfilter.SETTINGS,
            self.postfilter, self._state, out,
        )  # fmt: skip
        self._mode = mode
        return out

    def reset(self) -> None:
        """Forget all that was heard."""
        self._state = DecoderState.new()
        self._mode = None

    def copy(self) -> Self:
        """Return a decoder that goes on from here on its own."""
        return copy.deepcopy(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        twin = copy.copy(self)
        twin._state = copy.deepcopy(self._state, memo)
        return twin


def _as_bytes(data: object) -> bytes:
    if not isinstance(data, bytes | bytearray | memoryview):
        raise ArgumentTypeError(f"data: expected bytes, got {type(data).__name__}")
    return bytes(data)
