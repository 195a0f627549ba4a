"""`FrameEncoder`: frames of samples at 8 kHz to packets. The signal path is in `frame`."""

import functools

import numpy as np

from ..._types import F64, I64
from ...errors import ArgumentError
from ..common import table_set
from ..common.exclusive import Stateful
from ..common.table_set import TableSet
from ..common.tables import ModeTables
from ..format import bitstream, modes, redundancy
from ..format.frame_types import EncodedFrame, FrameType
from ..format.modes import FCB_INDICES, FRAME_LEN, GAIN_INDICES, N_INDICES, Mode
from . import dtx, frame, presets, rate_control, vad, variable_frame, variable_rate
from .frame import EncoderState
from .search_tables import SearchTables
from .variable_rate import Rate, RateLike, VariableRate

RUN_LEN = 500 * FRAME_LEN  # samples in one call of the kernel: Ctrl-C waits no longer


@functools.lru_cache(maxsize=32)
def _search_tables(tables: TableSet, mode: Mode) -> SearchTables:
    return SearchTables.derive(tables.mode(mode))


@functools.lru_cache(maxsize=8)
def _variable_tables(
    tables: TableSet,
) -> tuple[tuple[ModeTables, ...], tuple[SearchTables, ...]]:
    """Return the tables of the modes of variable rate, and what the searches derive from them."""
    return (
        tuple(tables.mode(mode) for mode in variable_rate.MODES),
        tuple(_search_tables(tables, mode) for mode in variable_rate.MODES),
    )


