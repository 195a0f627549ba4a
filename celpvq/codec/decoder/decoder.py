"""`FrameDecoder`: packets to frames of samples at 8 kHz. The signal path is in `frame`."""

import numpy as np

from ..._types import I16, I64
from ...errors import ArgumentTypeError, FormatError
from ..common import table_set
from ..common.exclusive import Stateful
from ..common.table_set import TableSet
from ..format import bitstream, modes, redundancy
from ..format.frame_types import (
    BAD,
    FRAME_TYPES,
    NO_DATA,
    REDUNDANT,
    SID,
    SPEECH,
    DecodedFrame,
    DecoderStats,
)
from ..format.modes import FRAME_LEN, N_INDICES, PACKET_LENGTHS, SID_BYTES, Mode
from . import concealment, frame
from .frame import DecoderState


class DecoderCore(Stateful):
    """The settings and the state of a decoder: base of `FrameDecoder` and `celpvq.Decoder`.

    Its parameters are a part of the parameters of `celpvq.Decoder`.

    Attributes
    ----------
    state : DecoderState
        The memory of the decoder, for study and for tests. Its fields may change with any version.
    """

    _mode: Mode | None
    _last_type: int | None
    _counts: dict[str, int]  # fields of `stats`

    def __init__(self, *, enhancement: bool = True, tables: TableSet | None = None) -> None:
        super().__init__()
        self.enhancement = bool(enhancement)
        self.tables = table_set.or_default(tables)
        self._counts = {}
        self._restart()

    @property
    def mode(self) -> Mode | None:
        """The mode of the last speech packet; None before the first one."""
        return self._mode

    @property
    def bitrate(self) -> int | None:
        """Bit rate of the last speech packet [bit/s]; None before the first one."""
        return self._mode.bitrate if self._mode else None

    @property
    def frame_bytes(self) -> int | None:
        """Length of the last speech packet; None before the first one."""
        return self._mode.frame_bytes if self._mode else None

    @property
    def stats(self) -> DecoderStats:
        """Numbers of frames by type since the last `reset`."""
        return DecoderStats(**self._counts)

    @property
    def last_frame(self) -> DecodedFrame | None:
        """A report on the last frame; None before the first one."""
        if self._last_type is None:
            return None
        state = self.state
        arrays = (state.lsf_q.copy(), state.lag.copy(), state.gain.copy())
        return DecodedFrame(FRAME_TYPES[self._last_type], self._mode, *arrays)

    def _decode(
        self, packet: bytes | None, next_packet: bytes | None = None,
        redundant: bytes | None = None,
    ) -> I16:  # fmt: skip
        """Return the samples (160,) of a packet; the parameters are those of `decode_frame`."""
        indices = np.zeros((1, N_INDICES), dtype=np.int64)
        if packet is None:
            if redundant:  # first, since it may be malformed, and then nothing changes
                fields = redundancy.unpack(as_bytes(redundant))
                indices[0, : len(fields)] = fields
            if next_packet:
                self._look_ahead(as_bytes(next_packet))
            return self._synthesize(REDUNDANT if redundant else BAD, indices)
        packet = as_bytes(packet)
        if not packet:
            return self._synthesize(NO_DATA, indices)
        if len(packet) == SID_BYTES:
            fields = bitstream.unpack_sid(packet)
            indices[0, : len(fields)] = fields
            return self._synthesize(SID, indices)
        mode = modes.BY_LENGTH.get(len(packet))
        if mode is None:
            lengths = ", ".join(map(str, PACKET_LENGTHS))
            raise FormatError(f"packet: expected {lengths} bytes, got {len(packet)}")
        return self._decode_indices(bitstream.unpack(mode, packet), mode)

    def _decode_indices(self, indices: I64, mode: Mode) -> I16:
        """Return the samples (n_frames * 160,) of speech frames of one mode."""
        self._mode = mode
        return self._synthesize(SPEECH, indices)

    def _look_ahead(self, packet: bytes) -> None:
        """Prepare the concealment of a lost frame by the packet after it."""
        mode = modes.BY_LENGTH.get(len(packet))
        state = self.state
        if mode is not None and not state.noise.on:
            concealment.look_ahead(
                bitstream.unpack(mode, packet)[0], self.tables.mode(mode), state.lsf_q,
                state.synthesis.lag3, state.concealment,
            )  # fmt: skip

    def _synthesize(self, frame_type: int, indices: I64) -> I16:
        """Return the samples of frames of one type; indices (n_frames, N_INDICES)."""
        mode = self._mode or modes.modes()[0]  # before any speech, none of its tables matters
        out = np.empty(len(indices) * FRAME_LEN, dtype=np.int16)
        frame.decode_frames(
            frame_type, indices, float(mode.bitrate), self.tables.mode(mode),
            self.tables.enhancement, self.enhancement, self.state, out,
        )  # fmt: skip
        if len(indices):
            self._last_type = frame_type
            self._count(len(indices), "frames", FRAME_TYPES[frame_type])
        return out

    def _count(self, n: int, *names: str) -> None:
        """Add n to fields of `stats`; copies share the counts, which never change in place."""
        self._counts = self._counts | {name: self._counts.get(name, 0) + n for name in names}

    def reset(self) -> None:
        """Start a new stream, and count from zero."""
        with self._access:
            self._counts = {}
            self._restart()

    def _restart(self) -> None:
        self.state = DecoderState.new()
        self._mode = None
        self._last_type = None


class FrameDecoder(DecoderCore):
    """Decode packets one by one, or runs of one mode."""

    def decode(
        self, packet: bytes | None, *, next_packet: bytes | None = None,
        redundancy: bytes | None = None,
    ) -> I16:  # fmt: skip
        """Return the samples (160,) of a packet; the parameters are those of `decode_frame`."""
        with self._access:
            return self._decode(packet, next_packet, redundancy)

    def decode_run(self, packets: bytes, mode: int | str | Mode) -> I16:
        """Return the samples (n_frames * 160,) of speech packets of one mode, concatenated.

        Raises
        ------
        FormatError
            If the length is not a multiple of the mode's packet.
        """
        mode = modes.get(mode)
        return self.decode_indices(bitstream.unpack(mode, as_bytes(packets)), mode)

    def decode_indices(self, indices: I64, mode: Mode) -> I16:
        """Return the samples (n_frames * 160,) of indices (n_frames, N_INDICES) of one mode."""
        with self._access:
            return self._decode_indices(indices, mode)


def as_bytes(data: object) -> bytes:
    """Return a packet as bytes; raise `ArgumentTypeError` for anything but bytes."""
    if not isinstance(data, bytes | bytearray | memoryview):
        raise ArgumentTypeError(f"packet: expected bytes, got {type(data).__name__}")
    return bytes(data)