class EncoderCore(Stateful):
    """The settings and the state of an encoder: base of `FrameEncoder` and `celpvq.Encoder`.

    Its parameters are a part of the parameters of `celpvq.Encoder`.

    Attributes
    ----------
    state : EncoderState
        The memory of the encoder, for study and for tests. Its fields may change with any version.

    Raises
    ------
    ArgumentError
        If `mode` or `preset` has no such value.
    """

    _last: EncodedFrame | None

    def __init__(
        self, mode: RateLike = 6400, preset: str = "default", *, bitrate: int | None = None,
        highpass: bool = True, dtx: bool = False, tables: TableSet | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self._mode = variable_rate.get(mode, bitrate)
        self.preset = preset
        self.highpass = bool(highpass)
        self.dtx = bool(dtx)
        self.tables = table_set.or_default(tables)
        self._restart()

    @property
    def mode(self) -> Rate:
        """The mode of the next frame; may be set to a bit rate, or to a `VariableRate`."""
        return self._mode

    @mode.setter
    def mode(self, mode: RateLike) -> None:
        self._mode = variable_rate.get(mode)

    @property
    def preset(self) -> str:
        """The width of the search; may be set to the name of another preset."""
        return self._preset

    @preset.setter
    def preset(self, preset: str) -> None:
        presets.get(preset)  # raises
        self._preset = preset

    @property
    def bitrate(self) -> int:
        """Bit rate of the next frame, or the average of a variable rate [bit/s]."""
        return self._mode.bitrate

    @property
    def frame_bytes(self) -> int:
        """Length of the next speech packet; with variable rate the largest length."""
        variable = isinstance(self._mode, VariableRate)
        return max(modes.BY_LENGTH) if variable else self._nominal_mode.frame_bytes

    @property
    def _nominal_mode(self) -> Mode:
        """The mode, or with variable rate the mode nearest to the average."""
        return variable_rate.nominal_mode(self._mode)

    @property
    def last_frame(self) -> EncodedFrame | None:
        """A report on the last frame; None before the first one."""
        return self._last

    @property
    def redundancy(self) -> bytes:
        """The last frame as a redundant frame of 3 bytes, to travel with the next packet.

        Empty before the first frame, and in pauses.
        """
        if self._last is None or self._last.type != "speech":
            return b""
        tables, committed = self.tables.mode(self._last.mode), self.state.committed
        rows = tables.gain_layout[:, 0] + committed.indices[GAIN_INDICES:FCB_INDICES]
        rms = float(np.sqrt((committed.synthesis.exc[-FRAME_LEN:] ** 2).mean()))
        lag, gain = committed.synthesis.lag3 / 3, float(tables.gain[rows, 0].mean())
        return redundancy.pack(self._last.lsf, lag, rms, gain, tables.sid)

    def _encode(self, frames: F64) -> list[bytes]:
        """Return the packets of frames (n_frames * 160,)."""
        if self.dtx:
            return [
                self._speech_or_pause(frames[i : i + FRAME_LEN])
                for i in range(0, len(frames), FRAME_LEN)
            ]
        packets = []
        for i in range(0, len(frames), RUN_LEN):
            packets += self._speech(frames[i : i + RUN_LEN])
        return packets

    def _speech(self, frames: F64) -> list[bytes]:
        """Return the packets of frames, all coded as speech."""
        if isinstance(self._mode, VariableRate):
            return self._variable(frames, self._mode)
        size = self._mode.frame_bytes
        data = bitstream.pack(self._mode, self._search(frames, self._mode))
        return [data[k : k + size] for k in range(0, len(data), size)]

    def _speech_or_pause(self, x: F64) -> bytes:
        """Return the packet of a frame x (160,) with DTX: speech, SID or NO_DATA."""
        n_quiet = vad.update(x, self.state.vad)
        if n_quiet <= vad.HANGOVER:
            [packet] = self._speech(x)
            dtx.remember(self.state.analysis, self.state.dtx)
            self._report("speech", n_quiet == 0, modes.BY_LENGTH[len(packet)])
            return packet
        indices = np.zeros(2, dtype=np.int64)
        book = self.tables.mode(self._nominal_mode).sid
        is_sid = frame.encode_silence(x, self.highpass, n_quiet, book, self.state, indices)
        self._report("sid" if is_sid else "no_data", False, self._nominal_mode)
        packet = bitstream.pack_sid(indices) if is_sid else b""
        if isinstance(self._mode, VariableRate):
            rate_control.count(8 * len(packet), self.state.rate)
        return packet

    def _search(self, frames: F64, mode: Mode) -> I64:
        """Return the indices (n_frames, N_INDICES) of frames, all coded as speech."""
        indices = np.zeros((len(frames) // FRAME_LEN, N_INDICES), dtype=np.int64)
        tables, derived = self.tables.mode(mode), _search_tables(self.tables, mode)
        preset = presets.get(self._preset, mode.bitrate)
        frame.encode_frames(frames, self.highpass, preset, tables, derived, self.state, indices)
        if len(indices):
            self._report("speech", None, mode)
        return indices

    def _variable(self, frames: F64, rate: VariableRate) -> list[bytes]:
        """Return the packets of frames, all coded as speech, at variable rate."""
        n = len(frames) // FRAME_LEN
        indices, chosen = np.zeros((n, N_INDICES), dtype=np.int64), np.zeros(n, dtype=np.int64)
        settings = variable_rate.settings(rate, self._preset)
        variable_frame.encode_frames(
            frames, self.highpass, settings, *_variable_tables(self.tables), self.state, indices,
            chosen,
        )  # fmt: skip
        packets = [b""] * n
        for row, mode in enumerate(variable_rate.MODES):
            places = np.flatnonzero(chosen == row)
            data, size = bitstream.pack(mode, indices[places]), mode.frame_bytes
            for k, place in enumerate(places):
                packets[place] = data[k * size : (k + 1) * size]
        if n:
            self._report("speech", None, variable_rate.MODES[chosen[-1]])
        return packets

    def _report(self, frame_type: FrameType, active: bool | None, mode: Mode) -> None:
        self._last = EncodedFrame(frame_type, mode, active, self.state.lsf_q.copy())

    def reset(self) -> None:
        """Start a new stream."""
        with self._access:
            self._restart()

    def _restart(self) -> None:
        self.state = EncoderState.new()
        self._last = None


class FrameEncoder(EncoderCore):
    """Code whole frames at 8 kHz; nothing checks the samples."""

    def encode(self, frames: F64) -> list[bytes]:
        """Return the packets of frames (n_frames * 160,), samples in [-1, 1]."""
        with self._access:
            return self._encode(frames)

    def indices(self, frames: F64) -> I64:
        """Return the indices (n_frames, N_INDICES) of frames (n_frames * 160,), all as speech.

        Raises
        ------
        ArgumentError
            If the rate is variable.
        """
        if isinstance(self._mode, VariableRate):
            raise ArgumentError(f"mode: expected a fixed rate, got {self._mode}")
        with self._access:
            return self._search(frames, self._mode)
